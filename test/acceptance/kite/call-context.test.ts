import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Request } from '../../../src/lib/index.js';
import { defaultLimits, MAX_DEADLINE } from '../../../src/lib/kite/limits/kite-limits.js';
import type { CallOptions } from '../../../src/lib/kite/call/peer.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { bob, connected, makeCore, memoryDialer, settled } from '../../helpers/kite/cores.js';
import { callAndAbort, endless, running } from '../../helpers/kite/endless.js';
import { MemoryChannel } from '../../helpers/transport/memory-channel.js';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** The fields of the calls that were sent, after `withArgs`. */
function fields(sent: readonly string[]): string[] {
  return sent.map(
    (text) => /"withArgs":\[.*?\](?:,"extensions":\[[^\]]*\])?(.*?)\}\],"callbacks"/.exec(text)?.[1] ?? '',
  );
}

async function requestOf(options: CallOptions, known = true) {
  const pair = await connected();
  const requests: Request[] = [];
  pair.server.handle('note', (request) => void requests.push(request));
  if (known) await pair.client.tell('kite.ping');
  await pair.client.call('note', [], options);
  const [request] = requests;
  if (!request) throw new Error('not called');
  return { ...pair, request };
}

describe('the deadline of a call', () => {
  it('the handler of a call sees how long its caller waits', async () => {
    const { request, server, near } = await requestOf({ timeout: 2000 });
    expect(request.timeLeft).toBe(2000);
    expect(request.deadline).toBe(server.clock.now() + 2000);
    expect(fields(near.sent).at(-1)).toBe(',"deadline":2000');
    server.clock.advance(1500);
    expect(request.timeLeft).toBe(500);
  });

  it('a call with the default timeout has no deadline, and the same bytes as before', async () => {
    const { request, near } = await requestOf({});
    expect(request.timeLeft).toBeUndefined();
    expect(fields(near.sent)).toEqual(['', '']);
  });

  it('a call carries the timeout of its client once the peer has named the extension', async () => {
    const { server, client, near } = await connected({}, { timeout: 3000 });
    const requests: Request[] = [];
    server.handle('note', (request) => void requests.push(request));
    for (let count = 0; count < 3; count++) await client.tell('note');
    expect(requests.map(({ timeLeft }) => timeLeft)).toEqual([undefined, 3000, 3000]);
    expect(fields(near.sent)).toEqual(['', ',"deadline":3000', ',"deadline":3000']);
  });

  it('the first call of a connection carries the timeout that the program sets for it', async () => {
    const { request, near, far } = await requestOf({ timeout: 700 }, false);
    expect(request.timeLeft).toBe(700);
    expect([near.sent.length, far.sent.length]).toEqual([1, 1]);
  });

  it('a call without a timeout has no deadline', async () => {
    const { request } = await requestOf({ timeout: 0 });
    expect([request.deadline, request.timeLeft]).toEqual([undefined, undefined]);
  });

  it('the signal of a request aborts when the deadline passes at the called kite', async () => {
    const { server, client } = await connected();
    const requests = endless(server);
    await client.tell('kite.ping');
    const call = expect(client.tellWithTimeout(100, 'endless')).rejects.toMatchObject({ type: 'timeout' });
    await settled();
    server.clock.advance(99);
    expect(requests[0]?.signal.aborted).toBe(false);
    server.clock.advance(1);
    await call;
    expect(requests[0]?.signal.reason).toMatchObject({
      type: 'timeout',
      message: 'The deadline of the caller has passed',
    });
    expect(server.clock.timers).toBe(0);
  });

  it('a handler that returns when the deadline passes does not give the caller a result', async () => {
    const { server, client } = await connected();
    server.handle('partial', ({ signal }) => {
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve('partial')));
    });
    await client.tell('kite.ping');
    const call = expect(client.tellWithTimeout(100, 'partial')).rejects.toMatchObject({
      type: 'timeout',
      message: 'The deadline of the caller has passed',
    });
    await settled();
    server.clock.advance(100);
    await call;
  });

  it('a call that ends before its deadline leaves no timer', async () => {
    const { server, client } = await connected();
    server.handle('quick', async ({ signal }) => {
      await settled();
      return signal.aborted;
    });
    await client.tell('kite.ping');
    expect(await client.tellWithTimeout(100, 'quick')).toBe(false);
    expect(server.clock.timers).toBe(0);
  });

  it('a signal that is read after the call has ended does not abort, and leaves no timer', async () => {
    const { request, server, client } = await requestOf({ timeout: 100 });
    expect(request.signal.aborted).toBe(false);
    expect(server.clock.timers).toBe(0);
    client.close();
    await settled();
    expect(request.signal.aborted).toBe(false);
  });

  it('a signal that a handler first reads after the deadline has aborted, and its result is not sent', async () => {
    const { server, client, far } = await connected();
    let proceed: () => void = () => {};
    let request: Request | undefined;
    server.handle('late', async (late) => {
      await new Promise<void>((resolve) => (proceed = resolve));
      request = late;
      return late.signal.aborted ? 'a part' : 'everything';
    });
    const rejected = expect(client.tellWithTimeout(1000, 'late')).rejects.toMatchObject({ type: 'timeout' });
    await settled();
    // Only the clock of the kite advances, so that the call is not canceled.
    server.clock.advance(1000);
    proceed();
    await settled();
    await rejected;
    expect(request?.signal.reason).toMatchObject({ type: 'timeout' });
    expect(far.sent.at(-1)).not.toContain('a part');
  });

  it('a call that waits in a queue beyond its deadline does not start', async () => {
    const { server, client } = await connected({ concurrent: false });
    const requests = endless(server);
    await client.tell('kite.ping');
    const calls = [100, 100].map((timeout) =>
      expect(client.tellWithTimeout(timeout, 'endless')).rejects.toMatchObject({ type: 'timeout' }),
    );
    await settled();
    server.clock.advance(100);
    await Promise.all(calls);
    expect(requests).toHaveLength(1);
    expect(running(server)).toEqual([0]);
  });

  it.each(['-1', '0', '1e300', '"5"', 'null', '[5]', '{}', 'true', String(MAX_DEADLINE + 1)])(
    'a deadline of %s in a call is ignored',
    async (deadline) => {
      const [near, far] = MemoryChannel.pair();
      const server = makeCore();
      const requests: Request[] = [];
      server.handle('note', (request) => void requests.push(request)).disableAuthentication();
      server.accept(far);
      near.start({ message: () => undefined, drain: () => undefined, close: () => undefined });
      near.send(
        `{"method":"note","arguments":[{"withArgs":[],"deadline":${deadline}}],"callbacks":{"0":[0,"responseCallback"]}}`,
      );
      await settled();
      expect(requests[0]?.deadline).toBeUndefined();
      expect(far.sent).toEqual(['{"method":0,"arguments":[{"error":null,"result":null}],"callbacks":{}}']);
      near.close();
    },
  );
});

