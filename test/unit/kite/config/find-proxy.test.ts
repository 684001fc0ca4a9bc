import { describe, expect, it } from 'vitest';
import { proxyFinder } from '../../../../src/lib/kite/config/find-proxy.js';
import { kiteSettings } from '../../../../src/lib/kite/config/kite-settings.js';
import type { Environment } from '../../../../src/lib/kite/config/resolve-setting.js';
import { describeProxy, noProxy } from '../../../../src/lib/transport/handshake/forward-proxy.js';

function found(url: string, env: Environment): string | undefined {
  const proxy = proxyFinder(env)(new URL(url));
  return proxy && describeProxy(proxy).replace('the proxy ', '');
}

const ALL = {
  https_proxy: 'http://one:1',
  HTTPS_PROXY: 'http://two:2',
  http_proxy: 'http://three:3',
  HTTP_PROXY: 'http://four:4',
  all_proxy: 'http://five:5',
  ALL_PROXY: 'http://six:6',
};

/** Returns the variables without the first ones. */
function without(...names: readonly string[]): Environment {
  return Object.fromEntries(Object.entries(ALL).filter(([name]) => !names.includes(name)));
}

describe('the proxy of a URL', () => {
  it.each<[string, Environment, string | undefined]>([
    ['https://kite.test/kite', ALL, 'http://one:1 (https_proxy)'],
    ['wss://kite.test/kite', ALL, 'http://one:1 (https_proxy)'],
    ['http://kite.test/kite', ALL, 'http://three:3 (http_proxy)'],
    ['ws://kite.test/kite', ALL, 'http://three:3 (http_proxy)'],
    ['https://kite.test/kite', without('https_proxy'), 'http://two:2 (HTTPS_PROXY)'],
    ['ws://kite.test/kite', without('http_proxy'), 'http://four:4 (HTTP_PROXY)'],
    ['https://kite.test/kite', without('https_proxy', 'HTTPS_PROXY'), 'http://five:5 (all_proxy)'],
    ['http://kite.test/kite', { ALL_PROXY: 'http://six:6' }, 'http://six:6 (ALL_PROXY)'],
    ['https://kite.test/kite', { HTTP_PROXY: 'http://four:4' }, undefined],
    ['http://kite.test/kite', { HTTPS_PROXY: 'http://two:2' }, undefined],
    ['https://kite.test/kite', { ...ALL, https_proxy: '' }, 'http://two:2 (HTTPS_PROXY)'],
    ['https://kite.test/kite', { ...ALL, https_proxy: ' ' }, 'http://two:2 (HTTPS_PROXY)'],
    ['https://kite.test/kite', { ALL_PROXY: 'proxy.test:3128' }, 'http://proxy.test:3128 (ALL_PROXY)'],
    ['https://kite.test/kite', { ALL_PROXY: 'bob:pw@proxy.test' }, 'http://proxy.test (ALL_PROXY)'],
    ['https://kite.test/kite', { ALL_PROXY: 'socks5h://bob:pw@p.test:9' }, 'socks5h://p.test:9 (ALL_PROXY)'],
    ['https://kite.test/kite', { ...ALL, NO_PROXY: 'kite.test' }, undefined],
    ['https://kite.test/kite', { ...ALL, no_proxy: 'kite.test', NO_PROXY: 'other.test' }, undefined],
    [
      'https://kite.test/kite',
      { ...ALL, no_proxy: 'other.test', NO_PROXY: '*' },
      'http://one:1 (https_proxy)',
    ],
    ['https://kite.test/kite', { ...ALL, NO_PROXY: 'kite.test:443' }, undefined],
    ['wss://kite.test:3636/kite', { ...ALL, NO_PROXY: 'kite.test:443' }, 'http://one:1 (https_proxy)'],
  ])('the proxy of %s with %o is %s', (url, env, proxy) => {
    expect(found(url, env)).toBe(proxy);
  });

  it.each([
    'localhost',
    'kite.localhost',
    'LOCALHOST',
    '127.0.0.1',
    '127.8.8.8',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '127.1',
    '0x7f.1',
    '2130706433',
    '127.0.0.1.',
    'localhost.',
    '0.0.0.0',
    '0',
    '[::]',
  ])('a connection to %s never uses a proxy', (host) => {
    for (const scheme of ['http', 'https', 'ws', 'wss'])
      expect(found(`${scheme}://${host}:3636/kite`, ALL)).toBeUndefined();
  });

  it('a program without variables of proxies shares a function that finds none', () => {
    expect(proxyFinder({})).toBe(noProxy);
    expect(proxyFinder({ NO_PROXY: '*', HTTPS_PROXY: '' })).toBe(noProxy);
  });

  it.each([
    'ftp://bob:secret@proxy.test',
    'http://bob:secret@',
    'socks6://bob:secret@proxy.test',
    'http://bob:secret@proxy.test:99999',
    'http://bob:secret@proxy .test',
    'http://bob:secret@a.test,http://b.test',
    'http://bob:se/secret@proxy.test',
    'http://bob:a,secret@proxy.test',
    'http://bob:secret@proxy\u0000',
  ])(
    'the value %j of HTTPS_PROXY is an error of the connections that need it, without its password',
    (value) => {
      const findProxy = proxyFinder({ HTTPS_PROXY: value, HTTP_PROXY: 'http://four:4' });
      expect(() => findProxy(new URL('https://kite.test/kite'))).toThrow(
        expect.objectContaining({
          code: 'proxy',
          message: expect.stringMatching(
            /^Cannot connect to https:\/\/kite\.test\/kite: the environment variable HTTPS_PROXY has a value that is not accepted; it must be the URL of a proxy/,
          ) as string,
          hint: 'Correct HTTPS_PROXY, or unset it.',
        }),
      );
      let message = '';
      try {
        findProxy(new URL('https://kite.test/kite'));
      } catch (error) {
        message = String(error);
      }
      expect(message).not.toContain('secret');
      expect(findProxy(new URL('http://kite.test/kite'))?.variable).toBe('HTTP_PROXY');
      expect(findProxy(new URL('https://localhost/kite'))).toBeUndefined();
    },
  );
});

it('a proxy is shown without its credentials, whatever characters they contain', () => {
  const { accept } = kiteSettings.httpsProxy;
  for (const value of [
    'http://bob:p@secret@proxy.test:3128',
    'bob:secret@proxy.test:3128',
    'http://secret@proxy.test:3128',
  ]) {
    const url = accept.parse(value);
    expect(url && accept.show?.(url)).toBe('http://…@proxy.test:3128');
  }
});
