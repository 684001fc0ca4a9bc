import { describe, expect, it } from 'vitest';
import type { RemoteFunction } from '../../../src/lib/index.js';
import { parseToken } from '../../../src/lib/keys/index.js';
import { openPolicy } from '../../../src/lib/kontrol.js';
import type { KiteWithToken } from '../../../src/lib/kontrol/registry/kites-responses.js';
import type { WatchEvent } from '../../../src/lib/kontrol/registry/watch-notifier.js';
import { type Caller, connect, startKontrol } from '../../helpers/kontrol/kontrol.js';
import { SINGLE_TRANSPORTS } from '../../helpers/transport/transports.js';

interface Kites {
  readonly kites: KiteWithToken[];
  readonly watcherID?: string;
}

const MATH = 'http://127.0.0.1:3636/kite';
const noKites = { type: 'genericError', message: 'no kites found' };
const query = { username: 'bob', environment: 'prod', name: 'math' };

/** Collects the events of a watch in order. */
function watch(
  caller: Caller,
  key: 'watchCallback' | 'watchHandler' = 'watchCallback',
  what: object = query,
) {
  const events: WatchEvent[] = [];
  const waiting: ((event: WatchEvent) => void)[] = [];
  const callback = ({ error, result }: { error: unknown; result: WatchEvent }): void => {
    expect(error).toBeNull();
    const next = waiting.shift();
    if (next) next(result);
    else events.push(result);
  };
  return {
    begun: caller.subscribe<Kites>('getKites', { query: what, [key]: callback }),
    next: (): Promise<WatchEvent> => {
      const event = events.shift();
      return event ? Promise.resolve(event) : new Promise((resolve) => waiting.push(resolve));
    },
  };
}

describe('a kite that registers over its connection', () => {
  it('a kite that registers is found with its URL and a token for its name, and its heartbeat is requested', async () => {
    const { kontrol } = await startKontrol();
    const math = await connect(kontrol, 'bob');
    expect(await math.tell('register', { url: MATH })).toEqual({ url: MATH, heartbeatInterval: 0 });
    expect(await math.heartbeat).toMatchObject({ seconds: 10 });
    const { kites } = await math.tell<Kites>('getKites', { query });
    expect(kites).toMatchObject([{ kite: math.kite.identity, url: MATH, keyId: kontrol.keyPairs()[0]?.id }]);
    expect(parseToken(kites[0]?.token ?? '')).toMatchObject({
      issuer: 'kontrol',
      username: 'bob',
      audience: '/bob/prod/math',
    });
  });

  it('a kite registers over each transport', async () => {
    const { kontrol } = await startKontrol();
    for (const transport of SINGLE_TRANSPORTS) {
      const math = await connect(kontrol, 'bob', { transport });
      expect(await math.tell('register', { url: MATH })).toEqual({ url: MATH, heartbeatInterval: 0 });
      expect(await math.heartbeat).toMatchObject({ seconds: 10 });
      const { kites } = await math.tell<Kites>('getKites', { query: { ...query, id: '' } });
      expect(kites.map(({ kite }) => kite.id)).toContain(math.kite.identity.id);
    }
  });

  it('a kite registers with its URL as a bare string, as kite.js does', async () => {
    const { kontrol } = await startKontrol();
    const math = await connect(kontrol, 'bob');
    expect(await math.tell('register', MATH)).toMatchObject({ url: MATH });
  });

  it('a kite registers as the user of its kite key, whatever username it sends', async () => {
    const { kontrol } = await startKontrol();
    const math = await connect(kontrol, 'bob', { kite: { username: 'alice' } });
    await math.tell('register', { url: MATH });
    const { kites } = await math.tell<Kites>('getKites', { query: { id: math.kite.identity.id } });
    expect(kites[0]?.kite.username).toBe('bob');
  });

  it('a kite is deregistered at once when it closes its connection', async () => {
    const { kontrol, storage } = await startKontrol();
    const [math, other] = [await connect(kontrol, 'bob'), await connect(kontrol, 'bob')];
    await math.tell('register', { url: MATH });
    const watching = watch(other);
    expect((await watching.begun).kites).toHaveLength(1);
    math.close();
    expect(await watching.next()).toMatchObject({ action: 'DEREGISTER', token: '', url: MATH });
    await expect(other.tell('getKites', { query })).rejects.toMatchObject(noKites);
    expect([...storage.stored.keys()]).toEqual([kontrol.kite.identity.id]);
  });

  it('the id of a registered kite cannot be used by other users', async () => {
    const { kontrol } = await startKontrol();
    const math = await connect(kontrol, 'bob');
    await math.tell('register', { url: MATH });
    const thief = await connect(kontrol, 'mallory');
    const body = {
      url: 'http://evil/kite',
      kite: math.kite.identity,
      auth: { type: 'kiteKey', key: thief.key.jwt },
    };
    const answer = await fetch(new URL('/register', kontrol.kite.url), {
      method: 'POST',
      body: JSON.stringify(body),
    });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { err: expect.stringContaining('registered by another user') },
    ]);
    const { kites } = await math.tell<Kites>('getKites', { query });
    expect(kites).toMatchObject([{ url: MATH, kite: { username: 'bob' } }]);
  });
});

