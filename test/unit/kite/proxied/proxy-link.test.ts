import { describe, expect, it, onTestFinished } from 'vitest';
import type { Dialer } from '../../../../src/lib/kite/call/client.js';
import {
  registerWithProxy,
  type ProxyCandidate,
  type ProxiedAddress,
  ProxyLink,
} from '../../../../src/lib/kite/proxied/proxy-link.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { makeCore, memoryDialer, settled } from '../../../helpers/kite/cores.js';

/** Proxies in memory, each of which can be unreachable, and the connection of a kite to them. */
function link({ random = 0, names = ['one', 'two', 'three'] } = {}) {
  const proxies = new Map(
    names.map((name) => {
      const core = makeCore();
      const seen: unknown[] = [];
      core
        .handle('register', ({ args: [url] }) => {
          seen.push(url);
          return `http://${name}/proxy/id`;
        })
        .disableAuthentication();
      return [`http://${name}/kite`, { core, seen, up: true, ...memoryDialer(core) }];
    }),
  );
  const dials: string[] = [];
  const dialer: Dialer = (url, options) => {
    dials.push(url);
    const proxy = proxies.get(url);
    return proxy?.up ? proxy.dialer(url, options) : Promise.reject(new Error(`${url} is away`));
  };
  const kite = makeCore({ dialer });
  const candidates = [...proxies.keys()].map(
    (url): ProxyCandidate => ({ url, client: (options) => kite.newClient(url, options) }),
  );
  const urls: string[] = [];
  const state = { random, candidates: candidates as readonly ProxyCandidate[] | Error };
  const made = new ProxyLink({
    name: 'proxy',
    candidates: () =>
      state.candidates instanceof Error
        ? Promise.reject(state.candidates)
        : Promise.resolve(state.candidates),
    connectAt: (url, connect) => connect(url),
    register: (client) => registerWithProxy(client, 'http://me/kite'),
    onRegistered: ({ url }: ProxiedAddress) => urls.push(url),
    trustRemote: ['hello'],
    clock: kite.clock,
    logger: silentLogger,
    random: () => state.random,
  });
  onTestFinished(() => made.stop());
  const lose = async (name: string): Promise<void> => {
    const proxy = proxies.get(`http://${name}/kite`);
    proxy?.ends.at(-1)?.far.close(1006, '');
    await settled();
  };
  const away = (...gone: string[]): void => {
    for (const [url, proxy] of proxies) proxy.up = !gone.some((name) => url === `http://${name}/kite`);
  };
  return { made, kite, urls, dials, state, lose, away, proxies };
}

describe('the connection of a kite to proxies', () => {
  it.each([
    [0, 'one'],
    [0.5, 'two'],
    [0.99, 'three'],
  ])('a kite selects a proxy at random: with %d it is proxy %s', async (random, name) => {
    const { made, urls, proxies } = link({ random });
    made.start();
    await settled();
    expect(urls).toEqual([`http://${name}/proxy/id`]);
    expect(made.address?.url).toBe(urls[0]);
    expect(proxies.get(`http://${name}/kite`)?.seen).toEqual(['http://me/kite']);
  });

  it('a kite moves to another proxy at once when its own disconnects, and tries the lost one last', async () => {
    const { made, urls, dials, lose, away } = link();
    made.start();
    await settled();
    await lose('one');
    expect(urls).toEqual(['http://one/proxy/id', 'http://two/proxy/id']);
    away('one', 'three');
    dials.length = 0;
    await lose('two');
    expect(dials).toEqual(['http://one/kite', 'http://three/kite', 'http://two/kite']);
    expect(urls.at(-1)).toBe('http://two/proxy/id');
  });

  it('a kite retries within five seconds if no proxy is available or Kontrol is unreachable', async () => {
    const { made, kite, urls, away, state, dials } = link({ names: ['one'] });
    away('one');
    made.start();
    await settled();
    const waits = [200, 400, 800, 1600, 3200, 5000, 5000];
    for (const [index, wait] of waits.entries()) {
      kite.clock.advance(wait - 1);
      await settled();
      expect(dials).toHaveLength(index + 1);
      kite.clock.advance(1);
      await settled();
      expect(dials).toHaveLength(index + 2);
    }
    const { candidates } = state;
    for (const nothing of [[], new Error('Kontrol is away')]) {
      state.candidates = nothing;
      kite.clock.advance(5000);
      await settled();
    }
    expect([urls, made.address]).toEqual([[], undefined]);
    away();
    state.candidates = candidates;
    kite.clock.advance(5000);
    await settled();
    expect(urls).toEqual(['http://one/proxy/id']);
  });

  it('a kite skips a proxy that rejects it or answers with a malformed URL', async () => {
    const { made, urls, proxies } = link();
    proxies.get('http://one/kite')?.core.handle('register', () => Promise.reject(new Error('no')));
    proxies
      .get('http://two/kite')
      ?.core.handle('register', () => 'welcome')
      .disableAuthentication();
    made.start();
    await settled();
    expect(urls).toEqual(['http://three/proxy/id']);
    for (const name of ['one', 'two'])
      expect(proxies.get(`http://${name}/kite`)?.ends[0]?.near.closedWith).toBeDefined();
  });

  it('a kite lets its proxy call only the methods that it trusts it with', async () => {
    const { made, kite, proxies } = link();
    kite.handle('hello', () => 'hello');
    kite.handle('secret', () => 'secret');
    const peers: { tell(method: string): Promise<unknown> }[] = [];
    proxies.get('http://one/kite')?.core.on('connect', (peer) => peers.push(peer));
    made.start();
    await settled();
    expect(await peers[0]?.tell('hello')).toBe('hello');
    await expect(peers[0]?.tell('secret')).rejects.toMatchObject({ type: 'authenticationError' });
  });

  it('a kite leaves its proxy when it is stopped, and does not reconnect', async () => {
    const { made, kite, dials, proxies, away, lose } = link();
    made.start();
    await settled();
    made.stop();
    await settled();
    expect(proxies.get('http://one/kite')?.ends[0]?.near.closedWith).toBeDefined();
    expect(made.address).toBeUndefined();
    kite.clock.advance(60_000);
    await settled();
    expect(dials).toHaveLength(1);
    const waiting = link({ names: ['one'] });
    waiting.made.start();
    await settled();
    away('one');
    await lose('one');
    waiting.made.stop();
    waiting.kite.clock.advance(60_000);
    await settled();
    expect(waiting.dials).toHaveLength(1);
  });
});
