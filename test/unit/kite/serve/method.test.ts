import { describe, expect, it } from 'vitest';
import type { KiteDescription } from '../../../../src/lib/kite/kite-core.js';
import { addHeartbeatMethod } from '../../../../src/lib/kite/serve/heartbeat-method.js';
import type { Request } from '../../../../src/lib/kite/serve/request.js';
import type { ArgsSchema } from '../../../../src/lib/kite/serve/argument-schema.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';
import { makeCore, memoryDialer, settled } from '../../../helpers/cores.js';

const bob = { type: 'name', key: 'bob' };

async function connected(options: Parameters<typeof makeCore>[0] = {}, auth: typeof bob | null = bob) {
  const server = makeCore(options);
  const { dialer, ends } = memoryDialer(server);
  const caller = makeCore({ dialer });
  const client = caller.newClient('memory:', { auth });
  await client.dial();
  const end = ends[0];
  if (!end) throw new Error('not dialled');
  return { server, caller, client, ...end };
}

describe('authentication', () => {
  it('is asked of every method that does not say otherwise', async () => {
    const { server, client } = await connected({}, null);
    server.handle('closed', () => 1);
    server.handle('open', () => 2).disableAuthentication();
    await expect(client.tell('closed')).rejects.toMatchObject({
      type: 'authenticationError',
      message: 'No authentication information is provided',
      id: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    });
    expect(await client.tell('open')).toBe(2);
  });

  it('names the caller, whatever the caller says of itself', async () => {
    const { server, client } = await connected({}, { type: 'name', key: 'mallory' });
    server.handle('who', ({ username, kite, auth }) => [username, kite.username, kite.name, auth]);
    expect(await client.tell('who')).toEqual([
      'mallory',
      'mallory',
      'math',
      { type: 'name', key: 'mallory' },
    ]);
  });

  it('is asked of a kite that was dialled as well, but for the methods that the program trusts it with', async () => {
    const { server, caller, client } = await connected();
    caller.handle('secret', () => 'secret');
    caller.handle('hello', () => 'hello');
    server.handle('callback', ({ client: peer, args: [method] }) => peer.tell(method as string));
    await expect(client.tell('callback', 'hello')).rejects.toMatchObject({ type: 'authenticationError' });
    const trusting = caller.newClient('memory:', { auth: bob, trustRemote: ['hello'] });
    await trusting.dial();
    expect(await trusting.tell('callback', 'hello')).toBe('hello');
    await expect(trusting.tell('callback', 'secret')).rejects.toMatchObject({ type: 'authenticationError' });
    const all = caller.newClient('memory:', { auth: bob, trustRemote: true });
    await all.dial();
    expect(await all.tell('callback', 'secret')).toBe('secret');
  });
});

describe('a throttled method', () => {
  it('refuses what is beyond its rate and takes calls again as time passes', async () => {
    const { server, client } = await connected();
    server.handle('limited', () => 'ok').throttle({ interval: 1000, capacity: 2 });
    expect(await client.tell('limited')).toBe('ok');
    expect(await client.tell('limited')).toBe('ok');
    await expect(client.tell('limited')).rejects.toMatchObject({
      type: 'requestLimitError',
      message: 'The maximum request rate is exceeded.',
    });
    server.clock.advance(999);
    await expect(client.tell('limited')).rejects.toMatchObject({ type: 'requestLimitError' });
    server.clock.advance(1);
    expect(await client.tell('limited')).toBe('ok');
  });

  it.each([
    [{ interval: 0, capacity: 1 }],
    [{ interval: -1, capacity: 1 }],
    [{ interval: 1, capacity: 0 }],
    [{ interval: Number.NaN, capacity: 1 }],
  ])('cannot have the rate %j', (rate) => {
    expect(() =>
      makeCore()
        .handle('m', () => 1)
        .throttle(rate),
    ).toThrow(RangeError);
  });
});