describe('getKites', () => {
  it('getKites reports that no kites were found, and starts a watch with an empty list', async () => {
    const { kontrol } = await startKontrol();
    const bob = await connect(kontrol, 'bob');
    await expect(bob.tell('getKites', { query })).rejects.toMatchObject(noKites);
    await expect(bob.tell('getKites', { query, watchCallback: null, who: null })).rejects.toMatchObject(
      noKites,
    );
    expect(await watch(bob).begun).toEqual({ kites: [], watcherID: expect.any(String) as string });
  });

  it('getKites hides the kites of other users by default, and returns all with the open policy', async () => {
    for (const open of [false, true]) {
      const { kontrol } = await startKontrol(open ? { policy: openPolicy() } : {});
      const math = await connect(kontrol, 'bob');
      await math.tell('register', { url: MATH });
      const carol = await connect(kontrol, 'carol');
      const asked = carol.tell<Kites>('getKites', { query });
      if (open) expect((await asked).kites).toHaveLength(1);
      else await expect(asked).rejects.toMatchObject(noKites);
      const token = carol.tell('getToken', query);
      if (open) expect(parseToken((await token) as string)).toMatchObject({ audience: '/bob/prod/math' });
      else await expect(token).rejects.toMatchObject(noKites);
    }
  });

  it("getKites finds Kontrol itself, as a kite of Kontrol's own user", async () => {
    const { kontrol } = await startKontrol();
    const bob = await connect(kontrol, 'bob');
    const { kites } = await bob.tell<Kites>('getKites', { query: { username: 'kontrol' } });
    expect(kites).toMatchObject([
      { kite: { name: 'kontrol', id: kontrol.kite.identity.id }, url: kontrol.url },
    ]);
  });

  it('getKites lets the kite that it finds select the result with kite.who', async () => {
    const { kontrol } = await startKontrol();
    const [one, two, asking] = [
      await connect(kontrol, 'bob', { name: 'math' }),
      await connect(kontrol, 'bob', { name: 'backup' }),
      await connect(kontrol, 'bob', { name: 'asking' }),
    ];
    one.kite.handle('kite.who', ({ args: [who] }) => {
      expect(who).toEqual({ shard: 7 });
      return { query: { ...query, name: 'backup' } };
    });
    await one.tell('register', { url: MATH });
    await two.tell('register', { url: 'http://127.0.0.1:3637/kite' });
    const { kites } = await asking.tell<Kites>('getKites', { query, who: { shard: 7 } });
    expect(kites.map(({ kite }) => kite.name)).toEqual(['backup']);
  });

  it('getKites shuffles the kites of each result', async () => {
    const { kontrol } = await startKontrol();
    const callers = await Promise.all(Array.from({ length: 8 }, () => connect(kontrol, 'bob')));
    for (const caller of callers) await caller.tell('register', { url: MATH });
    const orders = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const { kites } = (await callers[0]?.tell<Kites>('getKites', { query })) ?? { kites: [] };
      expect(kites).toHaveLength(8);
      orders.add(kites.map(({ kite }) => kite.id).join());
    }
    expect(orders.size).toBeGreaterThan(1);
  });

  it('getKites signs one token for any number of kites of a name', async () => {
    const { kontrol, origin } = await startKontrol();
    const callers = await Promise.all(Array.from({ length: 5 }, () => connect(kontrol, 'bob')));
    for (const caller of callers) await caller.tell('register', { url: MATH });
    const { kites } = (await callers[0]?.tell<Kites>('getKites', { query })) ?? { kites: [] };
    expect(new Set(kites.map(({ token }) => token)).size).toBe(1);
    expect(await (await fetch(`${origin}/metrics`)).text()).toContain('kontrol_tokens_signed_total 1\n');
  });
});

