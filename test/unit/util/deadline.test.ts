import { describe, expect, it } from 'vitest';
import { withDeadline } from '../../../src/lib/util/deadline.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';

const late = (): Error => new Error('late');

describe('withDeadline', () => {
  it('withDeadline resolves and rejects like the work, and cancels its timer', async () => {
    const clock = new ManualClock();
    expect(await withDeadline(Promise.resolve(4), { clock, ms: 10, onTimeout: late })).toBe(4);
    await expect(
      withDeadline(Promise.reject(new Error('no')), { clock, ms: 10, onTimeout: late }),
    ).rejects.toThrow('no');
    expect(clock.timers).toBe(0);
  });

  it('withDeadline rejects if the deadline passes first', async () => {
    const clock = new ManualClock();
    const outcome = withDeadline(new Promise(() => {}), { clock, ms: 10, onTimeout: late });
    clock.advance(10);
    await expect(outcome).rejects.toThrow('late');
  });

  it('withDeadline rejects at once if the deadline has passed already', async () => {
    const clock = new ManualClock();
    const outcome = withDeadline(new Promise(() => {}), { clock, ms: -5, onTimeout: late });
    clock.advance(0);
    await expect(outcome).rejects.toThrow('late');
  });
});
