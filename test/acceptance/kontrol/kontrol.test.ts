import { describe, expect, it } from 'vitest';
import type { RemoteFunction } from '../../../src/lib/index.js';
import { parseToken } from '../../../src/lib/keys/index.js';
import { openPolicy } from '../../../src/lib/kontrol.js';
import type { FoundKite } from '../../../src/lib/kontrol/registry/queries.js';
import type { KiteEvent } from '../../../src/lib/kontrol/registry/watchers.js';
import { type Caller, connect, startKontrol } from '../../helpers/kontrol/kontrol.js';
import { SINGLE_TRANSPORTS } from '../../helpers/transport/transports.js';

interface Kites {
  readonly kites: FoundKite[];
  readonly watcherID?: string;
}

const MATH = 'http://127.0.0.1:3636/kite';
const none = { type: 'genericError', message: 'no kites found' };
const query = { username: 'bob', environment: 'prod', name: 'math' };

/** What a watch tells, one after the other. */
function watch(
  caller: Caller,
  key: 'watchCallback' | 'watchHandler' = 'watchCallback',
  what: object = query,
) {
  const events: KiteEvent[] = [];
  const waiting: ((event: KiteEvent) => void)[] = [];
  const callback = ({ error, result }: { error: unknown; result: KiteEvent }): void => {
    expect(error).toBeNull();
    const next = waiting.shift();
    if (next) next(result);
    else events.push(result);
  };
  return {
    begun: caller.tell<Kites>('getKites', { query: what, [key]: callback }),
    next: (): Promise<KiteEvent> => {
      const event = events.shift();
      return event ? Promise.resolve(event) : new Promise((resolve) => waiting.push(resolve));
    },
  };
}

