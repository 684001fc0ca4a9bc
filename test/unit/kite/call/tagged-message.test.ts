import { describe, expect, it } from 'vitest';
import { needsExtension } from '../../../../src/lib/kite/call/tagged-message.js';
import { defaultLimits } from '../../../../src/lib/kite/limits/kite-limits.js';
import type { RemoteFunction } from '../../../../src/lib/kite/call/remote-function.js';
import { connected, makeCore, settled } from '../../../helpers/kite/cores.js';
import { MemoryChannel } from '../../../helpers/transport/memory-channel.js';

const VALUES = [
  new Map<unknown, unknown>([['due', new Date(5)]]),
  12345678901234567890n,
  new Set([Number.NaN, -0]),
  new Uint8Array([1, 2]),
  undefined,
  { $: 'date', v: 1 },
  new URL('https://example.com/'),
  /a/g,
];

describe('values that JSON does not have', () => {
  it('values arrive in arguments, results and callbacks as what they are', async () => {
    const { server, client } = await connected();
    server.handle<unknown[]>('echo', ({ args }) => args);
    server.handle<[RemoteFunction]>('call', ({ args: [each] }) => each(...VALUES));
    expect(await client.tell('echo', ...VALUES)).toEqual(VALUES);
    const called: unknown[][] = [];
    await client.tell('call', (...args: unknown[]) => void called.push(args));
    await settled();
    expect(called).toEqual([VALUES]);
  });

  it('functions arrive inside of maps', async () => {
    const { server, client } = await connected();
    server.handle<[Map<string, RemoteFunction>]>('run', ({ args: [map] }) => map.get('f')?.(new Date(1)));
    const called: unknown[] = [];
    await client.tell('run', new Map([['f', (value: unknown) => void called.push(value)]]));
    await settled();
    expect(called).toEqual([new Date(1)]);
  });

  it('a first call that needs an extension waits for one ping, and others do not', async () => {
    const first = await connected();
    first.server.handle('echo', ({ args }) => args);
    await first.client.tell('echo', new Date(1));
    expect(first.near.sent.map((text) => (JSON.parse(text) as { method: unknown }).method)).toEqual([
      'kite.ping',
      'echo',
    ]);
    const second = await connected();
    second.server.handle('echo', ({ args }) => args);
    await second.client.tell('echo', 1, undefined, { a: 'b' });
    expect(second.near.sent).toHaveLength(1);
  });

  it('a peer without the extension gets what JSON.stringify defines, and no value is lost silently', async () => {
    const core = makeCore();
    const [near, far] = MemoryChannel.pair();
    core.accept(far);
    const answers: string[] = [];
    near.start({ message: (text) => void answers.push(text), drain() {}, close() {} });
    let result: unknown;
    core.handle('get', () => result).disableAuthentication();
    const ask = async (value: unknown): Promise<unknown> => {
      result = value;
      near.send('{"method":"get","arguments":[{"withArgs":[]}],"callbacks":{"0":[0,"responseCallback"]}}');
      await settled();
      const message = JSON.parse(answers.at(-1) ?? '') as {
        arguments: [{ error: { message: string }; result: unknown }];
      };
      return message.arguments[0].error?.message ?? message.arguments[0].result;
    };
    expect(await ask({ at: new Date(0), $: 1, list: [undefined] })).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      $: 1,
      list: [null],
    });
    expect(await ask({ when: [new Map()] })).toContain('result.when[0]: a Map cannot be sent to this peer');
    expect(answers.some((text) => text.includes('"values"'))).toBe(false);
  });

  it.each([
    ['a malformed value', '{"$":"date","v":"x"}', 'is malformed'],
    [
      'a value that is nested too deep for its limit',
      `${'[{"$":"set","v":'.repeat(25)}[]${'}]'.repeat(25)}`,
      undefined,
    ],
  ])('%s fails its call only', async (_what, value, problem) => {
    const core = makeCore();
    const [near, far] = MemoryChannel.pair();
    core.accept(far);
    const answers: string[] = [];
    near.start({ message: (text) => void answers.push(text), drain() {}, close() {} });
    core.handle('take', () => 'taken').disableAuthentication();
    for (const argument of [value, '1']) {
      near.send(
        `{"method":"take","arguments":[{"extensions":["values","bytes"],"withArgs":[${argument}]}],"callbacks":{"0":[0,"responseCallback"]},"values":true}`,
      );
    }
    await settled();
    if (problem === undefined) expect(answers[0]).toContain('taken');
    else expect(answers[0]).toContain('"code":"malformedValue"');
    expect(answers[1]).toContain('taken');
    expect(near.closedWith).toBeUndefined();
  });

  it('the number of tagged values in a message is limited', async () => {
    const core = makeCore({ limits: { ...defaultLimits, valuesPerMessage: 2 } });
    const [near, far] = MemoryChannel.pair();
    core.accept(far);
    const answers: string[] = [];
    near.start({ message: (text) => void answers.push(text), drain() {}, close() {} });
    core.handle('take', () => 'taken').disableAuthentication();
    const tag = '{"$":"undefined"}';
    near.send(
      `{"method":"take","arguments":[{"withArgs":[${tag},${tag},${tag}]}],"callbacks":{"0":[0,"responseCallback"]},"values":true}`,
    );
    await settled();
    expect(answers[0]).toContain('more than 2 tagged values');
  });

  it('only values that a peer with an extension can receive make a call wait', () => {
    expect(VALUES.map((value) => needsExtension([value]))).toEqual(
      VALUES.map((value) => value !== undefined),
    );
    expect([Promise.resolve(), 'x', () => 1, { a: [1] }].map((value) => needsExtension([value]))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
