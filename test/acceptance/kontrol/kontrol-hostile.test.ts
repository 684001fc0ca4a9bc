import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { decodeJwt, signJwt } from '../../../src/lib/keys/index.js';
import type { KiteWithToken } from '../../../src/lib/kontrol/registry/kites-responses.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { testIdentity, testKeyPair, testKiteKey } from '../../helpers/kite/keys.js';
import { connect, startKontrol } from '../../helpers/kontrol/kontrol.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';

const rejections: unknown[] = [];
const note = (error: unknown): void => void rejections.push(error);
beforeAll(() => void process.on('unhandledRejection', note).on('uncaughtExceptionMonitor', note));
afterAll(() => {
  process.off('unhandledRejection', note).off('uncaughtExceptionMonitor', note);
  expect(rejections).toEqual([]);
});

const MATH = 'http://127.0.0.1:3636/kite';
const query = { username: 'bob', environment: 'prod', name: 'math' };
const megabyte = 'x'.repeat(1024 * 1024);
const deep: unknown = JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`);

/** What is malformed, the arguments, and the expected error. */
type Bad = readonly [string, unknown[], string];

const badQueries: readonly Bad[] = [
  ['a query that is a text', ['bob'], 'Invalid query'],
  ['a query without a user', [{ environment: 'prod', name: 'math' }], 'Empty username field'],
  ['a gap', [{ username: 'bob', name: 'math' }], 'Invalid query. Query option is not set: environment'],
  ['a slash', [{ username: 'bob', environment: '../x' }], 'contains "/"'],
  ['a number', [{ username: 7 }], 'Query option is not a string: username'],
  ['a list', [{ username: 'bob', environment: ['prod'] }], 'Query option is not a string: environment'],
  ['a constraint of nonsense', [{ ...query, version: '>= banana' }], 'not a version'],
  ['a constraint of 1 MiB', [{ ...query, version: megabyte }], 'version constraint'],
  ['a constraint of many parts', [{ ...query, version: '>1,'.repeat(100) }], 'version constraint'],
];

const bad: Readonly<Record<string, readonly Bad[]>> = {
  register: [
    ['nothing', [], 'empty url'],
    ['null', [null], 'empty url'],
    ['an empty text', [''], 'empty url'],
    ['an object without url', [{}], 'empty url'],
    ['a number', [7], 'invalid register URL'],
    ['a list', [[MATH]], 'empty url'],
    ['a nested url', [{ url: { url: MATH } }], 'invalid register URL'],
    ['a url that is none', [{ url: '//' }], 'invalid register URL'],
    ['a script', [{ url: 'javascript:alert(1)' }], 'invalid register URL'],
    ['1 MiB', [{ url: `http://a/${megabyte}` }], 'invalid register URL'],
  ],
  getKites: [
    ['nothing', [], 'Invalid query'],
    ['null', [null], 'Invalid query'],
    ['a number', [7], 'Invalid query'],
    ['no query', [{}], 'Invalid query'],
    ...badQueries.map(([name, [what], reason]): Bad => [name, [{ query: what }], reason]),
    [
      'who of nobody that can be asked',
      [{ query: { username: 'kontrol' }, who: deep }],
      'who: no matching kite',
    ],
  ],
  getToken: [
    ['nothing', [], 'Invalid query'],
    ['a list', [[query]], 'Invalid query'],
    ['an unknown kite', [query], 'no kites found'],
    ['an unknown id', [{ id: '__proto__' }], 'no kites found'],
    ['a whole user', [{ username: '' }], 'Empty username field'],
    ...badQueries,
  ],
  cancelWatcher: [
    ['nothing', [], 'unknown watcher id'],
    ['an object', [{ id: 1 }], 'unknown watcher id'],
    ['__proto__', ['__proto__'], 'unknown watcher id'],
    ['1 MiB', [megabyte], 'unknown watcher id'],
  ],
  registerMachine: [
    ['a user with a slash', ['a/b'], 'username contains "/"'],
    ['a user that is ..', ['..'], 'username is not a valid name'],
    ['a user of 1 MiB', [megabyte], 'longer than 256'],
    ['an invite that is a number', [{ invite: 7 }], 'invalid, already used, or expired'],
    ['an invite of 1 MiB', [{ invite: megabyte }], 'invalid, already used, or expired'],
    ['an invite of nobody', [{ invite: 'x'.repeat(32) }], 'invalid, already used, or expired'],
    ['nothing, without a prompt method', [], 'requires an invite'],
  ],
};