describe('getToken', () => {
  it('getToken returns the cached token, and a new one by force', async () => {
    const { kontrol } = await startKontrol();
    const math = await connect(kontrol, 'bob');
    await math.tell('register', { url: MATH });
    const token = await math.tell('getToken', query);
    expect(await math.tell('getToken', query)).toBe(token);
    expect(await math.tell('getToken', { ...query, force: true })).not.toBe(token);
  });

  it('getToken uses the audience of the kite that an id query finds', async () => {
    const { kontrol } = await startKontrol();
    const math = await connect(kontrol, 'bob');
    await math.tell('register', { url: MATH });
    const token = await math.tell<string>('getToken', { id: math.kite.identity.id });
    expect(parseToken(token).audience).toBe('/bob/prod/math');
  });
});

describe('a watch', () => {
  it.each(['watchCallback', 'watchHandler'] as const)(
    'a watch with %s is notified of each change until it is cancelled',
    async (key) => {
      const { kontrol } = await startKontrol();
      const [math, other] = [await connect(kontrol, 'bob'), await connect(kontrol, 'bob')];
      const watching = watch(other, key);
      const { kites, watcherID } = await watching.begun;
      expect(kites).toEqual([]);
      await math.tell('register', { url: MATH });
      const event = await watching.next();
      expect(event).toMatchObject({ action: 'REGISTER', kite: math.kite.identity, url: MATH });
      expect(parseToken(event.token)).toMatchObject({ username: 'bob', audience: '/bob/prod/math' });
      await expect(math.tell('cancelWatcher', watcherID)).rejects.toThrow('unknown watcher id');
      await other.tell('cancelWatcher', watcherID);
      await expect(other.tell('cancelWatcher', watcherID)).rejects.toThrow('unknown watcher id');
      expect(kontrol.status().watchers).toBe(0);
    },
  );

  it('a watch does not report the kites of other users', async () => {
    const { kontrol } = await startKontrol();
    const [bob, mallory] = [await connect(kontrol, 'bob'), await connect(kontrol, 'mallory')];
    const own = watch(mallory, 'watchCallback', { username: 'mallory' });
    const others = watch(mallory);
    await Promise.all([own.begun, others.begun]);
    await bob.tell('register', { url: MATH });
    await mallory.tell('register', { url: 'http://own/kite' });
    expect(await own.next()).toMatchObject({ url: 'http://own/kite' });
    // An event of bob's kite would have arrived before.
    expect(await Promise.race([others.next(), Promise.resolve('nothing')])).toBe('nothing');
  });

  it('a watch ends with its connection', async () => {
    const { kontrol } = await startKontrol();
    const bob = await connect(kontrol, 'bob');
    await watch(bob).begun;
    expect(kontrol.status().watchers).toBe(1);
    const gone = new Promise<void>((resolve) => kontrol.kite.on('disconnect', () => resolve()));
    bob.close();
    await gone;
    expect(kontrol.status().watchers).toBe(0);
  });
});

it('Kontrol requests the heartbeat again if a kite registers again, and forgets the previous function', async () => {
  const { kontrol } = await startKontrol();
  const math = await connect(kontrol, 'bob');
  const pings: RemoteFunction[] = [];
  math.kite.handle<[number, RemoteFunction]>('kite.heartbeat', ({ args: [, ping] }) => {
    pings.push(ping);
    return null;
  });
  for (let i = 0; i < 3; i++) await math.tell('register', { url: MATH });
  await math.tell('getKites', { query });
  expect(pings).toHaveLength(3);
  expect(kontrol.status()).toMatchObject({ kites: 2, connected: 1 });
});