/** A caller, a kite that calls another one for each request, and that other one. */
async function chain() {
  const last = makeCore();
  const { dialer } = memoryDialer(last);
  const middle = makeCore({ dialer });
  const toLast = middle.newClient('memory:', { auth: bob });
  await toLast.dial();
  await toLast.tell('kite.ping');
  const { dialer: toMiddle } = memoryDialer(middle);
  const caller = makeCore({ dialer: toMiddle });
  const client = caller.newClient('memory:', { auth: bob });
  await client.dial();
  await client.tell('kite.ping');
  return { last, middle, toLast, caller, client };
}

describe('a call for a request', () => {
  it('a call for a request inherits what is left of its deadline', async () => {
    const { last, middle, toLast, client } = await chain();
    const requests: Request[] = [];
    last.handle('note', (request) => void requests.push(request));
    middle.handle('forward', async (parent) => {
      middle.clock.advance(400);
      await toLast.call('note', [], { parent });
      await toLast.call('note', [], { parent, timeout: 100 });
      await toLast.call('note', [], { parent, timeout: 0 });
      middle.clock.advance(600);
      return toLast.call('note', [], { parent });
    });
    await expect(client.tellWithTimeout(1000, 'forward')).rejects.toMatchObject({
      type: 'timeout',
    });
    await settled();
    expect(requests.map(({ timeLeft }) => timeLeft)).toEqual([600, 100, 600]);
  });

  it('the cancellation of a call reaches the calls that its handler makes for it', async () => {
    const { last, middle, toLast, client } = await chain();
    const requests = endless(last);
    middle.handle('forward', (parent) => toLast.call('endless', [], { parent, timeout: 0 }));
    await callAndAbort(client, 'forward');
    expect(requests[0]?.signal.reason).toMatchObject({ type: 'canceled' });
    expect(running(middle, last)).toEqual([0, 0]);
    // A call for a request that was canceled is not made.
    const after = toLast.call('endless', [], { parent: requests[0] as Request });
    await expect(after).rejects.toMatchObject({ type: 'canceled' });
  });

  it('a request can make any number of calls at a time, without a warning of Node, and all are canceled', async () => {
    const { last, middle, toLast, client } = await chain();
    const requests = endless(last);
    const warnings: Error[] = [];
    const warn = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warn);
    onTestFinished(() => void process.off('warning', warn));
    middle.handle('forward', (parent) =>
      Promise.all(Array.from({ length: 50 }, () => toLast.call('endless', [], { parent }))),
    );
    await callAndAbort(client, 'forward');
    expect(requests.filter(({ signal }) => signal.aborted)).toHaveLength(50);
    expect(warnings).toEqual([]);
  });

  it('a call with a signal and a parent ends with the first of the two that aborts', async () => {
    const { last, middle, toLast, client } = await chain();
    const requests = endless(last);
    const own = new AbortController();
    middle.handle('forward', (parent) =>
      toLast.call('endless', [], { parent, signal: own.signal }).catch((error: unknown) => String(error)),
    );
    const call = client.tell('forward');
    await settled();
    own.abort(new Error('own'));
    expect(await call).toContain('own');
    await settled();
    expect(requests[0]?.signal.aborted).toBe(true);
  });

  it('a call for a request carries its trace and its metadata', async () => {
    const { last, middle, toLast, client } = await chain();
    const requests: Request[] = [];
    last.handle('note', (request) => void requests.push(request));
    middle.handle('forward', (parent) => toLast.call('note', [], { parent, metadata: { hop: '2' } }));
    await client.call('forward', [], {
      trace: { traceparent, tracestate: 'a=b' },
      metadata: { tenant: 't' },
    });
    expect(requests[0]?.trace).toEqual({ traceparent, tracestate: 'a=b' });
    expect(requests[0]?.metadata).toEqual({ tenant: 't', hop: '2' });
  });
});

