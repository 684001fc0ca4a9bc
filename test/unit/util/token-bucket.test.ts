import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/lib/testing/manual-clock.js';
import { TokenBucket } from '../../../src/lib/util/token-bucket.js';

function taken(bucket: TokenBucket): number {
  let count = 0;
  while (bucket.take()) count++;
  return count;
}

describe('TokenBucket', () => {
  it('TokenBucket is full at the start', () => {
    expect(taken(new TokenBucket(1000, 3, new ManualClock()))).toBe(3);
  });

  it('TokenBucket gains a token after each interval, up to its capacity', () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket(1000, 3, clock);
    taken(bucket);
    clock.advance(999);
    expect(taken(bucket)).toBe(0);
    clock.advance(1);
    expect(taken(bucket)).toBe(1);
    clock.advance(100_000);
    expect(taken(bucket)).toBe(3);
  });

  it('TokenBucket loses no part of an interval when a token is taken in between', () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket(1000, 10, clock);
    taken(bucket);
    for (let i = 0; i < 10; i++) {
      clock.advance(1500);
      bucket.take();
    }
    expect(taken(bucket)).toBe(5);
  });

  it.each([
    [0, 1],
    [Number.NaN, 1],
    [1, 0],
    [1, Number.NaN],
  ])('TokenBucket rejects an interval of %d ms with a capacity of %d', (interval, capacity) => {
    expect(() => new TokenBucket(interval, capacity, new ManualClock())).toThrow(RangeError);
  });
});
