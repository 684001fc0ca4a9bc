import { describe, expect, it } from 'vitest';
import {
  type Kontrol,
  openPolicy,
  ownPolicy,
  type Policy,
  type PolicyAction,
} from '../../../src/lib/kontrol.js';
import { LONG_RESPONSES } from '../../../src/lib/kontrol/limits/kontrol-limits.js';
import type { KiteWithToken } from '../../../src/lib/kontrol/registry/kites-responses.js';
import { testIdentity } from '../../helpers/kite/keys.js';
import { type Caller, connect, registration, startKontrol } from '../../helpers/kontrol/kontrol.js';
import { FakeStorage } from '../../helpers/storage/fake-storage.js';

interface Kites {
  readonly kites: KiteWithToken[];
  readonly watcherID?: string;
}

const MATH = 'http://127.0.0.1:3636/kite';
const limited = (message: string) => ({
  type: 'requestLimitError',
  code: 'userLimit',
  message: expect.stringContaining(message) as string,
});

/** A store that contains kites of mallory, with `names` different names. */
function storeWithKites(count: number, names: number, keyId: string): FakeStorage {
  const storage = new FakeStorage();
  for (let n = 0; n < count; n++) {
    const kite = { username: 'mallory', name: `n${n % names}` };
    storage.stored.set(`id${n}`, {
      ...registration(`id${n}`, kite),
      keyId,
      expiresAt: Number.MAX_SAFE_INTEGER,
    });
  }
  return storage;
}

/** A policy that counts how often Kontrol decides on an action for mallory, which it does once for each kite or watch. */
function countedWork(action: PolicyAction) {
  const work = {
    count: 0,
    begun: (): void => undefined,
    policy: {
      ...openPolicy(),
      allows(asked: PolicyAction, username: string): boolean {
        if (asked === action && username === 'mallory') {
          work.count++;
          work.begun();
        }
        return true;
      },
    },
    /** Calls Kontrol when the next work begins. Resolves with the count when Kontrol handles the call. */
    interruptedBy(kontrol: Kontrol, caller: Caller): Promise<number> {
      work.count = 0;
      kontrol.kite.handle('count', () => work.count);
      return new Promise((resolve, reject) => {
        work.begun = () => {
          work.begun = () => undefined;
          caller.tell<number>('count').then(resolve, reject);
        };
      });
    },
  };
  return work;
}

/** A Kontrol that has these kites of mallory. */
async function startWithKites(
  count: number,
  names: number,
  limits: object = {},
  policy: Policy = ownPolicy('kontrol'),
): Promise<Kontrol> {
  const { kontrol: first } = await startKontrol();
  const storage = storeWithKites(count, names, first.keyPairs()[0]?.id ?? '');
  return (await startKontrol({ storage, limits, policy })).kontrol;
}

async function tokensSigned(kontrol: Kontrol): Promise<number> {
  const text = await (await fetch(new URL('/metrics', kontrol.url))).text();
  return Number(/^kontrol_tokens_signed_total (\d+)/m.exec(text)?.[1]);
}

function post(kontrol: Kontrol, id: string, key: string): Promise<Response> {
  const body = { url: MATH, kite: testIdentity({ id }), auth: { type: 'kiteKey', key } };
  return fetch(new URL('/register', kontrol.url), { method: 'POST', body: JSON.stringify(body) });
}

