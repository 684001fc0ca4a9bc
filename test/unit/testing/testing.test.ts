import { describe, expect, it, onTestFinished } from 'vitest';
import { faultyPair, ManualClock, testKontrol } from '../../../src/lib/testing.js';
import { makeCore, settled } from '../../helpers/cores.js';

async function faulty() {
  const clock = new ManualClock();
  const pair = faultyPair(clock);
  makeCore({ clock }).accept(pair.far);
  const client = makeCore({ clock, dialer: () => Promise.resolve(pair.near) }).newClient('memory:');
  await client.dial();
  return { ...pair, clock, client };
}

describe('a clock of a test', () => {
  const recurring = (clock: ManualClock, ms: number): number[] => {
    const ran: number[] = [];
    const run = (): void => {
      ran.push(clock.now());
      clock.setTimeout(run, ms);
    };
    clock.setTimeout(run, ms);
    return ran;
  };

  it('runs what recurs as often as it is due when it advances, and once when it leaps', () => {
    const clock = new ManualClock(0);
    const ran = recurring(clock, 10);
    clock.advance(35);
    expect(ran).toEqual([10, 20, 30]);
    clock.leap(100);
    expect(ran).toEqual([10, 20, 30, 135]);
    clock.advance(10);
    expect(ran.at(-1)).toBe(145);
  });

  it('runs what is due in its order, and nothing that was cancelled on the way', () => {
    for (const pass of ['advance', 'leap'] as const) {
      const clock = new ManualClock(0);
      const ran: string[] = [];
      const late = clock.setTimeout(() => ran.push('late'), 30);
      clock.setTimeout(() => ran.push('first'), 10);
      clock.setTimeout(() => {
        ran.push('second');
        late.cancel();
      }, 10);
      clock[pass](50);
      expect([ran, clock.timers]).toEqual([['first', 'second'], 0]);
    }
  });
});

describe('a connection in memory', () => {
  it('loses what it is told to lose', async () => {
    const { client, clock, faults } = await faulty();
    faults.drop = (text) => text.includes('kite.ping');
    const lost = client.tellWithTimeout(1000, 'kite.ping');
    clock.advance(1000);
    await expect(lost).rejects.toMatchObject({ type: 'timeout' });
    faults.drop = false;
    expect(await client.tell('kite.ping')).toBe('pong');
  });

  it('takes its time', async () => {
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

  it('has a reader that reads nothing until it does', async () => {
    const { client, near, faults, read } = await faulty();
    faults.slowReader = true;
    const answer = client.tell('kite.ping');
    expect(near.bufferedBytes).toBeGreaterThan(0);
    read();
    expect(near.bufferedBytes).toBe(0);
    expect(await answer).toBe('pong');
  });

  it('drops when it is cut', async () => {
    const { client, cut } = await faulty();
    const call = client.tell('kite.ping');
    cut();
    await expect(call).rejects.toMatchObject({ type: 'disconnect' });
  });
});

describe('a Kontrol in memory', () => {
  it('has kites that find and call each other', async () => {
    const kit = await testKontrol();
    onTestFinished(() => kit.close());
    const math = await kit.kite('math');
    math.handle<[number], number>('square', ({ args: [n] }) => n * n);
    await math.listen();
    await math.register();
    const caller = await kit.kite('caller');
    const [found] = await caller.getKites({ username: 'bob', environment: 'test', name: 'math' });
    const client = found?.client();
    await client?.dial();
    expect(await client?.tell('square', 4)).toBe(16);
  });
});
