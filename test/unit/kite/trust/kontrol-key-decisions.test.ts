import { describe, expect, it, vi } from 'vitest';
import { KONTROL_KEY_DECISIONS } from '../../../../src/lib/kite/limits/kite-limits.js';
import {
  type KontrolKeyCheck,
  KontrolKeyDecisions,
} from '../../../../src/lib/kite/trust/kontrol-key-decisions.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

describe('KontrolKeyDecisions', () => {
  it('KontrolKeyDecisions cache each decision for their time to live, also a negative one', async () => {
    const clock = new ManualClock();
    const check = vi.fn<KontrolKeyCheck>((key) => Promise.resolve(key === 'good'));
    const keys = new KontrolKeyDecisions(check, 1000, clock);
    expect([await keys.accepts('good'), await keys.accepts('bad')]).toEqual([true, false]);
    expect([keys.accepts('good'), keys.accepts('bad')]).toEqual([true, false]);
    clock.advance(1000);
    await keys.accepts('bad');
    expect(check).toHaveBeenCalledTimes(3);
  });

  it('KontrolKeyDecisions are not cached without a time to live, and not if the check fails', async () => {
    const uncached = vi.fn<KontrolKeyCheck>(() => true);
    const keys = new KontrolKeyDecisions(uncached, 0, new ManualClock());
    expect([keys.accepts('a'), keys.accepts('a')]).toEqual([true, true]);
    expect(uncached).toHaveBeenCalledTimes(2);
    const failing = vi.fn<KontrolKeyCheck>(() => Promise.reject(new Error('no network')));
    const broken = new KontrolKeyDecisions(failing, 1000, new ManualClock());
    for (const _time of [1, 2]) await expect(broken.accepts('a')).rejects.toThrow('no network');
    expect(failing).toHaveBeenCalledTimes(2);
  });

  it('KontrolKeyDecisions forget the oldest decision above their limit', () => {
    const check = vi.fn<KontrolKeyCheck>(() => true);
    const keys = new KontrolKeyDecisions(check, 1000, new ManualClock());
    for (let count = 0; count <= KONTROL_KEY_DECISIONS; count++) void keys.accepts(`key ${count}`);
    void keys.accepts('key 0');
    expect(check).toHaveBeenCalledTimes(KONTROL_KEY_DECISIONS + 2);
  });
});
