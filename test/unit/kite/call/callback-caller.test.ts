import { describe, expect, it } from 'vitest';
import { defaultLimits, type RemoteFunction } from '../../../../src/lib/index.js';
import type { Connection } from '../../../../src/lib/kite/call/connection.js';
import { HELD_LENGTH } from '../../../../src/lib/kite/limits/kite-limits.js';
import type { Logger } from '../../../../src/lib/util/logger.js';
import { SPOKEN_EXTENSIONS } from '../../../../src/lib/protocol/extensions.js';
import { untilAborted } from '../../../helpers/kite/endless.js';
import { connected, makeCore, settled } from '../../../helpers/kite/cores.js';
import { MemoryChannel } from '../../../helpers/transport/memory-channel.js';

type Ask = RemoteFunction;

/** The messages that request an answer of a callback. */
function requests(sent: readonly string[]): string[] {
  return sent.filter((text) => text.includes('"answer":'));
}

function listLogger(lines: string[]): Logger {
  const add = (text: string): void => void lines.push(text);
  return { debug() {}, info() {}, warn: add, error: add };
}

/** A peer that this test plays, and which has called `method` with a function. Names `callbackResults` unless it is an old one. */
async function scripted(method: string, handler: (ask: Ask) => unknown, extensions = ['callbackResults']) {
  const [near, far] = MemoryChannel.pair();
  const core = makeCore();
  core.handle<[Ask]>(method, ({ args: [ask] }) => handler(ask)).disableAuthentication();
  const connection = core.accept(far) as Connection;
  near.start({ message: () => undefined, drain: () => undefined, close: () => undefined });
  const list = extensions.length > 0 ? `,"extensions":${JSON.stringify(extensions)}` : '';
  near.send(
    `{"method":"${method}","arguments":[{"withArgs":["[Function]"],"responseCallback":"[Function]"${list}}],"callbacks":{"0":[0,"responseCallback"],"1":[0,"withArgs",0]}}`,
  );
  await settled();
  return { near, far, core, connection };
}

