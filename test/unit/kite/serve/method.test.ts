import { describe, expect, it } from 'vitest';
import type { ArgsSchema } from '../../../../src/lib/kite/serve/argument-schema.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';
import { connected, makeCore, settled } from '../../../helpers/kite/cores.js';

describe('a throttled method', () => {
  it('a throttled method rejects calls above its rate, and accepts calls again as time passes', async () => {
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
  ])('a throttled method cannot have the rate %j', (rate) => {
    expect(() =>
      makeCore()
        .handle('m', () => 1)
        .throttle(rate),
    ).toThrow(RangeError);
  });
});

describe('middleware of a method', () => {
  it('middleware runs in order: of the method, then of the kite; before, the method, after, finally', async () => {
    const { server, client } = await connected();
    const ran: string[] = [];
    const step = (name: string) => () => void ran.push(name);
    server.chain.pre.push(step('kite pre'));
    server.chain.post.push(step('kite post'));
    server.chain.final.push(step('kite final'));
    server
      .handle('m', step('method'))
      .preHandle(step('pre'))
      .postHandle(step('post'))
      .finalFunc(step('final'));
    await client.tell('m');
    expect(ran).toEqual(['pre', 'kite pre', 'method', 'post', 'kite post', 'final', 'kite final']);
  });

  it('middleware that fails ends the call, except for the final functions', async () => {
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

  it('middleware may replace the outcome at the end', async () => {
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
  ] as const)('middleware returns the result of %s', async (methodHandling, result) => {
    const { server, client } = await connected({ methodHandling });
    server
      .handle('m', () => 'method')
      .preHandle(() => null)
      .preHandle(() => 'pre')
      .postHandle(() => 'post')
      .postHandle(() => undefined);
    expect(await client.tell('m')).toBe(result);
  });

  it('middleware returns the result in the mode of one method', async () => {
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

  it('arguments are validated by a schema before the handler gets them', async () => {
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
  ])('arguments may have the form of kite.js: %s', async (written, args) => {
    const { server, far } = await connected();
    let seen: unknown;
    server.handle('m', (request) => void (seen = request.args)).disableAuthentication();
    far.deliver(`{"method":"m","arguments":[{${written}}],"callbacks":{}}`);
    await settled();
    expect(seen).toEqual(args);
  });

  it('malformed arguments get an error if it can be sent', async () => {
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
