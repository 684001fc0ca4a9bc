import { describe, expect, it } from 'vitest';
import { faultyPair, ManualClock } from '../../../src/lib/testing.js';
import { makeCore, settled } from '../../helpers/kite/cores.js';

async function faulty() {
  const clock = new ManualClock();
  const pair = faultyPair(clock);
  makeCore({ clock }).accept(pair.far);
  const client = makeCore({ clock, dialer: () => Promise.resolve(pair.near) }).newClient('memory:');
  await client.dial();
  return { ...pair, clock, client };
}

describe('a connection in memory', () => {
  it('a faulty connection loses the selected messages', async () => {
    const { client, clock, faults } = await faulty();
    faults.drop = (text) => text.includes('kite.ping');
    const lost = client.tellWithTimeout(1000, 'kite.ping');
    clock.advance(1000);
    await expect(lost).rejects.toMatchObject({ type: 'timeout' });
    faults.drop = false;
    expect(await client.tell('kite.ping')).toBe('pong');
  });

  it('a faulty connection delays messages', async () => {
    const { client, clock, faults } = await faulty();
    faults.delay = 100;
    let answer: unknown;
    void client.tell('kite.ping').then((result) => (answer = result));
    clock.advance(100);
    await settled();
    clock.advance(99);
    await settled();
    expect(answer).toBeUndefined();
    clock.advance(1);
    await settled();
    expect(answer).toBe('pong');
  });

  it('a faulty connection has a reader that does not read until it is resumed', async () => {
    const { client, near, faults, read } = await faulty();
    faults.slowReader = true;
    const answer = client.tell('kite.ping');
    expect(near.bufferedBytes).toBeGreaterThan(0);
    read();
    expect(near.bufferedBytes).toBe(0);
    expect(await answer).toBe('pong');
  });

  it('a faulty connection drops when it is cut', async () => {
    const { client, cut } = await faulty();
    const call = client.tell('kite.ping');
    cut();
    await expect(call).rejects.toMatchObject({ type: 'disconnect' });
  });
});

/** A connection with faults to a kite that streams items, and how many it has made. */
async function counting() {
  const clock = new ManualClock();
  const pair = faultyPair(clock);
  const server = makeCore({ clock });
  const made = { last: 0, ended: 0 };
  const count = server.handle('count', async function* () {
    try {
      for (;;) yield `item ${++made.last}`;
    } finally {
      made.ended++;
    }
  });
  count.disableAuthentication();
  server.handle('echo', ({ args: [value] }) => value).disableAuthentication();
  const first = server.handle<[AsyncIterable<number>]>('first', async ({ args: [numbers] }) => {
    for await (const number of numbers) return number;
    return null;
  });
  first.disableAuthentication();
  server.accept(pair.far);
  const client = makeCore({ clock, dialer: () => Promise.resolve(pair.near) }).newClient('memory:');
  await client.dial();
  await client.tell('kite.ping');
  return { ...pair, clock, client, made };
}

describe('a stream over a connection in memory', () => {
  it('a stream over a faulty connection stops at its window while its messages are delayed', async () => {
    const { client, clock, faults, made } = await counting();
    const stream = client.stream('count');
    expect((await stream.next()).value).toBe('item 1');
    faults.delay = 1000;
    await settled();
    const { last } = made;
    await settled();
    expect(made.last).toBe(last);
    faults.delay = 0;
    clock.advance(1000);
    for (let number = 2; number <= last + 1; number++)
      expect((await stream.next()).value).toBe(`item ${number}`);
    stream.cancel();
    await settled();
    expect(made.ended).toBe(1);
    await expect(stream.result).rejects.toMatchObject({ type: 'canceled' });
  });

  it('a stream whose credit is lost ends with its window, and a canceled one is canceled at the kite', async () => {
    const { client, faults, made } = await counting();
    faults.drop = (text) => text.startsWith('{"method":"kite.credit"');
    const stream = client.stream('count');
    await stream.next();
    await settled();
    const window = made.last;
    for (let number = 2; number <= window; number++) await stream.next();
    await settled();
    expect(made.last).toBe(window);
    stream.cancel();
    await expect(stream.result).rejects.toMatchObject({ type: 'canceled' });
    await settled();
    expect(made.ended).toBe(1);
  });

  it('a stream ends at both ends of a connection that is cut', async () => {
    const { client, cut, made } = await counting();
    const stream = client.stream('count');
    await stream.next();
    cut();
    await expect(
      (async () => {
        for await (const number of stream) void number;
      })(),
    ).rejects.toMatchObject({ type: 'disconnect' });
    await expect(stream.result).rejects.toMatchObject({ type: 'disconnect' });
    await settled();
    expect(made.ended).toBe(1);
  });

  it('streams as arguments, bytes and rich values pass a faulty connection', async () => {
    const { client } = await counting();
    expect(
      await client.tell(
        'first',
        (async function* () {
          yield 4;
          yield 5;
        })(),
      ),
    ).toBe(4);
    const value = {
      bytes: Uint8Array.of(0, 255),
      when: new Date(0),
      map: new Map([[1n, new Set([Number.NaN])]]),
    };
    expect(await client.tell('echo', value)).toEqual(value);
  });
});
