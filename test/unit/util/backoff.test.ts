import { describe, expect, it } from 'vitest';
import { Backoff } from '../../../src/lib/util/backoff.js';

describe('Backoff', () => {
  const waits = (backoff: Backoff, count: number): number[] =>
    Array.from({ length: count }, () => backoff.next());

  it('Backoff doubles each delay up to the maximum', () => {
    expect(waits(new Backoff({ initial: 100, max: 500, random: () => 0 }), 5)).toEqual([
      100, 200, 400, 500, 500,
    ]);
  });

  it('Backoff shortens a delay by up to a half at random', () => {
    const random = [0, 0.5, 0.999_999];
    const backoff = new Backoff({ initial: 1000, max: 1000, random: () => random.shift() ?? 0 });
    expect(waits(backoff, 3).map(Math.round)).toEqual([1000, 750, 500]);
  });

  it('Backoff restarts with the shortest delay after a success', () => {
    const backoff = new Backoff({ random: () => 0 });
    expect(waits(backoff, 8)).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    backoff.reset();
    expect(backoff.next()).toBe(200);
  });
});
