import { describe, expect, it } from 'vitest';
import { isKiteError, type Request } from '../../../src/lib/index.js';
import type { Connection } from '../../../src/lib/kite/call/connection.js';
import { connected, makeCore, settled } from '../../helpers/kite/cores.js';
import { callAndAbort, endless, running, untilAborted } from '../../helpers/kite/endless.js';
import { MemoryChannel } from '../../helpers/transport/memory-channel.js';

function cancels(sent: readonly string[]): string[] {
  return sent.filter((text) => text.includes('kite.cancel'));
}

describe('cancellation', () => {
  it('the abort of a call reaches the signal of the handler, and no answer is sent', async () => {
    const { server, client, near, far } = await connected();
    const requests = endless(server);
    await client.tell('kite.ping');
    const controller = new AbortController();
    const call = client.call('endless', [], { signal: controller.signal });
    const rejected = expect(call).rejects.toThrow('enough');
    await settled();
    const answers = far.sent.length;
    controller.abort(new Error('enough'));
    await rejected;
    await settled();
    expect(near.sent.at(-1)).toBe('{"method":"kite.cancel","arguments":[{"withArgs":[1]}],"callbacks":{}}');
    expect(requests[0]?.canceled).toBe(true);
    expect(isKiteError(requests[0]?.signal.reason, 'canceled')).toBe(true);
    expect(far.sent.length).toBe(answers);
    expect(running(server)).toEqual([0]);
    await client.tell('kite.ping');
  });

  it('a listener that throws when a call is canceled, times out or loses its connection is logged', async () => {
    const errors: string[] = [];
    const logger = { debug() {}, info() {}, warn() {}, error: (text: string) => void errors.push(text) };
    const { server, client } = await connected({ logger });
    const fail = (): never => {
      throw new Error('mine');
    };
    const aborted: unknown[] = [];
    server.handle('fragile', (request) => {
      request.signal.addEventListener('abort', fail);
      // oxlint-disable-next-line unicorn/prefer-add-event-listener -- each kind of listener is tested
      request.signal.onabort = fail;
      request.onAbort(fail);
      request.onAbort(() => void aborted.push((request.signal.reason as { type: string }).type));
      return untilAborted(request);
    });
    await client.tell('kite.ping');
    await callAndAbort(client, 'fragile');
    const late = client.tellWithTimeout(10, 'fragile').catch(() => undefined);
    await settled();
    server.clock.advance(10);
    await settled();
    const lost = client.call('fragile', [], { timeout: 0 }).catch(() => undefined);
    await settled();
    client.close();
    await Promise.all([late, lost]);
    await settled();
    expect(aborted).toEqual(['canceled', 'timeout', 'disconnect']);
    expect(errors).toEqual(Array.from({ length: 9 }, () => 'A listener failed: Error: mine'));
  });

  it('the timeout of a call reaches the signal of the handler', async () => {
    const { server, caller, client, near } = await connected();
    const requests = endless(server);
    const calls = [10, 10, 20].map((timeout) =>
      expect(client.tellWithTimeout(timeout, 'endless')).rejects.toMatchObject({ type: 'timeout' }),
    );
    await settled();
    caller.clock.advance(10);
    await settled();
    expect(requests.map(({ signal }) => signal.aborted)).toEqual([true, true, false]);
    caller.clock.advance(10);
    await Promise.all(calls);
    await settled();
    expect(requests.map(({ signal }) => (signal.reason as Error).message)).toEqual(
      Array.from({ length: 3 }, () => 'The caller has canceled the call'),
    );
    expect(cancels(near.sent)).toHaveLength(3);
  });

  it('the first call of a connection can be canceled before anything is known about the peer', async () => {
    const { server, client, far } = await connected();
    const requests = endless(server);
    const controller = new AbortController();
    const rejected = expect(client.call('endless', [], { signal: controller.signal })).rejects.toThrow(
      'aborted',
    );
    controller.abort();
    await rejected;
    await settled();
    expect(requests[0]?.signal.aborted).toBe(true);
    expect(far.sent).toEqual([]);
    await client.tell('kite.ping');
    expect(client.extensions?.has('cancel')).toBe(true);
  });

  it('a canceled call is not answered if its handler ignores the signal, and counts until it ends', async () => {
    const { server, client, far } = await connected();
    const finish: ((value: unknown) => void)[] = [];
    const requests: Request[] = [];
    server.handle('stubborn', (request) => {
      requests.push(request);
      return new Promise((resolve) => finish.push(resolve));
    });
    await callAndAbort(client, 'stubborn');
    expect(running(server)).toEqual([1]);
    // A signal that is read later has aborted as well.
    expect(requests[0]?.signal.aborted).toBe(true);
    finish[0]?.({ result: () => undefined });
    await settled();
    expect([running(server), far.sent]).toEqual([[0], []]);
  });

  it('a peer that does not speak the extension gets no kite.cancel', async () => {
    const [near, far] = MemoryChannel.pair();
    const core = makeCore();
    const peer = core.accept(far) as Connection;
    near.start({ message: () => undefined, drain: () => undefined, close: () => undefined });
    near.send('{"method":"kite.ping","arguments":[{"withArgs":[],"extensions":["stream"]}],"callbacks":{}}');
    await settled();
    const controller = new AbortController();
    const rejected = expect(peer.call('slow', [], { signal: controller.signal })).rejects.toThrow('aborted');
    controller.abort();
    await rejected;
    await settled();
    expect(cancels(far.sent)).toEqual([]);
    near.close();
  });

  it('a call that waits in the queue of a kite without concurrency does not start after it was canceled', async () => {
    const { server, client } = await connected({ concurrent: false });
    const requests = endless(server);
    const controllers = [0, 1, 2].map(() => new AbortController());
    const calls = controllers.map(({ signal }) =>
      expect(client.call('endless', [], { signal })).rejects.toThrow('aborted'),
    );
    await settled();
    controllers[1]?.abort();
    controllers[0]?.abort();
    await settled();
    expect(requests).toHaveLength(2);
    controllers[2]?.abort();
    await Promise.all(calls);
    await settled();
    expect([requests.length, running(server)]).toEqual([2, [0]]);
  });

  it('a call that was canceled in a queue is not answered, even if its deadline has passed since', async () => {
    const { server, client, far } = await connected({ concurrent: false });
    const requests = endless(server);
    await client.tell('kite.ping');
    const [first, second] = [new AbortController(), new AbortController()];
    const calls = [
      client.call('endless', [], { signal: first.signal }),
      client.call('endless', [], { signal: second.signal, timeout: 1000 }),
    ].map((call) => expect(call).rejects.toThrow('aborted'));
    await settled();
    const answers = far.sent.length;
    second.abort();
    await settled();
    server.clock.advance(1000);
    first.abort();
    await Promise.all(calls);
    await settled();
    expect([requests.length, running(server), far.sent.length]).toEqual([1, [0], answers]);
  });

  it('the final functions of a method see the outcome of a canceled call', async () => {
    const { server, client } = await connected();
    endless(server);
    const outcomes: unknown[] = [];
    server.chain.final.push((_request, { error }) => void outcomes.push((error as Error).message));
    await callAndAbort(client, 'endless');
    expect(outcomes).toEqual(['The caller has canceled the call']);
  });

  it('a call of kite.cancel with a response callback is a call of an unknown method', async () => {
    const { client } = await connected();
    await expect(client.tell('kite.cancel', 0)).rejects.toMatchObject({ type: 'methodNotFound' });
  });
});

