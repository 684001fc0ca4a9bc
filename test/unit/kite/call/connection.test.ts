import { describe, expect, it } from 'vitest';
import type { RemoteFunction } from '../../../../src/lib/kite/call/remote-function.js';
import { SPOKEN_EXTENSIONS } from '../../../../src/lib/protocol/extensions.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';
import { defaultLimits } from '../../../../src/lib/kite/limits/kite-limits.js';
import { connected, makeCore, settled } from '../../../helpers/kite/cores.js';

describe('a call', () => {
  it('a call has the wire format of Go kites', async () => {
    const { server, client, near, far } = await connected();
    server.handle<[number]>('square', ({ args: [n] }) => n * n);
    expect(await client.tell('square', 4)).toBe(16);
    expect(JSON.parse(near.sent[0] ?? '')).toEqual({
      method: 'square',
      arguments: [
        {
          kite: server.identity,
          authentication: { type: 'name', key: 'bob' },
          responseCallback: '[Function]',
          withArgs: [4],
          extensions: SPOKEN_EXTENSIONS,
        },
      ],
      callbacks: { 0: [0, 'responseCallback'] },
    });
    const spoken = JSON.stringify(SPOKEN_EXTENSIONS);
    expect(far.sent[0]).toBe(
      `{"method":0,"arguments":[{"error":null,"result":16,"extensions":${spoken}}],"callbacks":{}}`,
    );
  });

  it('a call rejects with the error of the handler, its type, code and request id', async () => {
    const { server, client } = await connected();
    let id = '';
    server.handle('fail', (request) => {
      id = request.id;
      throw new KiteError('customError', 'it failed', { code: 'E42' });
    });
    server.handle('failPlain', () => Promise.reject(new Error('plain failure')));
    const error = await client.tell('fail').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(KiteError);
    expect(error).toMatchObject({ type: 'customError', message: 'it failed', code: 'E42', id });
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    await expect(client.tell('failPlain')).rejects.toMatchObject({
      type: 'genericError',
      message: 'plain failure',
    });
  });

  it.each(['nosuch', '__proto__', 'toString', 'constructor', ''])(
    'a call of the unknown method %j rejects with methodNotFound',
    async (name) => {
      const { client } = await connected();
      await expect(client.tell(name)).rejects.toMatchObject({
        type: 'methodNotFound',
        message: `Method not found: ${name}`,
        id: '',
      });
    },
  );

  it('a call does not wait for another one', async () => {
    const { server, client } = await connected();
    let finishSlow: (value: string) => void = () => {};
    server.handle('slow', () => new Promise((resolve) => (finishSlow = resolve)));
    server.handle('quick', () => 'quick');
    const slow = client.tell('slow');
    expect(await client.tell('quick')).toBe('quick');
    finishSlow('slow');
    expect(await slow).toBe('slow');
  });

  it('a call rejects at its deadline, and a later answer is ignored', async () => {
    const { server, caller, client } = await connected();
    let answer: (value: number) => void = () => {};
    server.handle('late', () => new Promise((resolve) => (answer = resolve)));
    const call = client.tellWithTimeout(4000, 'late');
    const refused = expect(call).rejects.toMatchObject({
      type: 'timeout',
      message: 'No response to "late" method in 4s',
    });
    await settled();
    caller.clock.advance(3999);
    caller.clock.advance(1);
    await refused;
    answer(1);
    await settled();
  });

  it('a call keeps its own deadline if an earlier call has a longer one', async () => {
    const { server, caller, client } = await connected();
    server.handle('never', () => new Promise(() => {}));
    const long = expect(client.tell('never')).rejects.toMatchObject({
      message: 'No response to "never" method in 15s',
    });
    const short = expect(client.tellWithTimeout(10, 'never')).rejects.toMatchObject({ type: 'timeout' });
    caller.clock.advance(10);
    await short;
    caller.clock.advance(14_990);
    await long;
    expect(caller.clock.timers).toBe(0);
  });

  it('a call has no deadline with a timeout of 0', async () => {
    const { server, caller, client } = await connected();
    let answer: (value: number) => void = () => {};
    server.handle('late', () => new Promise((resolve) => (answer = resolve)));
    const call = client.tellWithTimeout(0, 'late');
    await settled();
    caller.clock.advance(1000 * 60 * 60 * 24);
    answer(1);
    expect(await call).toBe(1);
  });

  it('a call rejects at once when the connection drops', async () => {
    const { server, client, near } = await connected();
    server.handle('never', () => new Promise(() => {}));
    const call = expect(client.tellWithTimeout(0, 'never')).rejects.toMatchObject({ type: 'disconnect' });
    await settled();
    near.close(1006, '');
    await call;
    await expect(client.tell('never')).rejects.toMatchObject({ type: 'disconnect' });
  });

  it('a call ends when its signal aborts', async () => {
    const { server, client } = await connected();
    server.handle('never', () => new Promise(() => {}));
    const controller = new AbortController();
    const call = expect(client.call('never', [], { signal: controller.signal })).rejects.toThrow('enough');
    controller.abort(new Error('enough'));
    await call;
    await expect(client.call('never', [], { signal: controller.signal })).rejects.toThrow('enough');
  });

  it.each([
    [[Symbol('x')], 'The arguments of "echo" cannot be sent: '],
    [[Array.from({ length: 1024 }, () => () => {})], 'It contains 1024 functions'],
  ])('a call whose arguments cannot be serialized rejects with the reason', async (args, message) => {
    const { client } = await connected();
    await expect(client.call('echo', args)).rejects.toMatchObject({
      type: 'argumentError',
      message: expect.stringContaining(message) as string,
    });
  });

  it('a call above the message size limit is rejected before it is sent', async () => {
    const { client, near } = await connected({ limits: { ...defaultLimits, messageBytes: 1000 } });
    await expect(client.tell('echo', 'x'.repeat(1000))).rejects.toMatchObject({ type: 'sendError' });
    expect(near.sent).toEqual([]);
  });

  it('a call whose result cannot be serialized rejects with the reason', async () => {
    const { server, client } = await connected();
    server.handle('big', () => Symbol('big'));
    await expect(client.tell('big')).rejects.toMatchObject({
      type: 'genericError',
      message: expect.stringContaining('The result of "big" cannot be sent') as string,
    });
  });

  it('a call whose handler returns nothing resolves with null', async () => {
    const { server, client } = await connected();
    server.handle('nothing', () => {});
    expect(await client.tell('nothing')).toBeNull();
  });

  it('a call of a client that is not connected rejects with a hint', async () => {
    await expect(makeCore().newClient('http://h/kite').tell('m')).rejects.toThrow(
      'Not connected to http://h/kite: call dial() first',
    );
  });
});

