import { describe, expect, it } from 'vitest';
import { KontrolTime } from '../../../../src/lib/kite/call/kontrol-time.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);

function setUp() {
  const clock = new ManualClock(START);
  return { clock, time: new KontrolTime(clock) };
}

describe('the time of Kontrol', () => {
  it('the time of Kontrol is that of this clock until Kontrol shows another', () => {
    const { clock, time } = setUp();
    expect(time.now()).toBe(START);
    expect(time.observe(START - 1, START, START - 1)).toBe(0);
    clock.adjust(HOUR);
    expect(time.now()).toBe(START + HOUR);
  });

  it.each([-HOUR, HOUR])(
    'the time of Kontrol is corrected if this clock differs from it by %d ms',
    (wrong) => {
      const { clock, time } = setUp();
      clock.adjust(wrong);
      expect(time.observe(START - 1000, START + 1000, START)).toBe(-wrong);
      expect(time.now()).toBe(START);
      clock.advance(500);
      expect(time.now()).toBe(START + 500);
    },
  );

  it('the time of Kontrol does not follow this clock after it was corrected', () => {
    const { clock, time } = setUp();
    clock.adjust(HOUR);
    time.observe(START, START, START);
    clock.adjust(-HOUR);
    clock.advance(1000);
    expect(time.now()).toBe(START + 1000);
  });

  it('the time of Kontrol is corrected again after the machine has slept', () => {
    const { time } = setUp();
    time.observe(START + HOUR, START + HOUR, START + HOUR);
    expect(time.observe(START + 9 * HOUR, START + 9 * HOUR, START + 9 * HOUR)).toBe(8 * HOUR);
    expect(time.now()).toBe(START + 9 * HOUR);
  });
});