describe.each(Object.entries(bad))('malformed arguments of %s', (method, cases) => {
  it.each(cases)('Kontrol rejects malformed arguments: %s', async (_name, args, reason) => {
    const { kontrol } = await startKontrol();
    const bob = await connect(kontrol, 'bob');
    await expect(bob.tell(method, ...args)).rejects.toMatchObject({
      message: expect.stringContaining(reason),
      id: expect.stringMatching(/^[\da-f]{16}$/),
    });
    await bob.tell('register', { url: MATH });
    expect((await bob.tell<{ kites: KiteWithToken[] }>('getKites', { query })).kites).toHaveLength(1);
  });
});

/** Sends a call unchanged, and resolves with the answer. */
async function raw(url: string, method: string, rest: Record<string, unknown>): Promise<unknown> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/websocket`);
  const answer = new Promise<string>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', (code) => reject(new Error(`closed: ${code}`)));
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { method: unknown };
      if (message.method === 9) resolve(data.toString());
    });
  });
  await new Promise((resolve) => socket.on('open', resolve));
  const envelope = { ...rest, responseCallback: '[Function]' };
  const callbacks = { 9: [0, 'responseCallback'] };
  socket.send(JSON.stringify({ method, arguments: [envelope], callbacks }));
  const { arguments: args } = JSON.parse(await answer) as { arguments: unknown[] };
  socket.terminate();
  return args[0];
}

describe('malformed registrations', () => {
  const refusal = (reason: string) => ({ error: { message: expect.stringContaining(reason) }, result: null });

  it.each<[string, unknown, string]>([
    ['a missing kite', undefined, 'is empty'],
    ['a kite that is a list', [], 'is empty'],
    ['a kite without an id', testIdentity({ id: '' }), "The kite's id is empty"],
    ['a name with a slash', testIdentity({ name: 'a/b' }), 'name contains "/"'],
    [
      'half a character',
      testIdentity({ region: 'e\ud800u' }),
      'region contains control, invisible or bidirectional characters',
    ],
    ['an environment that is ..', testIdentity({ environment: '..' }), 'environment is not a valid name'],
    ['a hostname of 1 MiB', testIdentity({ hostname: megabyte }), 'hostname is longer'],
    ['a region that is an object', { ...testIdentity(), region: {} }, "The kite's region is empty"],
    ['a malformed version', testIdentity({ version: '1.x' }), 'version is not a valid version'],
  ])('register rejects %s', async (_name, kite, reason) => {
    const { kontrol, url } = await startKontrol();
    const authentication = { type: 'kiteKey', key: await kontrol.newKiteKey('alice') };
    const answer = await raw(url, 'register', { kite, authentication, withArgs: [{ url: MATH }] });
    expect(answer).toMatchObject(refusal(reason));
    expect(kontrol.status().kites).toBe(1);
  });

  it('register rejects every credential that does not authenticate the caller', async () => {
    const { kontrol, url } = await startKontrol();
    const [own, foreign] = [await testKeyPair(0), await testKeyPair(1)];
    const { claims } = decodeJwt(await kontrol.newKiteKey('alice'));
    const hour = 3600;
    const now = Date.now() / 1000;
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`;
    const attempts: [unknown, string][] = [
      [null, 'No authentication information is provided'],
      [{}, 'No authentication information is provided'],
      [{ type: 'password', key: 'x' }, 'Unknown authentication type'],
      [{ type: 'kiteKey', key: none }, 'the algorithm is not RS256'],
      [{ type: 'kiteKey', key: signJwt(claims, foreign.privateKey) }, 'the signature is invalid'],
      [
        { type: 'kiteKey', key: testKiteKey('alice', foreign, systemClock).jwt },
        'not signed by this Kontrol',
      ],
      [{ type: 'kiteKey', key: signJwt({ ...claims, exp: now - hour }, own.privateKey) }, 'it has expired'],
      [
        { type: 'kiteKey', key: signJwt({ ...claims, nbf: now + hour }, own.privateKey) },
        'it is not valid yet',
      ],
      [{ type: 'token', key: await tokenFor(kontrol) }, 'Unexpected authentication type: token'],
    ];
    for (const [authentication, reason] of attempts) {
      const call = { kite: testIdentity(), authentication, withArgs: [{ url: MATH }] };
      expect(await raw(url, 'register', call)).toMatchObject({
        error: { type: 'authenticationError', message: expect.stringContaining(reason) },
      });
    }
    expect(kontrol.status().kites).toBe(1);
  });

  it('register rejects the id of a kite of another user until that kite deregisters', async () => {
    const { kontrol, url } = await startKontrol();
    const bob = await connect(kontrol, 'bob');
    await bob.tell('register', { url: MATH });
    const watcher = await connect(kontrol, 'bob');
    const gone = new Promise(
      (resolve) => void watcher.subscribe('getKites', { query, watchCallback: resolve }),
    );
    const authentication = { type: 'kiteKey', key: await kontrol.newKiteKey('mallory') };
    const call = { kite: bob.kite.identity, authentication, withArgs: [{ url: 'http://evil/kite' }] };
    expect(await raw(url, 'register', call)).toMatchObject({ error: { code: 'idTaken' } });
    const { kites } = await bob.tell<{ kites: KiteWithToken[] }>('getKites', { query });
    expect(kites).toMatchObject([{ url: MATH }]);
    bob.close();
    await gone;
    expect(await raw(url, 'register', call)).toMatchObject({ error: null });
  });
});

