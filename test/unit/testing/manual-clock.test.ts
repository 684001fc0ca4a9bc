import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualClock } from '../../../src/lib/testing.js';

describe('ManualClock', () => {
  const recurring = (clock: ManualClock, ms: number): number[] => {
    const ran: number[] = [];
    const run = (): void => {
      ran.push(clock.now());
      timer = clock.setTimeout(run, ms);
    };
    let timer = clock.setTimeout(run, ms);
    onTestFinished(() => timer.cancel());
    return ran;
  };

  it('ManualClock runs a recurring timer each time it is due when it advances, and once when it leaps', () => {
    const clock = new ManualClock(0);
    const ran = recurring(clock, 10);
    clock.advance(35);
    expect(ran).toEqual([10, 20, 30]);
    clock.leap(100);
    expect(ran).toEqual([10, 20, 30, 135]);
    clock.advance(10);
    expect(ran.at(-1)).toBe(145);
  });

  it.each([-3_600_000, 3_600_000])(
    'ManualClock runs timers after their delay although it is adjusted by %d ms',
    (ms) => {
      const clock = new ManualClock(0);
      const start = clock.monotonic();
      const ran: number[] = [];
      clock.setTimeout(() => ran.push(clock.monotonic() - start), 10);
      clock.adjust(ms);
      clock.advance(9);
      expect(ran).toEqual([]);
      clock.advance(1);
      expect([ran, clock.now()]).toEqual([[10], 10 + ms]);
    },
  );

  it('ManualClock runs due timers in their order, and none that was cancelled before', () => {
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