describe('handlers around a method', () => {
  it('run in order: its own, then the kite’s; before, the method, after, finally', async () => {
    const { server, client } = await connected();
    const ran: string[] = [];
    const step = (name: string) => () => void ran.push(name);
    server.preHandle(step('kite pre')).postHandle(step('kite post')).finalFunc(step('kite final'));
    server
      .handle('m', step('method'))
      .preHandle(step('pre'))
      .postHandle(step('post'))
      .finalFunc(step('final'));
    await client.tell('m');
    expect(ran).toEqual(['pre', 'kite pre', 'method', 'post', 'kite post', 'final', 'kite final']);
  });

  it('end the call where one fails, but for the final functions', async () => {
    const { server, client } = await connected();
    const ran: string[] = [];
    server
      .handle('m', () => void ran.push('method'))
      .preHandle(() => {
        throw new KiteError('denied', 'not today');
      })
      .finalFunc((_request, { error }) => void ran.push(`final: ${String(error)}`));
    await expect(client.tell('m')).rejects.toMatchObject({ type: 'denied', message: 'not today' });
    expect(ran).toEqual(['final: KiteError: not today']);
  });

  it('may replace the outcome at the end', async () => {
    const { server, client } = await connected();
    server.handle('saved', () => Promise.reject(new Error('lost'))).finalFunc(() => ({ result: 'saved' }));
    server.handle('spoilt', () => 1).finalFunc(() => ({ error: new Error('spoilt') }));
    server.handle('broken', () => 1).finalFunc(() => Promise.reject(new Error('broken')));
    expect(await client.tell('saved')).toBe('saved');
    await expect(client.tell('spoilt')).rejects.toThrow('spoilt');
    await expect(client.tell('broken')).rejects.toThrow('broken');
  });

  it.each([
    ['ReturnMethod', 'method'],
    ['ReturnFirst', 'pre'],
    ['ReturnLatest', 'post'],
  ] as const)('give the result with %s', async (methodHandling, result) => {
    const { server, client } = await connected({ methodHandling });
    server
      .handle('m', () => 'method')
      .preHandle(() => null)
      .preHandle(() => 'pre')
      .postHandle(() => 'post')
      .postHandle(() => undefined);
    expect(await client.tell('m')).toBe(result);
  });

  it('give the result that one method asks for', async () => {
    const { server, client } = await connected();
    server
      .handle('m', () => 'method')
      .postHandle(() => 'post')
      .returns('ReturnLatest');
    expect(await client.tell('m')).toBe('post');
  });
});

describe('arguments', () => {
  const schema: ArgsSchema<[number]> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        Array.isArray(value) && typeof value[0] === 'number'
          ? { value: [value[0]] }
          : { issues: [{ message: 'expected a number', path: [0] }] },
    },
  };

  it('are checked by a schema before the handler sees them', async () => {
    const { server, client } = await connected();
    server.handle('square', { args: schema }, ({ args: [n] }) => n * n);
    expect(await client.tell('square', 4)).toBe(16);
    await expect(client.tell('square', 'foo')).rejects.toMatchObject({
      type: 'argumentError',
      message: 'Bad arguments for "square": 0: expected a number',
    });
  });

  it.each([
    ['"withArgs":4', [4]],
    ['"withArgs":null', []],
    ['"withArgs":{"a":1}', [{ a: 1 }]],
    ['"withArgs":[]', []],
    ['"kite":null', []],
  ])('may be written as kite.js writes them: %s', async (written, args) => {
    const { server, far } = await connected();
    let seen: unknown;
    server.handle('m', (request) => void (seen = request.args)).disableAuthentication();
    far.deliver(`{"method":"m","arguments":[{${written}}],"callbacks":{}}`);
    await settled();
    expect(seen).toEqual(args);
  });

  it('that are not what a kite sends get an error where one can be sent', async () => {
    const { server, far } = await connected();
    server.handle('m', () => 1).disableAuthentication();
    far.deliver('{"method":"m","arguments":[4],"callbacks":{}}');
    await settled();
    expect(far.sent).toHaveLength(0);
    far.deliver(
      '{"method":"m","arguments":[{"responseCallback":1},{}],"callbacks":{"7":["0","responseCallback"]}}',
    );
    expect(far.sent).toHaveLength(1);
    expect(JSON.parse(far.sent[0] ?? '')).toMatchObject({
      method: 7,
      arguments: [{ error: { type: 'argumentError' } }],
    });
  });
});