describe('limits.registrationsPerUser', () => {
  it('limits.registrationsPerUser bounds the kites of one user over each kind of registration, and not those of others', async () => {
    const { kontrol } = await startKontrol({ limits: { registrationsPerUser: 2 } });
    const [one, two, three] = await Promise.all([0, 1, 2].map(() => connect(kontrol, 'mallory')));
    await one?.tell('register', { url: MATH });
    await two?.tell('register', { url: MATH });
    await expect(three?.tell('register', { url: MATH })).rejects.toMatchObject(
      limited('The user mallory has 2 registered kites, and Kontrol allows 2 (limits.registrationsPerUser)'),
    );
    const response = await post(kontrol, 'over-http', three?.key.jwt ?? '');
    expect([response.status, await response.json()]).toEqual([
      429,
      { err: expect.stringContaining('limits.registrationsPerUser') as string, code: 'userLimit' },
    ]);
    // A kite that is registered may register again.
    await one?.tell('register', { url: 'http://127.0.0.1:3637/kite' });
    await (await connect(kontrol, 'bob')).tell('register', { url: MATH });
    const left = new Promise<void>((resolve) => kontrol.kite.once('disconnect', () => resolve()));
    two?.close();
    await left;
    await three?.tell('register', { url: MATH });
    console.log('2 kinds of registration are bounded for each user: over a connection, over HTTP');
  });

  it('limits.registrationsPerUser counts registrations that the store has not confirmed', async () => {
    const { kontrol, storage } = await startKontrol({ limits: { registrationsPerUser: 5 } });
    let open: () => void = () => undefined;
    storage.writeGate = new Promise((resolve) => (open = resolve));
    const { key } = await connect(kontrol, 'mallory');
    const responses = Array.from({ length: 20 }, (_, n) => post(kontrol, `id${n}`, key.jwt));
    const refused = Promise.race(responses);
    expect((await refused).status).toBe(429);
    open();
    const statuses = (await Promise.all(responses)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(5);
    expect(kontrol.status().kites).toBe(6);
  });
});

it('registrations of one user do not delay the calls of others', async () => {
  const work = countedWork('register');
  const { kontrol } = await startKontrol({ policy: work.policy });
  const [mallory, alice] = [await connect(kontrol, 'mallory'), await connect(kontrol, 'alice')];
  await mallory.tell('register', { url: MATH });
  const interruption = work.interruptedBy(kontrol, alice);
  const registrations = Array.from({ length: 500 }, () => mallory.tell('register', { url: MATH }));
  const done = await interruption;
  await Promise.all(registrations);
  console.log(`500 registrations: ${done} were admitted before a call of another user was handled`);
  expect([done < 250, work.count]).toEqual([true, 500]);
});

describe('the watches of one user', () => {
  const query = { username: 'mallory' };
  const watch = (caller: Caller): Promise<Kites> =>
    caller.subscribe('getKites', { query, watchCallback: () => undefined });

  it('limits.watchersPerUser bounds the watches of one user over several connections', async () => {
    const { kontrol } = await startKontrol({ limits: { watchersPerUser: 3 } });
    const [one, two, bob] = [
      await connect(kontrol, 'mallory'),
      await connect(kontrol, 'mallory'),
      await connect(kontrol, 'bob'),
    ];
    await watch(one);
    const { watcherID } = await watch(one);
    await watch(two);
    await expect(watch(two)).rejects.toMatchObject(limited('(limits.watchersPerUser): cancel one'));
    expect(kontrol.status().watchers).toBe(3);
    await bob.subscribe('getKites', { query: { username: 'bob' }, watchCallback: () => undefined });
    await one.tell('cancelWatcher', watcherID);
    await watch(two);
    const left = new Promise<void>((resolve) => kontrol.kite.once('disconnect', () => resolve()));
    one.close();
    await left;
    await watch(two);
  });

  it('a registration that many watches are notified of does not delay the calls of other users', async () => {
    const work = countedWork('query');
    const { kontrol } = await startKontrol({ policy: work.policy });
    const mallory = await Promise.all(Array.from({ length: 4 }, () => connect(kontrol, 'mallory')));
    let events = 0;
    let everyEvent: () => void = () => undefined;
    const notified = new Promise<void>((resolve) => (everyEvent = resolve));
    const watchCallback = (): void => {
      if (++events === 4000) everyEvent();
    };
    const watches = mallory.flatMap((caller) =>
      Array.from({ length: 1000 }, () => caller.subscribe('getKites', { query, watchCallback })),
    );
    await Promise.all(watches);
    const interruption = work.interruptedBy(kontrol, await connect(kontrol, 'alice'));
    await mallory[0]?.tell('register', { url: MATH });
    const done = await interruption;
    await notified;
    console.log(`4,000 watches: ${done} were notified before a call of another user was handled`);
    expect([done < 2000, work.count]).toEqual([true, 4000]);
  });

  it('limits.changesPerUser closes the connections of watches that cannot be notified as fast as kites change', async () => {
    const { kontrol } = await startKontrol({ limits: { changesPerUser: 10, sendQueueBytes: 1024 * 1024 } });
    const [watching, registering] = [await connect(kontrol, 'mallory'), await connect(kontrol, 'mallory')];
    await Promise.all(Array.from({ length: 1000 }, () => watch(watching)));
    const closed = new Promise((resolve) => watching.disconnected(resolve));
    const { key } = registering;
    await Promise.all(Array.from({ length: 100 }, (_, n) => post(kontrol, `id${n}`, key.jwt)));
    await closed;
    expect(kontrol.status().watchers).toBe(0);
    expect(await registering.tell('kite.ping')).toBe('pong');
  });
});

describe('the queries of one user', () => {
  it('limits.queriesPerUser bounds the unanswered queries of one user', async () => {
    const kontrol = await startWithKites(2000, 1, { queriesPerUser: 3 });
    const [mallory, bob] = [await connect(kontrol, 'mallory'), await connect(kontrol, 'bob')];
    const query = { username: 'mallory' };
    const answers = await Promise.allSettled(
      Array.from({ length: 5 }, () => mallory.tell<Kites>('getKites', { query })),
    );
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    const refused = answers.find(({ status }) => status === 'rejected');
    expect(refused).toMatchObject({ reason: limited('3 unanswered queries') });
    expect((await mallory.tell<Kites>('getKites', { query })).kites).toHaveLength(2000);
    await expect(mallory.tell('getToken', query)).rejects.toThrow('more than one kite');
    await bob.tell('getKites', { query: { username: 'kontrol' } });
  });

  it('limits.waitingPerConnection pauses reading from a connection, so that its queries are answered and not refused', async () => {
    const kontrol = await startWithKites(500, 1, { queriesPerUser: 20, waitingPerConnection: 5 });
    const mallory = await connect(kontrol, 'mallory');
    const answers = Array.from({ length: 100 }, () =>
      mallory.tell<Kites>('getKites', { query: { username: 'mallory' } }),
    );
    for (const answer of answers) expect((await answer).kites).toHaveLength(500);
  });

  it('long responses to one user do not delay the calls and the queries of others', async () => {
    const work = countedWork('token');
    const kontrol = await startWithKites(1500, 10, {}, work.policy);
    const [mallory, alice] = [await connect(kontrol, 'mallory'), await connect(kontrol, 'alice')];
    const interruption = work.interruptedBy(kontrol, alice);
    let answered = 0;
    const answers = Array.from({ length: 10 }, async () => {
      const { kites } = await mallory.tell<Kites>('getKites', { query: { username: 'mallory' } });
      answered++;
      return kites.length;
    });
    const done = await interruption;
    const small = await alice.tell<Kites>('getKites', { query: { username: 'kontrol' } });
    const before = answered;
    expect(small.kites).toHaveLength(1);
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 10 }, () => 1500));
    console.log(
      `10 queries for 1,500 kites: ${done} of ${work.count} checks were made before a call of another user was handled, ` +
        `${before} queries were answered before one of another user`,
    );
    expect([done < work.count / 2, before < 5]).toEqual([true, true]);
  });

  it('more users than LONG_RESPONSES get long responses, each with every kite', async () => {
    const kontrol = await startWithKites(1000, 1, {}, openPolicy());
    const callers = await Promise.all(
      Array.from({ length: LONG_RESPONSES + 2 }, (_, n) => connect(kontrol, `user${n}`)),
    );
    const answers = callers.map((caller) =>
      caller.tell<Kites>('getKites', { query: { username: 'mallory' } }),
    );
    for (const answer of answers) expect((await answer).kites).toHaveLength(1000);
  });
});