describe('an answer', () => {
  it.each([
    ['"text"', { type: 'invalidResponse' }],
    ['4', { type: 'invalidResponse' }],
    ['{"error":4}', { type: 'invalidResponse' }],
    ['"text",null', { type: 'genericError', message: 'text' }],
    ['{"error":"text"}', { type: 'genericError', message: 'text' }],
    ['{"error":{"message":"m","name":"Error"}}', { type: 'genericError', message: 'm' }],
    ['{"error":{"a":1}}', { type: 'genericError', message: '{"a":1}' }],
    [
      '{"error":{"type":"t","message":"m","code":7,"id":"i"}}',
      { type: 't', message: 'm', code: '7', id: 'i' },
    ],
  ])('an answer that is %s becomes an error', async (answer, error) => {
    const { client, near } = await connected();
    const call = expect(client.tell('never')).rejects.toMatchObject(error);
    near.deliver(`{"method":0,"arguments":[${answer}],"callbacks":{}}`);
    await call;
  });

  it.each([
    ['{"error":null,"result":4}', 4],
    ['{"result":4}', 4],
    ['null,4', 4],
    ['null', null],
  ])('an answer that is %s is a result', async (answer, result) => {
    const { client, near } = await connected();
    const call = client.tell('never');
    near.deliver(`{"method":0,"arguments":[${answer}],"callbacks":{}}`);
    expect(await call).toBe(result);
  });

  it('an answer to an unknown call is dropped', async () => {
    const { client, near } = await connected();
    near.deliver('{"method":4294967294,"arguments":[]}');
    near.deliver('{"method":0,"arguments":[{"error":null,"result":1}]}');
    expect(await client.tell('kite.ping')).toBe('pong');
  });
});