async function tokenFor(kontrol: Parameters<typeof connect>[0]): Promise<string> {
  return (await connect(kontrol, 'alice')).tell('getToken', { username: 'kontrol' });
}

describe('a kite whose connection breaks', () => {
  it('a kite whose connection breaks is found for a moment, and again when it reconnects', async () => {
    const clock = new ManualClock();
    const { kontrol, url } = await startKontrol({ clock });
    const asking = await connect(kontrol, 'bob', { kite: { clock } });
    const authentication = { type: 'kiteKey', key: await kontrol.newKiteKey('bob') };
    const call = { kite: testIdentity({ username: 'bob' }), authentication, withArgs: [{ url: MATH }] };
    const count = async (): Promise<number> => (await asking.kite.getKites(query)).length;
    const dropped = new Promise<void>((resolve) => kontrol.kite.on('disconnect', () => resolve()));
    // Disconnects without a close frame, as Go clients do.
    await raw(url, 'register', call);
    await dropped;
    clock.advance(14_000);
    expect(await count()).toBe(1);
    clock.advance(1000);
    expect(await count()).toBe(0);
    await raw(url, 'register', call);
    expect(await count()).toBe(1);
  });

  it('a kite is found again if its heartbeat arrives after its lease expired', async () => {
    const clock = new ManualClock();
    const { kontrol } = await startKontrol({ clock });
    const [math, asking] = [
      await connect(kontrol, 'bob', { kite: { clock } }),
      await connect(kontrol, 'bob', { kite: { clock } }),
    ];
    await math.tell('register', { url: MATH });
    const { ping } = await math.heartbeat;
    const events: string[] = [];
    const back = new Promise<void>((resolve) => {
      const watchCallback = ({ result }: { result: { action: string } }): void => {
        if (events.push(result.action) === 2) resolve();
      };
      void asking.subscribe('getKites', { query, watchCallback });
    });
    await asking.tell('kite.ping');
    clock.advance(40_000);
    ping();
    await back;
    expect(events).toEqual(['DEREGISTER', 'REGISTER']);
  });
});

it('a Kontrol that closes ends only its own registration', async () => {
  const { kontrol, storage } = await startKontrol();
  const math = await connect(kontrol, 'bob');
  await math.tell('register', { url: MATH });
  await kontrol.close();
  expect([...storage.stored.keys()]).toEqual([math.kite.identity.id]);
});

it('a store that is down fails registrations with a reason and readiness, but not queries', async () => {
  const { kontrol, storage, origin } = await startKontrol();
  const math = await connect(kontrol, 'bob');
  await math.tell('register', { url: MATH });
  storage.down = true;
  const late = await connect(kontrol, 'bob');
  await expect(late.tell('register', { url: MATH })).rejects.toMatchObject({
    code: 'storeUnavailable',
    message: expect.stringContaining('try again later'),
  });
  const auth = { type: 'kiteKey', key: late.key.jwt };
  const body = JSON.stringify({ url: MATH, kite: late.kite.identity, auth });
  expect((await fetch(`${origin}/register`, { method: 'POST', body })).status).toBe(500);
  expect((await late.tell<{ kites: KiteWithToken[] }>('getKites', { query })).kites).toHaveLength(1);
  expect((await fetch(`${origin}/readyz`)).status).toBe(503);
  expect((await fetch(`${origin}/healthz`)).status).toBe(200);
  expect(kontrol.status().storage).toMatchObject({
    online: false,
    problem: expect.stringContaining('took it away'),
  });
});