describe('the answers of callbacks', () => {
  it('the answer of a callback arrives in the first call of a connection, without a message of its own for it', async () => {
    const { server, client, near, far } = await connected();
    server.handle<[Ask]>('ask', async ({ args: [ask] }) => `${String(await ask('name?'))}!`);
    expect(await client.tell('ask', (question: string) => `${question} bob`)).toBe('name? bob!');
    expect([near.sent.length, far.sent.length]).toEqual([2, 2]);
    expect(far.sent[0]).toBe(
      `{"method":0,"arguments":["name?"],"callbacks":{},"answer":0,"extensions":${JSON.stringify(SPOKEN_EXTENSIONS)}}`,
    );
    expect(far.sent[1]).toBe(
      '{"method":1,"arguments":[{"error":null,"result":"name? bob!"}],"callbacks":{}}',
    );
    expect(client.extensions).toEqual(new Set(SPOKEN_EXTENSIONS));
    expect(near.sent[1]).toBe(
      '{"method":0,"arguments":[{"error":null,"result":"name? bob"}],"callbacks":{}}',
    );
  });

  it('the answer of a callback can be a promise, values, functions or an error, in both directions', async () => {
    const { server, caller, client } = await connected();
    const results = {
      promise: () => Promise.resolve(1),
      value: () => new Map([['a', 1n]]),
      fn: () => ({ add: (a: number, b: number) => a + b }),
      nothing: () => undefined,
    };
    const ask = async ({
      promise,
      value,
      fn,
      nothing,
    }: Record<keyof typeof results, Ask>): Promise<unknown[]> => {
      const { add } = (await fn()) as { add: RemoteFunction<[number, number], number> };
      return [await promise(), await value(), await add(1, 2), await nothing()];
    };
    server.handle<[Record<keyof typeof results, Ask>]>('ask', ({ args: [fns] }) => ask(fns));
    caller
      .handle<[Record<keyof typeof results, Ask>]>('ask', ({ args: [fns] }) => ask(fns))
      .disableAuthentication();
    server.handle('back', ({ client: peer }) => peer.tell('ask', results));
    const expected = [1, new Map([['a', 1n]]), 3, null];
    expect(await client.tell('ask', results)).toEqual(expected);
    expect(await client.tell('back')).toEqual(expected);
    server.handle<[Ask]>('fail', async ({ args: [fail] }) => {
      const error: unknown = await fail().catch((reason: unknown) => reason);
      return (error as Error).message;
    });
    const failing = [
      () => {
        throw new Error('thrown');
      },
      () => Promise.reject(new Error('rejected')),
      () => Symbol('unsendable'),
      () => new ReadableStream(),
    ];
    const messages: unknown[] = [];
    for (const fail of failing) messages.push(await client.tell('fail', fail));
    expect(messages).toEqual([
      'thrown',
      'rejected',
      expect.stringContaining('a Symbol cannot be sent'),
      expect.stringContaining('A stream can only be'),
    ]);
  });

  it('answers that are not read are requested once for each callback, and never end the process', async () => {
    const logged: string[] = [];
    const { server, client, far } = await connected({ logger: listLogger(logged) });
    server.handle<[Ask]>('each', ({ args: [each] }) => {
      for (let index = 0; index < 1000; index++) each(index);
      return null;
    });
    let calls = 0;
    await client.tell('each', () => {
      if (++calls % 500 === 1) throw new Error('mine');
    });
    await settled();
    expect([calls, requests(far.sent).length]).toEqual([1000, 1]);
    expect(logged).toHaveLength(2);
  });

  const patterns: Record<string, (ask: Ask) => Promise<unknown>> = {
    'awaited one after the other': async (ask) => [await ask(1), await ask(2), await ask(3)],
    'awaited together': (ask) => Promise.all([1, 2, 3].map((value) => ask(value))),
    'begun together, and awaited one after the other': async (ask) => {
      const [one, two, three] = [ask(1), ask(2), ask(3)];
      return [await one, await two, await three];
    },
    'begun together, after calls whose answer is not read': async (ask) => {
      ask(0);
      ask(0);
      await settled();
      ask(0);
      const [one, two, three] = [ask(1), ask(2), ask(3)];
      return [await one, await two, await three];
    },
    'read later': async (ask) => {
      const one = ask(1);
      await settled();
      const values = [await one];
      const two = ask(2);
      await settled();
      values.push(await two, await ask(3).finally(() => undefined));
      return values;
    },
    'read twice': async (ask) => {
      const one = ask(1);
      return [await one, (await one) === 10 && 20, await ask(3).then((value) => value)];
    },
    'returned from a function': async (ask) => {
      const later = async (value: number): Promise<unknown> => ask(value);
      ask(0);
      return [await later(1), await later(2), await later(3)];
    },
  };

  it.each(Object.keys(patterns))('answers arrive if they are %s', async (name) => {
    const { server, client } = await connected();
    server.handle<[Ask]>('ask', ({ args: [ask] }) => patterns[name]?.(ask));
    expect(await client.tell('ask', (value: number) => value * 10)).toEqual([10, 20, 30]);
  });

  it('the messages of a turn stay in the order in which they were sent', async () => {
    const { server, caller, client } = await connected();
    server.handle<[Ask]>('mixed', async ({ args: [each], client: peer }) => {
      for (let index = 0; index < 3; index++) each(index);
      const called = peer.call('note', [3]);
      const answer = each(4);
      each(5);
      await Promise.all([called, answer]);
      return null;
    });
    const seen: unknown[] = [];
    caller.handle('note', ({ args }) => void seen.push(args[0])).disableAuthentication();
    await client.tell('mixed', (value: unknown) => void seen.push(value));
    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('an answer that is read later than its turn, without a request for it, rejects with what to do', async () => {
    const { server, client } = await connected();
    server.handle<[Ask]>('late', async ({ args: [ask] }) => {
      ask(1);
      const second = ask(2);
      await settled();
      const error: unknown = await second.catch((reason: unknown) => reason);
      return [(error as { code: string }).code, await ask(3)];
    });
    expect(await client.tell('late', (value: number) => value)).toEqual(['answerNotRequested', 3]);
  });

  it('HELD_LENGTH bounds the calls of a turn that wait for the program to read their answers', async () => {
    const { server, client } = await connected();
    const text = 'x'.repeat(HELD_LENGTH / 2.5);
    server.handle<[Ask]>('ask', async ({ args: [ask] }) => {
      ask('');
      const answers = [ask(text), ask(text), ask(text), ask(text)];
      return (await Promise.allSettled(answers)).map(({ status }) => status);
    });
    expect(await client.tell('ask', () => null)).toEqual(['rejected', 'rejected', 'rejected', 'fulfilled']);
  });

  it('answers of a peer of 2014 are undefined at once, and it gets the messages that it knows', async () => {
    const values: unknown[] = [];
    const ask = async (fn: Ask): Promise<null> => {
      values.push(await fn(1), await fn(2).finally(() => undefined));
      fn.release();
      return null;
    };
    const { far, near } = await scripted('ask', ask, []);
    expect(values).toEqual([undefined, undefined]);
    expect(far.sent).toEqual([
      '{"method":1,"arguments":[1],"callbacks":{}}',
      '{"method":1,"arguments":[2],"callbacks":{}}',
      '{"method":0,"arguments":[{"error":null,"result":null}],"callbacks":{}}',
    ]);
    near.close();
  });

  it('a pending answer rejects if the call of the callback is canceled, times out, or loses its connection', async () => {
    const errors: unknown[] = [];
    const collect = async (ask: Ask): Promise<null> => {
      await ask().catch((error: unknown) => errors.push((error as { type: string }).type));
      return null;
    };
    const canceled = await scripted('ask', collect, ['callbackResults', 'cancel']);
    canceled.near.send('{"method":"kite.cancel","arguments":[{"withArgs":[0]}],"callbacks":{}}');
    await settled();
    const timedOut = await scripted('ask', collect);
    timedOut.core.clock.advance(15_000);
    await settled();
    const closed = await scripted('ask', collect);
    closed.near.close();
    await settled();
    expect(errors).toEqual(['canceled', 'timeout', 'disconnect']);
    for (const { near } of [canceled, timedOut]) near.close();
  });

  it('hostile answers have no effect: a second one, one for an unknown number, and one after the end', async () => {
    const values: unknown[] = [];
    const { near, far, core } = await scripted('ask', async (ask) => {
      values.push(await ask());
      return null;
    });
    expect(far.sent).toEqual([
      expect.stringContaining('{"method":1,"arguments":[],"callbacks":{},"answer":0,') as string,
    ]);
    for (const number of [7, 0, 0, 4294967295])
      near.send(`{"method":${number},"arguments":[{"error":null,"result":${number}}],"callbacks":{}}`);
    await settled();
    near.send('{"method":0,"arguments":[{"error":null,"result":"late"}],"callbacks":{}}');
    await settled();
    expect(values).toEqual([0]);
    expect(core.accepted.size).toBe(1);
    near.close();
  });

  it.each(['-1', '1.5', '"0"', 'null', '[0]', '{}', '1e300'])(
    'a request for an answer whose number is %s is a call without one',
    async (answer) => {
      const { server, client, near, far } = await connected();
      server.handle<[Ask]>('keep', untilAborted);
      let calls = 0;
      void client.call('keep', [() => ++calls], { timeout: 0 }).catch(() => undefined);
      await settled();
      const sent = near.sent.length;
      far.send(`{"method":0,"arguments":[],"callbacks":{},"answer":${answer}}`);
      await settled();
      expect([calls, near.sent.length]).toEqual([1, sent]);
    },
  );

  it('limits.callbacksPerConnection bounds the answers that are awaited, and limits.callsPerConnection those that are made', async () => {
    const limits = { ...defaultLimits, callbacksPerConnection: 3, callsPerConnection: 3 };
    const { server, client } = await connected({ limits });
    server.handle<[Ask]>('ask', async ({ args: [ask] }) => {
      const answers = [1, 2, 3, 4].map((value) => ask(value));
      return (await Promise.allSettled(answers)).map((answer) =>
        answer.status === 'fulfilled' ? answer.value : (answer.reason as Error).message,
      );
    });
    const finish: (() => void)[] = [];
    const call = client.tell(
      'ask',
      (value: number) => new Promise((resolve) => finish.push(() => resolve(value))),
    );
    await settled();
    for (const end of finish) end();
    expect(await call).toEqual([1, 2, 3, expect.stringContaining('limits.callbacksPerConnection')]);
  });
});

describe('a callback that has ended', () => {
  it('a handler that calls a callback after its answer learns that it has ended, once', async () => {
    const logged: string[] = [];
    const { server, client, far } = await connected({ logger: listLogger(logged) });
    let kept: Ask | undefined;
    server.handle<[Ask]>('subscribe', ({ args: [fn] }) => {
      kept = fn;
      fn('now');
      return null;
    });
    const seen: unknown[] = [];
    await client.tell('subscribe', (value: unknown) => void seen.push(value));
    for (let index = 0; index < 3; index++) {
      kept?.(index);
      await settled();
    }
    const first = kept;
    await client.tell('subscribe', () => undefined);
    kept?.(1);
    await settled();
    expect(seen).toEqual(['now']);
    expect(logged).toEqual([expect.stringContaining('"subscribe" was called after the call had ended')]);
    await expect(Promise.resolve(first?.('again'))).rejects.toMatchObject({ code: 'callbackEnded' });
    expect(far.sent.filter((text) => text.startsWith('{"method":0'))).toHaveLength(2);
  });

  it('a handler that reads the answers of a callback learns that it has ended without a warning in the log', async () => {
    const logged: string[] = [];
    const { server, client } = await connected({ logger: listLogger(logged) });
    let kept: Ask | undefined;
    server.handle<[Ask]>('subscribe', ({ args: [fn] }) => {
      kept = fn;
      return null;
    });
    await client.tell('subscribe', () => undefined);
    await expect(Promise.resolve(kept?.('late'))).rejects.toMatchObject({ code: 'callbackEnded' });
    expect(logged).toEqual([]);
  });

  it('a handler can call a shared callback after its answer, without a request for each answer', async () => {
    const { server, client, far } = await connected();
    let kept: Ask | undefined;
    server.handle<[Ask]>('subscribe', ({ args: [fn] }) => {
      kept = fn;
      return null;
    });
    const seen: unknown[] = [];
    using shared = client.share((value: unknown) => void seen.push(value));
    await client.tell('subscribe', shared);
    for (let index = 0; index < 5; index++) {
      kept?.(index);
      await settled();
    }
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect(requests(far.sent)).toHaveLength(1);
  });

  it('a handler of a call that was canceled gets no warning', async () => {
    const logged: string[] = [];
    const { server, client } = await connected({ logger: listLogger(logged) });
    let kept: Ask | undefined;
    server.handle<[Ask]>('never', (request) => {
      kept = request.args[0];
      return untilAborted(request);
    });
    const controller = new AbortController();
    const call = client.call('never', [() => 1], { signal: controller.signal });
    await settled();
    controller.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    await settled();
    kept?.(1);
    await settled();
    expect(logged).toEqual([]);
  });
});
