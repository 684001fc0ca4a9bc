import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import type { ArgsSchema } from '../../../src/lib/kite/serve/argument-schema.js';
import type { FinalFunc, Handler, Middleware } from '../../../src/lib/kite/serve/method.js';
import type { Request } from '../../../src/lib/kite/serve/request.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { connected, makeCore, settled } from '../../helpers/kite/cores.js';

/** A schema of one number. */
const oneNumber: ArgsSchema<[number]> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      Array.isArray(value) && typeof value[0] === 'number'
        ? { value: [value[0]] }
        : { issues: [{ message: 'not a number', path: [0] }] },
  },
};

const note =
  (ran: string[], name: string): Middleware =>
  async (_request, next) => {
    ran.push(`${name} begins`);
    try {
      return await next();
    } finally {
      ran.push(`${name} ends`);
    }
  };

describe('middleware', () => {
  it('middleware of the kite runs around that of the method, and both around the schema and all handlers', async () => {
    const { server, client } = await connected();
    const ran: string[] = [];
    const step = (name: string) => () => void ran.push(name);
    server.chain.around.push(note(ran, 'first'), note(ran, 'second'));
    server.chain.pre.push(step('kite pre'));
    server.chain.post.push(step('kite post'));
    server.chain.final.push(step('kite final'));
    server
      .handle('square', { args: oneNumber }, ({ args: [n] }) => {
        ran.push('handler');
        return n * n;
      })
      .preHandle(step('pre'))
      .postHandle(step('post'))
      .finalFunc(step('final'))
      .use(note(ran, 'method'));
    expect(await client.tell('square', 4)).toBe(16);
    const around = ['first begins', 'second begins', 'method begins'];
    const after = ['method ends', 'second ends', 'first ends'];
    const inner = ['pre', 'kite pre', 'handler', 'post', 'kite post'];
    expect(ran).toEqual([...around, ...inner, 'final', 'kite final', ...after]);
    ran.length = 0;
    await expect(client.tell('square', 'x')).rejects.toMatchObject({ type: 'argumentError' });
    expect(ran).toEqual([...around, 'final', 'kite final', ...after]);
  });

  it('middleware passes values on to handlers in the context of the request', async () => {
    const { server, client } = await connected();
    server.chain.around.push((request, next) => {
      Object.assign(request.context, { account: `account of ${request.username}` });
      return next();
    });
    server.handle('who', ({ context }) => ({ ...context }));
    expect(await client.tell('who')).toEqual({ account: 'account of bob' });
    server.handle('empty', ({ context }) => [Object.getPrototypeOf(context) === null, 'toString' in context]);
    expect(await client.tell('empty')).toEqual([true, false]);
  });

  it('middleware may answer a call without its handler, and change its result or its error', async () => {
    const { server, client } = await connected();
    const ran: string[] = [];
    const handler = () => void ran.push('handler');
    server.handle('cached', handler).use(() => 'from the cache');
    server.handle('nothing', handler).use(() => null);
    server.handle('more', () => 1).use(async (_request, next) => ((await next()) as number) + 1);
    server
      .handle('repaired', () => Promise.reject(new Error('no')))
      .use((_request, next) => next().catch(() => 0));
    server
      .handle('changed', () => Promise.reject(new Error('no')))
      .use((_request, next) =>
        next().catch(() => {
          throw new Error('something else');
        }),
      );
    expect(await client.tell('cached')).toBe('from the cache');
    expect(await client.tell('nothing')).toBeNull();
    expect(ran).toEqual([]);
    expect(await client.tell('more')).toBe(2);
    expect(await client.tell('repaired')).toBe(0);
    await expect(client.tell('changed')).rejects.toThrow('something else');
  });

  it('middleware that returns nothing does not change the result, and may wait for it or not', async () => {
    const { server, client } = await connected();
    server.handle('waits', () => 1).use(async (_request, next) => void (await next()));
    server.handle('does not wait', () => 1).use((_request, next) => void next());
    server.handle('fails', () => Promise.reject(new Error('no'))).use((_request, next) => void next());
    server
      .handle('ignored', () => Promise.reject(new Error('no')))
      .use((_request, next) => {
        void next();
        return 'answer';
      });
    expect(await client.tell('waits')).toBe(1);
    expect(await client.tell('does not wait')).toBe(1);
    await expect(client.tell('fails')).rejects.toThrow('no');
    expect(await client.tell('ignored')).toBe('answer');
  });

  it('middleware that neither returns a result nor calls next, or calls it twice, makes the call fail', async () => {
    const { server, client } = await connected();
    let runs = 0;
    server.handle('forgotten', () => 1).use(() => undefined);
    server
      .handle('twice', () => ++runs)
      .use(async (_request, next) => {
        await next();
        return next();
      });
    await expect(client.tell('forgotten')).rejects.toThrow(
      'Middleware of the method "forgotten" neither called next() nor returned a result: call next() to run the handler, or return the result of the call',
    );
    await expect(client.tell('twice')).rejects.toThrow(
      'Middleware of the method "twice" called next() again: call it once, and reuse its promise',
    );
    expect(runs).toBe(1);
  });

  it('middleware that is not a function is rejected when it is added, and never lets a call pass the rest', async () => {
    const { server, client } = await connected();
    const kite = new Kite('math', '1.0.0', { kiteKey: false, env: {}, logger: silentLogger });
    onTestFinished(() => kite.close());
    const method = server.handle('square', { args: oneNumber }, () => 'ran');
    const missing = undefined as unknown as Middleware & Handler & FinalFunc;
    const deny: Middleware = () => Promise.reject(new Error('denied'));
    for (const add of [
      () => kite.use(missing, deny),
      () => kite.preHandle(missing),
      () => kite.postHandle(missing),
      () => kite.finalFunc(missing),
      () => method.use(deny, missing),
      () => method.preHandle(missing),
      () => method.postHandle(missing),
      () => method.finalFunc(missing),
    ])
      expect(add).toThrow(new TypeError('undefined is not a function'));
    expect(await client.tell('square', 4)).toBe('ran');
    // Also if it is there in spite of that.
    server.chain.around.push(missing, deny);
    await expect(client.tell('square', 4)).rejects.toThrow('not a function');
  });

  it('middleware gets the stream of a method, before its items are made', async () => {
    const { server, client } = await connected();
    const ran: string[] = [];
    server.chain.around.push(note(ran, 'middleware'));
    server.handle('count', async function* () {
      ran.push('item');
      yield 1;
      yield 2;
    });
    const items: unknown[] = [];
    for await (const item of client.stream('count')) items.push(item);
    expect(items).toEqual([1, 2]);
    expect(ran).toEqual(['middleware begins', 'middleware ends', 'item']);
  });
});

