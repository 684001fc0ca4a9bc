import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/lib/util/clock.js';
import { settled } from '../../helpers/kite/cores.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';
import { WAITS, type Wait } from '../../helpers/process/waits.js';

const HOUR = 3_600_000;
const MONTH = 30 * 24 * HOUR;
const TWO_SECONDS = 2000;

/** Starts a wait, and returns whether it has ended. */
function started(wait: Wait, ...[clock, ms]: [ManualClock | typeof systemClock, number]) {
  let ended = false;
  const { hasEnded, stop } = wait.start(clock, ms, () => (ended = true));
  const check = async (): Promise<boolean> => {
    await settled();
    ended = ended || (hasEnded?.() ?? false);
    await settled();
    return ended;
  };
  return { check, stop: () => stop?.() };
}

afterEach(() => void vi.useRealTimers());

describe('everything that waits', () => {
  it('everything that waits is in the table', () => {
    console.log(`${WAITS.length} waits × (clock set back, set forward, 30 days)`);
    expect(WAITS.length).toBeGreaterThan(15);
  });

  const changes = WAITS.flatMap((wait) => [-HOUR, HOUR].map((change) => [wait.name, change, wait] as const));
  it.each(changes)(
    '%s ends after two seconds although the clock is set by %d ms',
    async (_, change, wait) => {
      const clock = new ManualClock();
      const { check, stop } = started(wait, clock, TWO_SECONDS);
      await settled();
      clock.adjust(change);
      clock.advance(TWO_SECONDS - 1);
      expect(await check()).toBe(false);
      clock.advance(1);
      expect(await check()).toBe(true);
      stop();
    },
  );

  it.each(WAITS.map((wait) => [wait.name, wait] as const))('%s can last 30 days', async (_, wait) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
    const { check, stop } = started(wait, systemClock, MONTH);
    await settled();
    vi.advanceTimersByTime(MONTH - 1000);
    expect(await check()).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(await check()).toBe(true);
    stop();
  });
});