describe('calls of one connection', () => {
  it('run one after the other with concurrent: false', async () => {
    const { server, client } = await connected({ concurrent: false });
    const ran: string[] = [];
    server.handle<[string]>('m', async ({ args: [name] }) => {
      ran.push(`${name} begins`);
      await settled();
      ran.push(`${name} ends`);
    });
    await Promise.all([client.tell('m', 'a'), client.tell('m', 'b')]);
    expect(ran).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('go on after one that failed with concurrent: false', async () => {
    const { server, client } = await connected({ concurrent: false });
    server.handle('fail', () => Promise.reject(new Error('failed')));
    server.handle('ok', () => 'ok');
    const failed = expect(client.tell('fail')).rejects.toThrow('failed');
    expect(await client.tell('ok')).toBe('ok');
    await failed;
  });
});

describe('a request', () => {
  it('has a signal that aborts when the caller is gone, and not when the call is over', async () => {
    const { server, client } = await connected();
    const signals: AbortSignal[] = [];
    server.handle('done', ({ signal }) => void signals.push(signal));
    server.handle('never', ({ signal }) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    await client.tell('done');
    client.tell('never').catch(() => {});
    await settled();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
    client.close();
    await settled();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
  });
});

describe('events of a kite', () => {
  it('tell of each peer that connects, calls for the first time, and goes', async () => {
    const server = makeCore();
    const seen: string[] = [];
    server.on('connect', () => seen.push('connect'));
    server.on('firstRequest', (peer) =>
      seen.push(`firstRequest of ${(peer as Request['client'] & { kite?: { name: string } }).kite?.name}`),
    );
    server.on('disconnect', () => seen.push('disconnect'));
    const client = makeCore({ dialer: memoryDialer(server).dialer }).newClient('memory:');
    await client.dial();
    await client.tell('kite.ping');
    await client.tell('kite.ping');
    client.close();
    await settled();
    expect(seen).toEqual(['connect', 'firstRequest of math', 'disconnect']);
  });
});

/** As Kontrol sees a kite that has registered: it is called on the connection that it opened, and trusted with this. */
async function kontrolConnected() {
  const { server: kontrol, caller, client } = await connected();
  const peer = new Promise<Request['client']>((resolve) => {
    kontrol.handle('register', (request) => resolve(request.client));
  });
  const link = caller.newClient('memory:', { auth: bob, trustRemote: ['kite.heartbeat'] });
  await link.dial();
  client.close();
  await link.call('register', [], { timeout: 0 });
  await settled();
  return { server: caller, client: await peer };
}

describe('kite.heartbeat', () => {
  it('is refused to callers, also authenticated ones, and to kites that were only dialled', async () => {
    const { server, caller, client } = await connected();
    const refused = {
      type: 'authenticationError',
      message: expect.stringContaining('heartbeatFrom') as string,
    };
    await expect(client.tell('kite.heartbeat', 10, () => {})).rejects.toMatchObject(refused);
    expect(server.clock.timers).toBe(0);
    server.handle('back', ({ client: peer }) => peer.tell('kite.heartbeat', 10, () => {}));
    await expect(client.tell('back')).rejects.toMatchObject({ type: 'authenticationError' });
    expect(caller.clock.timers).toBeLessThanOrEqual(1);
  });

  it('is answered to anyone who is authenticated where the program says so', async () => {
    const { server, client } = await connected();
    addHeartbeatMethod(server, server.clock, 'anyone');
    let beats = 0;
    await client.tell('kite.heartbeat', 10, () => beats++);
    await settled();
    expect(beats).toBe(1);
  });

  it.each([
    [1, 1],
    [10, 10],
    [0, 1],
    [-1, 1],
    [1e9, 3600],
    [0.001, 1],
  ])('with an interval of %d s calls at once and then every %d s', async (asked, seconds) => {
    const { server, client } = await kontrolConnected();
    let beats = 0;
    await client.tell('kite.heartbeat', asked, () => beats++);
    await settled();
    expect(beats).toBe(1);
    server.clock.advance(seconds * 1000 - 1);
    await settled();
    expect(beats).toBe(1);
    server.clock.advance(1);
    await settled();
    expect(beats).toBe(2);
  });

  it.each([['10'], [null], [{}], [undefined]])('refuses the interval %j', async (interval) => {
    const { server, client } = await kontrolConnected();
    await expect(client.tell('kite.heartbeat', interval, () => {})).rejects.toMatchObject({
      type: 'argumentError',
    });
    await expect(client.tell('kite.heartbeat', 10, 'no function')).rejects.toMatchObject({
      type: 'argumentError',
    });
    expect(server.clock.timers).toBe(0);
  });

  it('asked for again replaces the first, and ends with the connection', async () => {
    const { server, client } = await kontrolConnected();
    let [first, second] = [0, 0];
    await client.tell('kite.heartbeat', 10, () => first++);
    await client.tell('kite.heartbeat', 10, () => second++);
    server.clock.advance(10_000);
    await settled();
    expect([first, second]).toEqual([1, 2]);
    expect(server.clock.timers).toBe(1);
    client.close();
    await settled();
    expect(server.clock.timers).toBe(0);
  });
});

describe('a frame that is no message', () => {
  it.each([
    'null',
    '[]',
    '{',
    '{"method":{}}',
    `{"method":"m","arguments":${'['.repeat(200)}${']'.repeat(200)}}`,
  ])('ends its connection and nothing else: %s', async (frame) => {
    const { server, client, far } = await connected();
    const other = makeCore({ dialer: memoryDialer(server).dialer }).newClient('memory:');
    await other.dial();
    const gone = new Promise<number>((resolve) => client.on('disconnect', resolve));
    far.deliver(frame);
    expect([1002, 1008]).toContain(await gone);
    expect(await other.tell('kite.ping')).toBe('pong');
  });
});

describe('kite.describe', () => {
  it('tells what the kite is and what its methods are, in the order of their names', async () => {
    const { server, client } = await connected();
    const jsonSchema = { type: 'array', maxItems: 1 };
    server
      .handle('b', { description: 'does b', jsonSchema }, () => 1)
      .throttle({ interval: 50, capacity: 2 });
    server.handle('a', () => 1).disableAuthentication();
    const { kite, methods } = await client.tell<KiteDescription>('kite.describe');
    expect(kite).toEqual(server.identity);
    expect(methods.slice(0, 2)).toEqual([
      { name: 'a', authenticated: false },
      {
        name: 'b',
        authenticated: true,
        throttle: { interval: 50, capacity: 2 },
        description: 'does b',
        jsonSchema,
      },
    ]);
    expect(methods.slice(2).map(({ name }) => name)).toEqual([
      'kite.describe',
      'kite.heartbeat',
      'kite.log',
      'kite.ping',
    ]);
  });

  it('makes no JSON Schema of a schema that checks: only what the program gives is told', async () => {
    const { server, client } = await connected();
    const args: ArgsSchema<unknown[]> = {
      '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as unknown[] }) },
    };
    server.handle('a', { args }, () => 1);
    const { methods } = await client.tell<KiteDescription>('kite.describe');
    expect(methods[0]).toEqual({ name: 'a', authenticated: true });
  });

  it('is answered to those who say who they are', async () => {
    const { client } = await connected({}, null);
    await expect(client.tell('kite.describe')).rejects.toMatchObject({ type: 'authenticationError' });
  });
});
