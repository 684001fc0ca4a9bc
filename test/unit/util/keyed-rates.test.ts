import { describe, expect, it } from 'vitest';
import { KeyedRates } from '../../../src/lib/util/keyed-rates.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';

describe('KeyedRates', () => {
  it('KeyedRates limit each key separately, and fill up as time passes', () => {
    const clock = new ManualClock();
    const rates = new KeyedRates(1000, 2, 10, clock);
    expect([rates.take('a'), rates.take('a'), rates.take('a'), rates.take('b')]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    clock.advance(1000);
    expect([rates.take('a'), rates.take('a')]).toEqual([true, false]);
  });

  it('KeyedRates forget the least recently used key above their number of keys', () => {
    const rates = new KeyedRates(1000, 1, 2, new ManualClock());
    for (const key of ['a', 'b', 'c']) rates.take(key);
    expect([rates.take('c'), rates.take('a')]).toEqual([false, true]);
  });
});