describe('the trace and the metadata of a call', () => {
  it('the first call of a connection carries its trace and its metadata', async () => {
    const { request, near, far } = await requestOf(
      { trace: { traceparent }, metadata: { a: '"\u2028' } },
      false,
    );
    expect(request.trace).toEqual({ traceparent });
    expect(request.metadata).toEqual({ a: '"\u2028' });
    expect([near.sent.length, far.sent.length]).toEqual([1, 1]);
  });

  it('a request without trace and metadata has none', async () => {
    const { request } = await requestOf({});
    expect(request.trace).toBeUndefined();
    expect(request.metadata).toEqual({});
  });

  it('a peer that does not speak the extensions gets none of their fields, and lost metadata is logged once', async () => {
    const [near, far] = MemoryChannel.pair();
    const warn = vi.fn<(message: string) => void>();
    const core = makeCore({ logger: { ...silentLogger, warn } });
    const peer = core.accept(far);
    near.start({ message: () => undefined, drain: () => undefined, close: () => undefined });
    near.send('{"method":"kite.ping","arguments":[{"withArgs":[]}],"callbacks":{}}');
    await settled();
    const options = { timeout: 5, trace: { traceparent }, metadata: { a: 'b' } };
    const calls = [peer.call('note', [], options), peer.call('note', [], options)].map((call) =>
      expect(call).rejects.toMatchObject({ type: 'disconnect' }),
    );
    expect(fields(far.sent)).toEqual(['', '']);
    expect(warn.mock.calls).toEqual([[expect.stringContaining('The metadata of calls does not reach')]]);
    near.close();
    await Promise.all(calls);
  });

  it.each([
    [{ metadata: { a: 1 } }, 'is not an object of strings'],
    [{ metadata: 'text' }, 'is not an object of strings'],
    [{ metadata: { a: 'x'.repeat(8192) } }, 'more than 8192 bytes'],
    [{ trace: { traceparent: 'x' } }, 'Context: traceparent x'],
    [{ trace: { traceparent, tracestate: '\n' } }, 'Context: tracestate'],
  ])('a call with the option %j is refused before it is sent', async (options, message) => {
    const { client, near } = await connected();
    await expect(client.call('note', [], options as unknown as CallOptions)).rejects.toMatchObject({
      type: 'argumentError',
      message: expect.stringContaining(message) as string,
    });
    expect(near.sent).toEqual([]);
  });

  it.each([
    ['"text"', 'is not an object of strings'],
    ['["a"]', 'is not an object of strings'],
    ['{"a":1}', 'is not an object of strings'],
    ['{"a":{"b":"c"}}', 'is not an object of strings'],
    [`{${Array.from({ length: 65 }, (_, index) => `"${index}":""`).join()}}`, 'more than 64 entries'],
    [`{"a":"${'x'.repeat(10_000)}"}`, 'more than 8192 bytes'],
  ])('a call of a peer with the metadata %.20s is refused', async (metadata, message) => {
    const [near, far] = MemoryChannel.pair();
    const server = makeCore({ limits: defaultLimits });
    server.handle('note', () => 'called').disableAuthentication();
    server.accept(far);
    near.start({ message: () => undefined, drain: () => undefined, close: () => undefined });
    near.send(
      `{"method":"note","arguments":[{"withArgs":[],"metadata":${metadata}}],"callbacks":{"0":[0,"responseCallback"]}}`,
    );
    await settled();
    expect(far.sent[0]).toContain('"type":"argumentError"');
    expect(JSON.parse(far.sent[0] ?? '')).toMatchObject({
      arguments: [{ error: { message: expect.stringContaining(message) as string } }],
    });
    near.close();
  });

  it('metadata with the name __proto__ arrives as an entry', async () => {
    const { request } = await requestOf({
      metadata: JSON.parse('{"__proto__":"x"}') as Record<string, string>,
    });
    expect(Object.entries(request.metadata)).toEqual([['__proto__', 'x']]);
  });
});
