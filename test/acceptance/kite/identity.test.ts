import { describe, expect, it } from 'vitest';
import type { CallerIdentity } from '../../../src/lib/kite/call/caller-identity.js';
import type { IncomingCall } from '../../../src/lib/kite/call/envelope.js';
import type { Allow } from '../../../src/lib/kite/serve/allow-rule.js';
import type { KiteDescription } from '../../../src/lib/kite/serve/method-host.js';
import { defaultLimits } from '../../../src/lib/kite/limits/kite-limits.js';
import { KiteError } from '../../../src/lib/protocol/errors.js';
import { connected, makeCore, memoryDialer, settled } from '../../helpers/kite/cores.js';
import { running } from '../../helpers/kite/endless.js';

const CLAIMS: Readonly<Record<string, CallerIdentity['claims']>> = {
  alice: { role: 'admin', teams: ['a', 'b'], level: 3, active: true },
  bob: { role: 'reader', teams: ['b'], level: 1, active: false },
};

/** Checks of credentials that wait until the test decides, in the order in which they begin. */
function pendingChecks() {
  const checks: { name: string; accept: () => void; refuse: () => void }[] = [];
  const verify = ({ auth }: IncomingCall): Promise<CallerIdentity> => {
    const { key } = auth as { key: string };
    return new Promise((resolve, reject) => {
      checks.push({
        name: key,
        accept: () => resolve({ username: key, claims: CLAIMS[key] ?? {} }),
        refuse: () => reject(new KiteError('authenticationError', `not ${key}`)),
      });
    });
  };
  return { checks, verify };
}

/** A kite with claims for its users, and a client of each user. */
async function withUsers() {
  const server = makeCore({
    verify({ auth }) {
      const { key } = (auth ?? {}) as { key?: string };
      if (key === undefined) throw new KiteError('authenticationError', 'Who are you?');
      return { username: key, claims: CLAIMS[key] ?? {} };
    },
  });
  const caller = makeCore({ dialer: memoryDialer(server).dialer });
  const clientOf = async (key?: string) => {
    const client = caller.newClient('memory:', { auth: key === undefined ? null : { type: 'name', key } });
    await client.dial();
    return client;
  };
  return { server, alice: await clientOf('alice'), bob: await clientOf('bob'), stranger: await clientOf() };
}

describe('an identity', () => {
  it('the identity of a caller has the claims that its check has returned', async () => {
    const { server, alice } = await withUsers();
    server.handle('who', ({ identity, username }) => [identity, username]);
    expect(await alice.tell('who')).toEqual([{ username: 'alice', claims: CLAIMS['alice'] }, 'alice']);
    server.handle('open', ({ identity, username }) => [identity ?? 'none', username]).disableAuthentication();
    expect(await alice.tell('open')).toEqual(['none', '']);
  });
});