describe('a query whose response would exceed the limit of a message', () => {
  it('a query with too many kites is refused before a token is signed, and the error contains a narrower query', async () => {
    const kontrol = await startWithKites(1000, 100, { messageBytes: 100_000 });
    const mallory = await connect(kontrol, 'mallory');
    const query = { username: 'mallory' };
    await expect(mallory.tell('getKites', { query })).rejects.toMatchObject({
      type: 'genericError',
      code: 'tooManyKites',
      message: expect.stringMatching(
        /^The query matches 1000 kites, whose list would exceed 100000 bytes \(limits\.messageBytes\)\. Set the name in the query, for example \/mallory\/prod\/n\d+$/,
      ),
    });
    expect(await tokensSigned(kontrol)).toBe(0);
    const narrow = { username: 'mallory', environment: 'prod', name: 'n7' };
    expect((await mallory.tell<Kites>('getKites', { query: narrow })).kites).toHaveLength(10);
  });

  it('every way in which a query with a watch fails leaves no watch behind', async () => {
    const { kontrol: small } = await startKontrol({ limits: { queriesPerUser: 2 } });
    const large = await startWithKites(1000, 1, { messageBytes: 100_000 });
    const full = (await startKontrol({ limits: { watchersPerUser: 0 } })).kontrol;
    const narrow = (await startKontrol({ limits: { watchersPerConnection: 0 } })).kontrol;
    const watchCallback = (): void => undefined;
    const bob = { username: 'bob' };
    const found = await connect(small, 'bob');
    found.kite.handle('kite.who', () => 7);
    await found.tell('register', { url: MATH });
    const ways: Readonly<Record<string, readonly [Kontrol, string, object]>> = {
      'a response that is too long': [large, 'mallory', { query: { username: 'mallory' } }],
      'an invalid query': [small, 'bob', { query: { name: 'math' } }],
      'an invalid version': [
        small,
        'bob',
        { query: { ...bob, environment: 'x', name: 'y', version: '>= z' } },
      ],
      'a query that is not an object': [small, 'bob', { query: 7 }],
      'an invalid response of kite.who': [small, 'bob', { query: bob, who: {} }],
      'no connected kite for kite.who': [small, 'bob', { query: { username: 'kontrol' }, who: {} }],
      'too many watches of the user': [full, 'bob', { query: bob }],
      'too many watches of the connection': [narrow, 'bob', { query: bob }],
    };
    for (const [way, [kontrol, user, argument]] of Object.entries(ways)) {
      const caller = await connect(kontrol, user);
      for (let retry = 0; retry < 3; retry++)
        await expect(caller.subscribe('getKites', { ...argument, watchCallback }), way).rejects.toMatchObject(
          {
            message: /./,
          },
        );
      expect([way, kontrol.status().watchers]).toEqual([way, 0]);
    }
    console.log(`${Object.keys(ways).length} ways in which a query with a watch fails: none leaves a watch`);
  });

  it('a query with a watch leaves no watch behind if its caller disconnects before the response', async () => {
    const kontrol = await startWithKites(5000, 1);
    const [mallory, other] = [await connect(kontrol, 'mallory'), await connect(kontrol, 'mallory')];
    const gone = new Promise<void>((resolve) => kontrol.kite.once('disconnect', () => resolve()));
    const query = { username: 'mallory' };
    const answers = Array.from({ length: 5 }, () =>
      mallory.subscribe('getKites', { query, watchCallback: () => undefined }),
    );
    mallory.close();
    await Promise.allSettled(answers);
    await gone;
    // The queries of a user are answered in order, so those of the closed connection have ended.
    expect((await other.tell<Kites>('getKites', { query })).kites).toHaveLength(5000);
    expect(kontrol.status().watchers).toBe(0);
  });
});