describe('hostile cancellations', () => {
  it.each([
    ['of an unknown call', '[7]'],
    ['without a number', '[]'],
    ['of all calls', '[[1],1]'],
    ['of text', '["1"]'],
    ['of a negative number', '[-1]'],
    ['of a fraction', '[1.5]'],
    ['of a number beyond all integers', '[1e300]'],
    ['of null', '[null]'],
    ['of an object', '[{"valueOf":1}]'],
    ['with a bare argument', '7'],
    ['with no argument', 'null'],
    ['with __proto__', '["__proto__"]'],
  ])('a cancellation %s is ignored', async (_title, withArgs) => {
    const [near, far] = MemoryChannel.pair();
    const server = makeCore();
    const requests = endless(server);
    server.accept(far);
    near.start({ message: () => undefined, drain: () => undefined, close: () => undefined });
    const options = '"authentication":{"type":"name","key":"bob"},"extensions":["cancel"]';
    near.send(`{"method":"endless","arguments":[{${options}}],"callbacks":{"1":[0,"responseCallback"]}}`);
    near.send(`{"method":"kite.cancel","arguments":[{"withArgs":${withArgs}}],"callbacks":{}}`);
    await settled();
    expect(requests[0]?.signal.aborted).toBe(false);
    expect([far.sent, running(server)]).toEqual([[], [1]]);
    near.send('{"method":"kite.cancel","arguments":[{"withArgs":[1]}],"callbacks":{}}');
    near.send('{"method":"kite.cancel","arguments":[{"withArgs":[1]}],"callbacks":{}}');
    await settled();
    expect(requests[0]?.signal.aborted).toBe(true);
    expect([far.sent, running(server)]).toEqual([[], [0]]);
    near.close();
  });

  it.each([
    '{"method":"kite.cancel","arguments":[],"callbacks":{}}',
    '{"method":"kite.cancel","callbacks":{}}',
    '{"method":"kite.cancel","arguments":[1],"callbacks":{}}',
    '{"method":"kite.cancel","arguments":[null,{"withArgs":[1]}],"callbacks":{}}',
    '{"method":"kite.cancel","arguments":[{"withArgs":["[Function]"]}],"callbacks":{"1":[0,"withArgs",0]}}',
  ])('a malformed cancellation is ignored: %s', async (text) => {
    const { server, client, near, far } = await connected();
    const requests = endless(server);
    const call = expect(client.tell('endless')).rejects.toMatchObject({ type: 'disconnect' });
    near.send(text);
    await settled();
    expect(requests[0]?.signal.aborted).toBe(false);
    expect(far.sent).toEqual([]);
    client.close();
    await call;
  });

  it('a caller cannot cancel the calls of another connection', async () => {
    const { server, client } = await connected();
    const requests = endless(server);
    const call = expect(client.tell('endless')).rejects.toMatchObject({ type: 'disconnect' });
    const [near, far] = MemoryChannel.pair();
    server.accept(far);
    near.start({ message: () => undefined, drain: () => undefined, close: () => undefined });
    for (let number = 0; number < 100; number++)
      near.send(`{"method":"kite.cancel","arguments":[{"withArgs":[${number}]}],"callbacks":{}}`);
    await settled();
    expect(requests[0]?.signal.aborted).toBe(false);
    near.close();
    client.close();
    await call;
  });

  it('calls that end or are canceled leave nothing at either end', async () => {
    const { server, caller, client, near } = await connected();
    const requests = endless(server);
    server.handle('later', () => Promise.resolve(1));
    for (let round = 0; round < 50; round++) {
      const controller = new AbortController();
      const canceled = client.call('endless', [() => undefined], {
        signal: controller.signal,
        callbacks: 'call',
      });
      const rejected = expect(canceled).rejects.toThrow('aborted');
      await Promise.all([client.tell('later'), client.tell('kite.ping')]);
      controller.abort();
      await rejected;
    }
    await settled();
    expect(requests.filter(({ signal }) => signal.aborted)).toHaveLength(50);
    expect([running(server), cancels(near.sent).length]).toEqual([[0], 50]);
    // A late cancellation of any of these calls finds nothing.
    for (let number = 0; number < 200; number++)
      near.send(`{"method":"kite.cancel","arguments":[{"withArgs":[${number}]}],"callbacks":{}}`);
    await settled();
    expect(await client.tell('later')).toBe(1);
    client.close();
    await settled();
    expect([caller.clock.timers, server.clock.timers]).toEqual([0, 0]);
  });

  it('two calls with the same number can both end, whichever is canceled', async () => {
    const [near, far] = MemoryChannel.pair();
    const server = makeCore();
    const requests = endless(server);
    server.accept(far);
    near.start({ message: () => undefined, drain: () => undefined, close: () => undefined });
    const options = '"authentication":{"type":"name","key":"bob"},"extensions":["cancel"]';
    const call = `{"method":"endless","arguments":[{${options}}],"callbacks":{"1":[0,"responseCallback"]}}`;
    near.send(call);
    near.send(call);
    near.send('{"method":"kite.cancel","arguments":[{"withArgs":[1]}],"callbacks":{}}');
    await settled();
    expect(requests.map(({ signal }) => signal.aborted)).toEqual([false, true]);
    near.close();
    await settled();
    expect(requests.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  });
});