describe('an asynchronous check of credentials', () => {
  it('calls of one connection run in order, and those behind a check wait for it', async () => {
    const { checks, verify } = pendingChecks();
    const { server, client } = await connected({ verify });
    const ran: unknown[] = [];
    server.handle('note', ({ args: [n], username }) => void ran.push([n, username]));
    server.handle('open', ({ args: [n] }) => void ran.push(n)).disableAuthentication();
    const calls = [
      client.tell('note', 1),
      client.tell('open', 2),
      client.tell('note', 3),
      client.tell('open', 4),
    ];
    await settled();
    expect([ran, checks.length, running(server)]).toEqual([[], 1, [4]]);
    checks[0]?.accept();
    await settled();
    expect([ran, checks.length, running(server)]).toEqual([[[1, 'bob'], 2], 2, [2]]);
    checks[1]?.accept();
    await Promise.all(calls);
    expect(ran).toEqual([[1, 'bob'], 2, [3, 'bob'], 4]);
    expect(running(server)).toEqual([0]);
  });

  it('calls of other connections do not wait for a check', async () => {
    const { checks, verify } = pendingChecks();
    const { server, caller, client } = await connected({ verify });
    server.handle('closed', () => 'closed');
    const other = caller.newClient('memory:');
    await other.dial();
    const waiting = client.tell('closed');
    expect(await other.tell('kite.ping')).toBe('pong');
    await settled();
    checks[0]?.accept();
    expect(await waiting).toBe('closed');
  });

  it('calls behind a check that fails run, and the checked call gets its error', async () => {
    const { checks, verify } = pendingChecks();
    const { server, client } = await connected({ verify });
    server.handle('closed', () => 'closed');
    const refused = expect(client.tell('closed')).rejects.toThrow('not bob');
    const open = client.tell('kite.ping');
    await settled();
    checks[0]?.refuse();
    await refused;
    expect(await open).toBe('pong');
    expect(running(server)).toEqual([0]);
  });

  it('a call that its caller cancels during the check, or behind it, does not run', async () => {
    const { checks, verify } = pendingChecks();
    const { server, client } = await connected({ verify });
    const ran: unknown[] = [];
    await client.tell('kite.ping');
    server.handle('note', ({ args: [n] }) => void ran.push(n));
    const abort = new AbortController();
    const canceled = [1, 2].map((n) =>
      expect(client.call('note', [n], { signal: abort.signal })).rejects.toThrow('aborted'),
    );
    const third = client.tell('note', 3);
    await settled();
    abort.abort();
    await Promise.all(canceled);
    await settled();
    checks[0]?.accept();
    await settled();
    checks[1]?.accept();
    await third;
    expect(ran).toEqual([3]);
    expect(running(server)).toEqual([0]);
  });

  it('a call whose deadline passes during the check, or behind it, does not run', async () => {
    const { checks, verify } = pendingChecks();
    const { server, client } = await connected({ verify });
    const ran: unknown[] = [];
    await client.tell('kite.ping');
    server.handle('note', ({ args: [n], timeLeft }) => void ran.push([n, timeLeft]));
    const late = [1, 2].map((n) =>
      expect(client.call('note', [n], { timeout: 100 })).rejects.toMatchObject({ type: 'timeout' }),
    );
    const third = client.call('note', [3], { timeout: 1000 });
    await settled();
    server.clock.advance(100);
    checks[0]?.accept();
    await settled();
    checks[1]?.accept();
    await Promise.all([...late, third]);
    expect(ran).toEqual([[3, 900]]);
    expect(running(server)).toEqual([0]);
  });

  it('calls of a connection that has ended during the check do not run', async () => {
    const { checks, verify } = pendingChecks();
    const { server, client } = await connected({ verify });
    const ran: unknown[] = [];
    server.handle('note', ({ args: [n] }) => void ran.push(n));
    const lost = [1, 2].map((n) =>
      expect(client.tell('note', n)).rejects.toMatchObject({ type: 'disconnect' }),
    );
    await settled();
    client.close();
    await Promise.all(lost);
    checks[0]?.accept();
    await settled();
    expect(ran).toEqual([]);
    expect(checks).toHaveLength(1);
  });

  it('a peer whose calls wait for a check is not read above its limit of calls', async () => {
    const { checks, verify } = pendingChecks();
    const limits = { ...defaultLimits, callsPerConnection: 8 };
    const { server, client, far } = await connected({ verify, limits });
    server.handle('note', () => null);
    const calls = Array.from({ length: 8 }, () => client.tell('note'));
    await settled();
    expect([far.paused, running(server)]).toEqual([false, [8]]);
    const last = client.tell('note');
    await settled();
    expect([far.paused, running(server)]).toEqual([true, [9]]);
    for (let count = 0; count < 9; count++) {
      checks[count]?.accept();
      await settled();
    }
    await Promise.all([...calls, last]);
    expect([far.paused, running(server)]).toEqual([false, [0]]);
  });
});

