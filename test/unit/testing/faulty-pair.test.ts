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
