import { describe, expect, it } from 'vitest';
import type { RemoteFunction } from '../../../src/lib/index.js';
import { untilAborted } from '../../helpers/kite/endless.js';
import { connected, makeCore, settled } from '../../helpers/kite/cores.js';

/** A kite that keeps the function of its last call of `keep`, and a client of it. */
async function withKept(): Promise<
  Awaited<ReturnType<typeof connected>> & { readonly call: (value: unknown) => unknown }
> {
  const pair = await connected();
  const kept: { fn: RemoteFunction | undefined } = { fn: undefined };
  pair.server.handle<[RemoteFunction]>('keep', ({ args: [fn] }) => {
    kept.fn = fn;
    return null;
  });
  pair.server.handle<[RemoteFunction]>('fail', ({ args: [fn] }) => {
    kept.fn = fn;
    throw new Error('mine');
  });
  pair.server.handle<[RemoteFunction]>('never', (request) => {
    kept.fn = request.args[0];
    return untilAborted(request);
  });
  return { ...pair, call: (value) => kept.fn?.(value) };
}

describe('the lifetime of callbacks', () => {
  it('a call with a function can be made 70,000 times on one connection', async () => {
    const { server, client } = await connected();
    server.handle<[number, RemoteFunction<[number]>], number>('count', ({ args: [to, onCount] }) => {
      for (let n = 1; n <= to; n++) onCount(n);
      return to;
    });
    let seen = 0;
    for (let call = 0; call < 70_000; call++) await client.tell('count', 3, () => seen++);
    expect(seen).toBe(210_000);
  });

  it('a callback ends when its call is answered, fails, is canceled or times out', async () => {
    const { client, caller, call } = await withKept();
    const seen: unknown[] = [];
    const push = (value: unknown): void => void seen.push(value);
    const controller = new AbortController();
    const ends: Record<string, () => Promise<unknown>> = {
      answered: () => client.tell('keep', push),
      failed: () => client.tell('fail', push),
      canceled: () => {
        const canceled = client.call('never', [push], { signal: controller.signal });
        controller.abort(new Error('enough'));
        return canceled;
      },
      'timed out': async () => {
        const timedOut = client.tellWithTimeout(10, 'never', push);
        await settled();
        call('before the timeout');
        await settled();
        caller.clock.advance(10);
        return timedOut;
      },
    };
    for (const [name, end] of Object.entries(ends)) {
      await end().catch(() => undefined);
      await settled();
      call(name);
      await settled();
    }
    expect(seen).toEqual(['before the timeout']);
  });

  it('a callback of a call with the option "connection" lives until it is forgotten', async () => {
    const { client, call } = await withKept();
    const seen: unknown[] = [];
    const push = (value: unknown): void => void seen.push(value);
    await client.call('keep', [push], { callbacks: 'connection' });
    call(1);
    await settled();
    client.forget(push);
    call(2);
    await settled();
    expect(seen).toEqual([1]);
  });

  it('a callback can be forgotten before its call ends', async () => {
    const { client, call } = await withKept();
    const seen: unknown[] = [];
    const push = (value: unknown): void => void seen.push(value);
    const controller = new AbortController();
    const never = client.call('never', [push, push], { signal: controller.signal });
    await settled();
    call(1);
    await settled();
    client.forget(push);
    call(2);
    await settled();
    controller.abort(new Error('enough'));
    await expect(never).rejects.toThrow('enough');
    expect(seen).toEqual([1]);
  });

  it('a shared function lives until it is released, in any number of calls', async () => {
    const { client, call } = await withKept();
    const seen: unknown[] = [];
    const shared = client.share((value: unknown) => void seen.push(value));
    await client.tell('keep', shared);
    call(1);
    await client.tell('keep', { nested: [shared] });
    await client.tell('keep', shared);
    await settled();
    call(2);
    await settled();
    shared.release();
    call(3);
    await settled();
    expect(seen).toEqual([1, 2]);
    // From now on it is a function like others.
    await client.tell('keep', shared);
    call(4);
    await settled();
    expect(seen).toEqual([1, 2]);
  });

  it('a shared function ends with its block if it is declared with using', async () => {
    const { client, call } = await withKept();
    const seen: unknown[] = [];
    {
      using shared = client.share((value: unknown) => void seen.push(value));
      await client.tell('keep', shared);
      call(1);
      await settled();
    }
    call(2);
    await settled();
    expect(seen).toEqual([1]);
  });

  it('a shared function is shared with the connections that its client opens later', async () => {
    const { client, call, near } = await withKept();
    const seen: unknown[] = [];
    const shared = client.share((value: unknown) => void seen.push(value));
    near.close();
    await settled();
    await client.dial();
    await client.tell('keep', shared);
    call(1);
    await settled();
    shared.release();
    call(2);
    await settled();
    expect(seen).toEqual([1]);
  });

  it('a handler can share a function with its caller', async () => {
    const { server, client, caller } = await connected();
    let kept: RemoteFunction | undefined;
    caller
      .handle<[RemoteFunction]>('keep', ({ args: [fn] }) => {
        kept = fn;
        return null;
      })
      .disableAuthentication();
    const seen: unknown[] = [];
    server.handle('start', async (request) => {
      const shared = request.client.share((value: unknown) => void seen.push(value));
      await request.client.tell('keep', shared);
      return null;
    });
    await client.tell('start');
    kept?.(1);
    await settled();
    expect(seen).toEqual([1]);
  });

  it('functions of calls that were canceled do not stay, in a connection that makes many', async () => {
    const { client } = await withKept();
    for (let index = 0; index < 100; index++) {
      const controller = new AbortController();
      const never = client.call('never', [() => index], { signal: controller.signal });
      controller.abort(new Error('enough'));
      await expect(never).rejects.toThrow('enough');
    }
    // The leak check fails this test if a callback is left.
    expect(makeCore().accepted.size).toBe(0);
  });
});