describe('a method for some callers', () => {
  it.each<[what: string, allow: Allow, allowed: readonly string[]]>([
    ['a username', 'alice', ['alice']],
    ['usernames', ['carol', 'bob'], ['bob']],
    ['a claim', { role: 'admin' }, ['alice']],
    ['a claim with several values', { role: ['reader', 'admin'] }, ['alice', 'bob']],
    ['a claim that is a list', { teams: 'a' }, ['alice']],
    ['a number and a boolean', { level: 1, active: false }, ['bob']],
    ['two claims of different users', { role: 'admin', level: 1 }, []],
    ['a username or a claim', ['bob', { role: 'admin' }], ['alice', 'bob']],
    ['a claim of another type', { level: '3' }, []],
    ['an inherited property', { constructor: 'Object' }, []],
    ['a function', ({ claims }) => claims['level'] === 3, ['alice']],
    ['an async function', ({ username }) => Promise.resolve(username === 'bob'), ['bob']],
    ['an async function or a username', [() => Promise.resolve(false), 'alice'], ['alice']],
    ['a function that returns a truthy value', () => 1 as unknown as boolean, []],
    ['a function that throws', () => Promise.reject(new Error('no database')), []],
  ])(
    'a method for %s is for these callers only, and is described to them only',
    async (_what, allow, allowed) => {
      const users = await withUsers();
      const jsonSchema = { type: 'array', description: 'secret' };
      users.server.handle('some', { allow, jsonSchema }, ({ username }) => username);
      for (const name of ['alice', 'bob'] as const) {
        const { methods } = await users[name].tell<KiteDescription>('kite.describe');
        expect(methods.some((method) => method.name === 'some')).toBe(allowed.includes(name));
        if (allowed.includes(name)) expect(await users[name].tell('some')).toBe(name);
        else await expect(users[name].tell('some')).rejects.toMatchObject({ name: 'KiteError' });
      }
      await expect(users.stranger.tell('some')).rejects.toMatchObject({ type: 'authenticationError' });
      await expect(users.stranger.tell('kite.describe')).rejects.toMatchObject({
        type: 'authenticationError',
      });
    },
  );

  it('a caller without the role gets the same error for every argument, and the schema does not run', async () => {
    const { server, bob, stranger } = await withUsers();
    let validated = 0;
    const args = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate() {
          validated++;
          return { issues: [{ message: 'a secret rule' }] };
        },
      },
    };
    server.handle('admin', { allow: { role: 'admin' }, args }, () => 1);
    const failures = await Promise.all(
      [[], [1], ['x', {}], [null]].map((values) =>
        bob.tell('admin', ...values).catch((error: KiteError) => error),
      ),
    );
    for (const error of failures)
      expect(error).toMatchObject({
        type: 'authenticationError',
        code: 'notAllowed',
        message: '"bob" may not call the method "admin"',
      });
    await expect(stranger.tell('admin', 1)).rejects.toMatchObject({ type: 'authenticationError' });
    expect(validated).toBe(0);
  });

  it.each([
    ['a value that cannot be represented', '[12345678901234567890]'],
    ['a malformed tagged value', '[{"$":"Date"}]'],
    ['no list', '"x"'],
  ])('a stranger that sends %s learns only that it has to authenticate', async (_what, withArgs) => {
    const { server, far } = await connected({}, { auth: null });
    server.handle('closed', () => 1);
    const args = `[{"authentication":null,"responseCallback":"[Function]","withArgs":${withArgs}}]`;
    far.deliver(
      `{"method":"closed","arguments":${args},"callbacks":{"7":[0,"responseCallback"]},"values":true}`,
    );
    await settled();
    expect(far.sent.at(-1)).toContain('authenticationError');
  });

  it('a method for some callers cannot be opened for everyone, and a dialed kite that is trusted is not one of them', async () => {
    const { server, caller, client } = await connected();
    const method = server.handle('some', { allow: 'bob' }, () => 1);
    expect(() => method.disableAuthentication()).toThrow('"some" has the option allow');
    caller.handle('some', { allow: 'bob' }, () => 1);
    server.handle('callback', ({ client: peer }) => peer.tell('some'));
    const trusting = caller.newClient('memory:', { auth: { type: 'name', key: 'bob' }, trustRemote: true });
    await trusting.dial();
    await expect(trusting.tell('callback')).rejects.toMatchObject({ type: 'authenticationError' });
    client.close();
  });

  it.each([
    [''],
    [[]],
    [{}],
    [null],
    [1],
    [true],
    [[undefined]],
    [{ role: [] }],
    [{ role: {} }],
    [['bob', '']],
  ])('a method cannot have the option allow %j', (allow) => {
    expect(() => makeCore().handle('some', { allow: allow as unknown as Allow }, () => 1)).toThrow(
      'The option allow of "some" is not',
    );
  });
});

describe('a rate for each caller', () => {
  it('each caller of a method has a rate of its own, in addition to that of the method', async () => {
    const { server, alice, bob } = await withUsers();
    server
      .handle('search', () => 'found')
      .throttle({ interval: 1000, capacity: 3 })
      .throttle({ interval: 1000, capacity: 1, per: 'caller' });
    const limited = { type: 'requestLimitError' };
    expect(await alice.tell('search')).toBe('found');
    // A caller above its own rate does not use up that of the method.
    for (const _time of [1, 2, 3]) await expect(alice.tell('search')).rejects.toMatchObject(limited);
    expect(await bob.tell('search')).toBe('found');
    server.clock.advance(1000);
    expect(await alice.tell('search')).toBe('found');
    const { methods } = server.describe();
    expect(methods.find(({ name }) => name === 'search')).toMatchObject({
      throttle: { interval: 1000, capacity: 3 },
      throttlePerCaller: { interval: 1000, capacity: 1 },
    });
  });

  it.each([
    { interval: 0, capacity: 1 },
    { interval: 1, capacity: 0 },
  ])('each caller of a method cannot have the rate %j', (rate) => {
    expect(() =>
      makeCore()
        .handle('m', () => 1)
        .throttle({ ...rate, per: 'caller' }),
    ).toThrow(RangeError);
  });
});

describe('a kite without authentication', () => {
  it('a kite without authentication lets everyone call its methods, except those for some callers', async () => {
    const { server, client } = await connected({ disableAuthentication: true }, { auth: null });
    server.handle('square', ({ args: [n] }) => (n as number) ** 2);
    server.handle('admin', { allow: 'bob' }, () => 1);
    expect(await client.tell('square', 4)).toBe(16);
    await expect(client.tell('admin')).rejects.toMatchObject({ type: 'authenticationError' });
    const { methods } = await client.tell<KiteDescription>('kite.describe');
    expect(methods.map(({ name }) => name)).toContain('square');
    expect(methods.map(({ name }) => name)).not.toContain('admin');
  });
});