describe('callbacks', () => {
  it('callbacks are called by the remote in the order of its calls', async () => {
    const { server, client } = await connected();
    server.handle<[number, RemoteFunction<[number]>]>('count', ({ args: [to, each] }) => {
      for (let i = 0; i < to; i++) each(i);
      return to;
    });
    const seen: number[] = [];
    expect(await client.tell('count', 3, (i: number) => seen.push(i))).toBe(3);
    expect(seen).toEqual([0, 1, 2]);
  });

  it('callbacks work in both directions, nested, and inside results', async () => {
    const { server, client } = await connected();
    const received: unknown[] = [];
    server.handle<[{ on: { tick: RemoteFunction } }]>('subscribe', ({ args: [{ on }] }) => {
      on.tick('hello', (reply: unknown) => received.push(reply));
      return { stop: (why: unknown) => received.push(why) };
    });
    const result = await client.tell<{ stop: RemoteFunction }>('subscribe', {
      on: { tick: (text: string, reply: RemoteFunction) => reply(`${text} back`) },
    });
    result.stop('enough');
    await settled();
    expect(received).toEqual(['hello back', 'enough']);
  });

  it('callbacks are forgotten with the call, or on request, and at the latest at the disconnect', async () => {
    const { server, client } = await connected();
    let kept: () => unknown = () => undefined;
    server.handle<[RemoteFunction]>('keep', ({ args: [fn] }) => {
      kept = fn;
      return null;
    });
    let calls = 0;
    await client.tell('keep', () => calls++);
    kept();
    await settled();
    expect(calls).toBe(0);
    const counted = (): number => calls++;
    await client.call('keep', [counted], { callbacks: 'connection' });
    kept();
    await settled();
    expect(calls).toBe(1);
    client.forget(counted);
    kept();
    await settled();
    expect(calls).toBe(1);
    client.close();
    await settled();
    expect(() => kept()).not.toThrow();
  });

  it('callbacks are limited in number per connection, and the error has a hint', async () => {
    const { server, client } = await connected({ limits: { ...defaultLimits, callbacksPerConnection: 10 } });
    server.handle('take', () => null);
    for (let i = 0; i < 10; i++) await client.call('take', [() => i], { callbacks: 'connection' });
    await expect(client.tell('take', () => {})).rejects.toThrow('forget() or release()');
    await client.tell('take', 'no function');
  });

  it('callbacks that throw or reject do not close the connection', async () => {
    const { server, client } = await connected();
    server.handle<[RemoteFunction]>('run', ({ args: [fn] }) => fn());
    await expect(
      client.tell('run', () => {
        throw new Error('mine');
      }),
    ).rejects.toThrow('mine');
    await expect(client.tell('run', () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    expect(await client.tell('kite.ping')).toBe('pong');
  });
});

describe('a peer that does not read its answers', () => {
  it('a server stops reading from a peer that does not read its answers', async () => {
    const { server, client, far } = await connected();
    server.handle('echo', ({ args }) => args);
    far.bufferedBytes = defaultLimits.pauseBytes + 1;
    await client.tell('echo', 1);
    expect(far.paused).toBe(true);
    far.drained();
    expect(far.paused).toBe(false);
  });

  it('a client reads from a peer that does not read, so that both cannot wait for each other', async () => {
    const { server, client, near } = await connected();
    server.handle('echo', ({ args }) => args);
    near.bufferedBytes = defaultLimits.pauseBytes + 1;
    await client.tell('echo', 1);
    expect(near.paused).toBe(false);
  });

  it('a call that the full queue of a client cannot take fails with sendError, and no other call', async () => {
    const { server, client, near } = await connected();
    server.handle('echo', ({ args }) => args);
    const before = client.tell('echo', 1);
    near.bufferedBytes = defaultLimits.sendQueueBytes - 100_000;
    await expect(client.tell('echo', 'x'.repeat(100_000))).rejects.toMatchObject({
      type: 'sendError',
      message: expect.stringContaining('limits.sendQueueBytes') as string,
    });
    expect(await before).toEqual([1]);
    expect(await client.tell('echo', 2)).toEqual([2]);
    near.bufferedBytes = 0;
    expect(await client.tell('echo', 3)).toEqual([3]);
  });

  it('a callback of a server that the full queue of a client cannot take throws sendError', async () => {
    const { server, client, near } = await connected();
    let callback: (give: () => unknown) => unknown = () => undefined;
    client.on('connect', () => undefined);
    server.handle<[RemoteFunction]>('take', ({ args: [fn] }) => fn((given: RemoteFunction) => given('x')));
    await client.tell('take', (give: RemoteFunction) => {
      callback = give;
    });
    await settled();
    near.bufferedBytes = defaultLimits.sendQueueBytes;
    expect(() => callback(() => undefined)).toThrow(expect.objectContaining({ type: 'sendError' }));
    near.bufferedBytes = 0;
    callback(() => undefined);
  });

  it('a peer has a backlog, and an event when it has drained, at both ends', async () => {
    const { server, client, near, far } = await connected();
    const events: string[] = [];
    server.handle('watch', ({ client: caller }) => {
      far.bufferedBytes = 7;
      caller.on('drain', () => events.push(`server ${caller.backlog}`));
      return caller.backlog;
    });
    expect(client.backlog).toBe(0);
    expect(await client.tell('watch')).toBe(7);
    near.bufferedBytes = 9;
    expect(client.backlog).toBe(9);
    client.on('drain', () => events.push(`client ${client.backlog}`));
    far.drained();
    near.drained();
    expect(events).toEqual(['server 0', 'client 0']);
  });

  it('the running calls of a peer that does not read are limited', async () => {
    const { server, client, far } = await connected({ limits: { ...defaultLimits, callsPerConnection: 2 } });
    const finish: (() => void)[] = [];
    server.handle('wait', () => new Promise<void>((resolve) => finish.push(resolve)));
    const calls = [client.tell('wait'), client.tell('wait'), client.tell('wait')];
    await settled();
    expect(far.paused).toBe(true);
    for (const done of finish) done();
    await Promise.all(calls);
    expect(far.paused).toBe(false);
  });
});
