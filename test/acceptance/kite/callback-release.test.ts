import { describe, expect, it } from 'vitest';
import { defaultLimits, type RemoteFunction } from '../../../src/lib/index.js';
import { connected, settled } from '../../helpers/kite/cores.js';
import { collectGarbageUntil } from '../../helpers/process/heap.js';

type Fn = RemoteFunction<[unknown]>;

function releases(sent: readonly string[]): string[] {
  return sent.filter((text) => text.includes('kite.release'));
}

/** A kite whose method `open` returns a function, and what it is called with. */
async function withOpen(options: Parameters<typeof connected>[0] = {}) {
  const pair = await connected(options);
  const seen: unknown[] = [];
  const shared = (value: unknown): number => seen.push(value);
  pair.server.handle('open', () => ({ write: (value: unknown) => seen.push(value) }));
  pair.server.handle('same', () => shared);
  await pair.client.tell('kite.ping');
  return { ...pair, seen };
}

describe('functions in results', () => {
  it('a function in a result can be called until it is released, which its owner learns', async () => {
    const { client, near, seen } = await withOpen();
    const { write } = await client.tell<{ write: Fn }>('open');
    expect(await write(1)).toBe(1);
    write.release();
    write.release();
    await expect(Promise.resolve(write(2))).rejects.toMatchObject({ code: 'callbackEnded' });
    await settled();
    expect(seen).toEqual([1]);
    expect(releases(near.sent)).toEqual([
      '{"method":"kite.release","arguments":[{"withArgs":[0,1]}],"callbacks":{}}',
    ]);
  });

  it('the functions of an answer that arrives after its call has ended are released, also those of a callback that has ended', async () => {
    const { client, near, server, caller } = await withOpen();
    let answer = (): void => {};
    server.handle('late', () => new Promise((resolve) => (answer = () => resolve([() => 1, () => 2]))));
    const late = client.call('late', [], { timeout: 1000 });
    await settled();
    // The answer and the end of the call pass each other.
    answer();
    caller.clock.advance(1000);
    await expect(late).rejects.toMatchObject({ type: 'timeout' });
    await settled();
    expect(releases(near.sent)).toHaveLength(2);
    near.deliver('{"method":999,"arguments":["[Function]"],"callbacks":{"77":[0]}}');
    expect(releases(near.sent).at(-1)).toContain('[77,1]');
  });

  it('a function in a result is released at the end of the block that declares it with using', async () => {
    const { client, near } = await withOpen();
    {
      using write = (await client.tell<{ write: Fn }>('open')).write;
      await write(1);
    }
    await settled();
    expect(releases(near.sent)).toHaveLength(1);
  });

  it('a connection can get any number of functions in results, if they are released', async () => {
    const { client, server } = await withOpen({ limits: { ...defaultLimits, callbacksPerConnection: 20 } });
    for (let index = 0; index < 100; index++) {
      using write = (await client.tell<{ write: Fn }>('open')).write;
      await write(index);
    }
    const kept: Fn[] = [];
    const error: unknown = await (async () => {
      for (;;) kept.push((await client.tell<{ write: Fn }>('open')).write);
    })().catch((reason: unknown) => reason);
    expect((error as Error).message).toContain('limits.callbacksPerConnection');
    for (const write of kept) write.release();
    await client.tell('open');
    expect(server.accepted.size).toBe(1);
  });

  it('a function that was returned twice lives until both are released', async () => {
    const { client, seen } = await withOpen();
    const [one, two] = [await client.tell<Fn>('same'), await client.tell<Fn>('same')];
    one.release();
    await two(1);
    two.release();
    await settled();
    const three = await client.tell<Fn>('same');
    await three(2);
    expect(seen).toEqual([1, 2]);
  });

  it('a function that a callback gets is released like one in a result', async () => {
    const { server, client, far } = await withOpen();
    const seen: unknown[] = [];
    server.handle<[Fn]>('give', async ({ args: [take] }) => {
      await take((value: unknown) => seen.push(value));
      return null;
    });
    await client.tell('give', async (given: Fn) => {
      await given(1);
      given.release();
    });
    expect(seen).toEqual([1]);
    expect(far.sent.length).toBeGreaterThan(0);
  });

  it('a function that the program has lost is released when it is garbage collected', async () => {
    const { client, near, seen } = await withOpen();
    await (async () => {
      const { write } = await client.tell<{ write: Fn }>('open');
      await write(1);
    })();
    await collectGarbageUntil(() => releases(near.sent).length > 0);
    await settled();
    expect([seen, releases(near.sent).length]).toEqual([[1], 1]);
  });

  it('a function that is released after the connection has ended sends nothing', async () => {
    const { client, near } = await withOpen();
    const { write } = await client.tell<{ write: Fn }>('open');
    client.close();
    await settled();
    write.release();
    await settled();
    expect(releases(near.sent)).toEqual([]);
  });

  it.each([
    '[]',
    '[0]',
    '[0,0]',
    '[0,-1]',
    '[0,1.5]',
    '[0,"1"]',
    '["0",1]',
    '[-1,1]',
    '[99,1]',
    '[null,1]',
    '[{},1]',
    '[[0],1]',
  ])('a hostile release %s has no effect', async (args) => {
    const { client, near, seen } = await withOpen();
    const { write } = await client.tell<{ write: Fn }>('open');
    near.send(`{"method":"kite.release","arguments":[{"withArgs":${args}}],"callbacks":{}}`);
    await settled();
    await write(1);
    expect(seen).toEqual([1]);
  });

  it('a hostile release of a pending call, or of more uses than there are, leaves the connection as it is', async () => {
    const { server, client, far, near, seen } = await withOpen();
    const finish: (() => void)[] = [];
    server.handle('wait', () => new Promise((resolve) => finish.push(() => resolve('done'))));
    const call = client.tell('wait');
    await settled();
    for (let number = 0; number < 10; number++)
      far.send(`{"method":"kite.release","arguments":[{"withArgs":[${number},1e9]}],"callbacks":{}}`);
    await settled();
    finish[0]?.();
    expect(await call).toBe('done');
    const { write } = await client.tell<{ write: Fn }>('open');
    near.send('{"method":"kite.release","arguments":[{"withArgs":[0,1000000000]}],"callbacks":{}}');
    await settled();
    await expect(Promise.resolve(write(1))).rejects.toMatchObject({ code: 'callbackEnded' });
    expect(seen).toEqual([]);
  });

  it('a call of kite.release with a response callback is a call of an unknown method', async () => {
    const { client } = await withOpen();
    await expect(client.tell('kite.release', 0, 1)).rejects.toMatchObject({ type: 'methodNotFound' });
  });
});