describe('a kite that registers over its connection', () => {
  it('is found with its URL and a token for its name, and asked for its heartbeat', async () => {
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

  it('may do so over each transport', async () => {
    const { kontrol } = await startKontrol();
    for (const transport of SINGLE_TRANSPORTS) {
      const math = await connect(kontrol, 'bob', { transport });
      expect(await math.tell('register', { url: MATH })).toEqual({ url: MATH, heartbeatInterval: 0 });
      expect(await math.heartbeat).toMatchObject({ seconds: 10 });
      const { kites } = await math.tell<Kites>('getKites', { query: { ...query, id: '' } });
      expect(kites.map(({ kite }) => kite.id)).toContain(math.kite.identity.id);
    }
  });

  it('may send its URL as a bare text, as kite.js does', async () => {
    const { kontrol } = await startKontrol();
    const math = await connect(kontrol, 'bob');
    expect(await math.tell('register', MATH)).toMatchObject({ url: MATH });
  });

  it('registers as the user of its kite key, whatever it says', async () => {
    const { kontrol } = await startKontrol();
    const math = await connect(kontrol, 'bob', { kite: { username: 'alice' } });
    await math.tell('register', { url: MATH });
    const { kites } = await math.tell<Kites>('getKites', { query: { id: math.kite.identity.id } });
    expect(kites[0]?.kite.username).toBe('bob');
  });

  it('is gone at once when it says goodbye', async () => {
    const { kontrol, storage } = await startKontrol();
    const [math, other] = [await connect(kontrol, 'bob'), await connect(kontrol, 'bob')];
    await math.tell('register', { url: MATH });
    const watching = watch(other);
    expect((await watching.begun).kites).toHaveLength(1);
    math.close();
    expect(await watching.next()).toMatchObject({ action: 'DEREGISTER', token: '', url: MATH });
    await expect(other.tell('getKites', { query })).rejects.toMatchObject(none);
    expect([...storage.stored.keys()]).toEqual([kontrol.kite.identity.id]);
  });

  it('keeps its id from other users for as long as it is there', async () => {
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
  it('says that no kites were found, and begins a watch with an empty list', async () => {
    const { kontrol } = await startKontrol();
    const bob = await connect(kontrol, 'bob');
    await expect(bob.tell('getKites', { query })).rejects.toMatchObject(none);
    await expect(bob.tell('getKites', { query, watchCallback: null, who: null })).rejects.toMatchObject(none);
    expect(await watch(bob).begun).toEqual({ kites: [], watcherID: expect.any(String) as string });
  });

  it('shows others nothing by default, and everything with the policy open', async () => {
    for (const open of [false, true]) {
      const { kontrol } = await startKontrol(open ? { policy: openPolicy() } : {});
      const math = await connect(kontrol, 'bob');
      await math.tell('register', { url: MATH });
      const carol = await connect(kontrol, 'carol');
      const asked = carol.tell<Kites>('getKites', { query });
      if (open) expect((await asked).kites).toHaveLength(1);
      else await expect(asked).rejects.toMatchObject(none);
      const token = carol.tell('getToken', query);
      if (open) expect(parseToken((await token) as string)).toMatchObject({ audience: '/bob/prod/math' });
      else await expect(token).rejects.toMatchObject(none);
    }
  });

  it("finds Kontrol itself, as one of Kontrol's own kites", async () => {
    const { kontrol } = await startKontrol();
    const bob = await connect(kontrol, 'bob');
    const { kites } = await bob.tell<Kites>('getKites', { query: { username: 'kontrol' } });
    expect(kites).toMatchObject([
      { kite: { name: 'kontrol', id: kontrol.kite.identity.id }, url: kontrol.url },
    ]);
  });

  it('lets the kite that it finds say who is to be given', async () => {
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

  it('gives the kites in another order each time', async () => {
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

  it('needs one signature for any number of kites of a name', async () => {
    const { kontrol, origin } = await startKontrol();
    const callers = await Promise.all(Array.from({ length: 5 }, () => connect(kontrol, 'bob')));
    for (const caller of callers) await caller.tell('register', { url: MATH });
    const { kites } = (await callers[0]?.tell<Kites>('getKites', { query })) ?? { kites: [] };
    expect(new Set(kites.map(({ token }) => token)).size).toBe(1);
    expect(await (await fetch(`${origin}/metrics`)).text()).toContain('kontrol_tokens_signed_total 1\n');
  });
});

describe('getToken', () => {
  it('gives the same token again, and a new one by force', async () => {
    const { kontrol } = await startKontrol();
    const math = await connect(kontrol, 'bob');
    await math.tell('register', { url: MATH });
    const token = await math.tell('getToken', query);
    expect(await math.tell('getToken', query)).toBe(token);
    expect(await math.tell('getToken', { ...query, force: true })).not.toBe(token);
  });

  it('has the audience of the kite that was found where the query is an id', async () => {
    const { kontrol } = await startKontrol();
    const math = await connect(kontrol, 'bob');
    await math.tell('register', { url: MATH });
    const token = await math.tell<string>('getToken', { id: math.kite.identity.id });
    expect(parseToken(token).audience).toBe('/bob/prod/math');
  });
});

describe('a watch', () => {
  it.each(['watchCallback', 'watchHandler'] as const)(
    'by %s hears of each change until cancelled',
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
      await expect(math.tell('cancelWatcher', watcherID)).rejects.toThrow('no watcher with this id');
      await other.tell('cancelWatcher', watcherID);
      await expect(other.tell('cancelWatcher', watcherID)).rejects.toThrow('no watcher with this id');
      expect(kontrol.status().watchers).toBe(0);
    },
  );

  it('tells nobody of the kites of others', async () => {
    const { kontrol } = await startKontrol();
    const [bob, mallory] = [await connect(kontrol, 'bob'), await connect(kontrol, 'mallory')];
    const own = watch(mallory, 'watchCallback', { username: 'mallory' });
    const others = watch(mallory);
    await Promise.all([own.begun, others.begun]);
    await bob.tell('register', { url: MATH });
    await mallory.tell('register', { url: 'http://own/kite' });
    expect(await own.next()).toMatchObject({ url: 'http://own/kite' });
    // What comes of bob's would have come before.
    expect(await Promise.race([others.next(), Promise.resolve('nothing')])).toBe('nothing');
  });

  it('ends with its connection', async () => {
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

it('asks for the heartbeat anew where a kite registers again, and forgets the former function', async () => {
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