describe('the options of a method', () => {
  it.each([{}, 5, { '~standard': {} }, () => true, null])(
    'a method whose schema is %s is not added',
    (args) => {
      const server = makeCore();
      const options = { args } as unknown as { args: ArgsSchema<[number]> };
      expect(() => server.handle('square', options, () => 1)).toThrow(
        new TypeError('The option args of "square" is not a schema (https://standardschema.dev)'),
      );
    },
  );

  it('methods are added all or none, also if a later one has an option that cannot be used', () => {
    const server = makeCore();
    const before = server.describe();
    for (const bad of [{ allow: [] }, { args: {} }, { timeout: -1 }, { handler: 5 }, 5])
      expect(() =>
        server.methods({
          first: () => 1,
          second: typeof bad === 'number' ? bad : { handler: () => 1, ...bad },
        }),
      ).toThrow(TypeError);
    expect(server.describe()).toEqual(before);
  });

  it('a method whose list of callers contains a list is not added', () => {
    const options = { allow: [['bob']] } as unknown as { allow: string };
    expect(() => makeCore().handle('square', options, () => 1)).toThrow('The option allow of "square"');
  });
});

describe('calls that are refused', () => {
  /** Calls that are refused, by the reason, with the type of their error. */
  const REFUSALS: Readonly<Record<string, readonly [method: string, args: unknown[], type: string]>> = {
    'an unknown method': ['nope', [], 'methodNotFound'],
    authentication: ['closed', [], 'authenticationError'],
    'a role': ['admin', [], 'authenticationError'],
    'the rate of the method': ['limited', [], 'requestLimitError'],
    'the rate of the caller': ['limitedCaller', [], 'requestLimitError'],
    'the schema': ['square', ['x'], 'argumentError'],
    metadata: ['metadata', [], 'argumentError'],
    'the end of the kite': ['draining', [], 'disconnect'],
  };

  console.log(`${Object.keys(REFUSALS).length} reasons for which a call is refused`);

  it.each(Object.entries(REFUSALS))(
    'a call that is refused because of %s reaches observers, and no middleware',
    async (_reason, [method, args, type]) => {
      const auth = method === 'closed' ? null : { type: 'name', key: 'bob' };
      const { server, client, far } = await connected({}, { auth });
      const middleware: string[] = [];
      const refused: [Request, unknown][] = [];
      server.on('refused', (request, error) => void refused.push([request, error]));
      server.chain.around.push((request, next) => {
        middleware.push(request.method);
        return next();
      });
      server.handle('closed', () => 1);
      server.handle('admin', { allow: 'alice' }, () => 1);
      server.handle('limited', () => 1).throttle({ interval: 1000, capacity: 1 });
      server.handle('limitedCaller', () => 1).throttle({ interval: 1000, capacity: 1, per: 'caller' });
      server.handle('square', { args: oneNumber }, ({ args: [n] }) => n * n);
      if (method.startsWith('limited')) await client.tell(method);
      server.handle('draining', () => 1);
      if (method === 'draining') server.drain();
      middleware.length = 0;
      if (method === 'metadata') {
        server.handle('metadata', () => 1);
        const call = `{"authentication":{"type":"name","key":"bob"},"metadata":{"a":1},"withArgs":[]}`;
        far.deliver(`{"method":"metadata","arguments":[${call}],"callbacks":{}}`);
        await settled();
      } else await expect(client.tell(method, ...args)).rejects.toMatchObject({ type });
      expect(refused).toHaveLength(1);
      expect(refused[0]?.[0].method).toBe(method);
      expect(refused[0]?.[1]).toMatchObject({ type });
      // Only the schema is inside of the middleware.
      expect(middleware).toEqual(method === 'square' ? ['square'] : []);
    },
  );

  it('an observer of refused calls that throws does not affect the call', async () => {
    const { server, client } = await connected();
    server.on('refused', () => {
      throw new Error('observer failed');
    });
    await expect(client.tell('nope')).rejects.toMatchObject({ type: 'methodNotFound' });
    expect(await client.tell('kite.ping')).toBe('pong');
  });
});
