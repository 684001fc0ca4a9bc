import { describe, expect, it } from 'vitest';
import { steadyClock } from '../../../../src/lib/kontrol/registry/steady-clock.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

const HOUR = 3_600_000;

describe('steadyClock', () => {
  it.each([-HOUR, HOUR])('steadyClock continues when the clock of the machine is set by %d ms', (change) => {
    const clock = new ManualClock();
    const start = clock.now();
    const steady = steadyClock(clock);
    clock.adjust(change);
    let ranAt = 0;
    steady.setTimeout(() => (ranAt = steady.now()), 1000);
    clock.advance(2000);
    expect(ranAt).toBe(start + 1000);
    expect(steady.now()).toBe(start + 2000);
    expect(steady.monotonic()).toBe(clock.monotonic());
  });
});
