import { describe, expect, it } from 'vitest';
import {
  BackendPolicy,
  type BackendPolicyOptions,
} from '../../../../src/lib/proxy/reverse/backend-policy.js';
import { type BackendUrl, BackendUrls } from '../../../../src/lib/proxy/reverse/backend-url.js';
import { defaultProxyLimits } from '../../../../src/lib/proxy/limits/proxy-limits.js';

/** On another machine than the proxy, whose addresses are 10.0.0.1 and fd00::1 here. */
const KITE = '203.0.113.7:50412';

function targets(
  options: Partial<BackendPolicyOptions> & { readonly names?: Record<string, string[]> } = {},
) {
  const { names = {}, ...policy } = options;
  return new BackendUrls({
    limits: defaultProxyLimits,
    policy: new BackendPolicy({ localKites: false, ownAddresses: () => ['10.0.0.1', 'fd00::1'], ...policy }),
    ownPort: () => 3999,
    resolve: (host) =>
      names[host] ? Promise.resolve(names[host]) : Promise.reject(new Error('getaddrinfo ENOTFOUND')),
  });
}

const refused = { type: 'argumentError', code: 'targetRefused' };

describe('the target of a kite behind the reverse proxy', () => {
  it.each<[string, Partial<BackendUrl>]>([
    ['http://203.0.113.7:3636/kite', { address: '203.0.113.7', port: 3636, path: '/kite', secure: false }],
    ['ws://203.0.113.7/kite/', { port: 80, path: '/kite', secure: false }],
    ['https://203.0.113.7', { port: 443, path: '', secure: true }],
    ['wss://203.0.113.7:1/a/../b//', { port: 1, path: '/b', secure: true }],
    ['http://3405803783/x', { address: '203.0.113.7', path: '/x' }],
    ['http://[::ffff:203.0.113.7]:3636/', { address: '203.0.113.7' }],
  ])('a target is accepted for a kite that connects from its address: %s', async (url, target) => {
    expect(await targets().of(url, KITE)).toMatchObject(target);
  });

  it.each([
    'http://203.0.113.8/kite',
    'http://127.0.0.1:3636/kite',
    'http://127.1.2.3/',
    'http://0177.0.0.1/',
    'http://2130706433/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::127.0.0.1]/',
    'http://0.0.0.0/',
    'http://[::]/',
    'http://169.254.169.254/latest/meta-data',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://[64:ff9b::7f00:1]/',
    'http://100.100.100.200/',
    'http://10.0.0.1:22/',
    'http://10.0.0.2/',
    'http://192.168.1.1/',
    'http://[fd00::1]/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
  ])('a target is rejected at the address of another machine: %s', async (url) => {
    await expect(targets().of(url, KITE)).rejects.toMatchObject(refused);
  });

  it.each(['169.254.1.2:5', '[fe80::1]:5', '10.0.0.1:5', '127.0.0.1:5', '[::1]:5', 'unknown'])(
    'a target is rejected if the kite connects from the special or local address %s',
    async (from) => {
      const host = from === 'unknown' ? '127.0.0.1' : from.replace(/:5$/, '');
      await expect(targets().of(`http://${host}:80/`, from)).rejects.toMatchObject(refused);
    },
  );

  it('a target on loopback is accepted only for kites on loopback, if it is enabled', async () => {
    const local = targets({ localKites: true });
    for (const url of ['http://127.0.0.1:1/', 'http://[::1]:1/', 'http://10.0.0.1:1/', 'http://[fd00::1]/']) {
      for (const from of ['127.0.0.1:9', '[::1]:9', '[::ffff:10.0.0.1]:9'])
        expect(await local.of(url, from)).toMatchObject({ path: '' });
      await expect(local.of(url, KITE)).rejects.toMatchObject(refused);
    }
    await expect(local.of('http://169.254.169.254/', '127.0.0.1:9')).rejects.toMatchObject(refused);
    await expect(local.of('http://0.0.0.0/', '127.0.0.1:9')).rejects.toMatchObject(refused);
  });

  it('a target is accepted at any address or network in the allow-list', async () => {
    const some = targets({ allow: ['10.1.0.0/16', '169.254.7.7', '2001:db8::/32', '127.0.0.1'] });
    for (const host of ['10.1.2.3', '169.254.7.7', '[2001:db8::5]', '127.0.0.1', '[::ffff:10.1.9.9]'])
      expect(await some.of(`http://${host}/`, KITE)).toMatchObject({ port: 80 });
    for (const host of ['10.2.0.1', '169.254.7.8', '[2001:db9::5]', '127.0.0.2'])
      await expect(some.of(`http://${host}/`, KITE)).rejects.toMatchObject(refused);
  });

  it('a target is accepted at a host in the allow-list, unless it resolves to loopback or a special address', async () => {
    const names = {
      'kite.example.com': ['10.9.9.9'],
      'trap.example.com': ['127.0.0.1'],
      'cloud.example.com': ['169.254.169.254'],
      localhost: ['::1', '127.0.0.1'],
    };
    const some = targets({ names, allow: Object.keys(names) });
    expect(await some.of('https://Kite.Example.COM./x', KITE)).toMatchObject({
      host: 'kite.example.com',
      address: '10.9.9.9',
    });
    expect(await some.of('http://localhost/', KITE)).toMatchObject({ address: '::1' });
    for (const host of ['trap.example.com', 'cloud.example.com', 'other.example.com'])
      await expect(some.of(`http://${host}/`, KITE)).rejects.toMatchObject(refused);
  });

  it('a target uses the address of its name that was checked, of several an allowed one', async () => {
    const names = { 'home.example.com': ['127.0.0.1', '::ffff:203.0.113.7'] };
    const target = await targets({ names }).of('http://home.example.com:8080/kite', KITE);
    expect(target).toMatchObject({ address: '203.0.113.7', host: 'home.example.com', port: 8080 });
  });

  it('a target gets the same error for names that do not exist and those that are not allowed', async () => {
    const names = { 'one.internal': ['10.3.3.3'] };
    const message = (host: string): Promise<unknown> =>
      targets({ names })
        .of(`http://${host}/`, KITE)
        .catch((error: unknown) => String(error).replace(host, 'HOST'));
    expect(await message('one.internal')).toBe(await message('two.internal'));
    expect(await message('one.internal')).not.toContain('10.3.3.3');
  });

  it.each([
    undefined,
    '',
    7,
    'no url',
    'ftp://203.0.113.7/',
    'file:///etc/passwd',
    'http://user:secret@203.0.113.7/',
    'http://203.0.113.7/?a=1',
    'http://203.0.113.7/#a',
    'http://203.0.113.7:0/',
    'http://203.0.113.7/a%2f..%2fb',
    `http://203.0.113.7/${'a'.repeat(2048)}`,
  ])('a target is rejected as malformed: %s', async (url) => {
    await expect(targets().of(url, KITE)).rejects.toMatchObject({ type: 'argumentError', code: 'badUrl' });
  });

  it('a target is rejected at the address of the proxy itself', async () => {
    const local = targets({ localKites: true });
    await expect(local.of('http://127.0.0.1:3999/proxy/x', '127.0.0.1:9')).rejects.toThrow('of this proxy');
  });

  it('a target is rejected above the limit of concurrent lookups', async () => {
    const answers: (() => void)[] = [];
    const policy = new BackendPolicy({ localKites: false });
    const resolve = (): Promise<string[]> =>
      new Promise((done) => answers.push(() => done([KITE.slice(0, -6)])));
    const many = new BackendUrls({ policy, limits: { lookups: 3 }, ownPort: () => undefined, resolve });
    const waiting = Array.from({ length: 3 }, () => many.of('http://slow.example.com/', KITE));
    await expect(many.of('http://slow.example.com/', KITE)).rejects.toMatchObject({ code: 'busy' });
    for (const answer of answers) answer();
    expect(await Promise.all(waiting)).toHaveLength(3);
  });

  it.each(['10.0.0.0/33', '10.0.0.0/x', '1.2.3', 'host:80', 'http://host', '*', '', '-a.com'])(
    'the allow-list rejects "%s", which is neither a network nor a host name',
    (entry) => {
      expect(() => new BackendPolicy({ allow: [entry], localKites: false })).toThrow('The allowed target');
    },
  );
});
