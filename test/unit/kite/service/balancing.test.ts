import { describe, expect, it } from 'vitest';
import { leastPending, pickerOf, roundRobin } from '../../../../src/lib/kite/service/balancing.js';
import { seededRandom } from '../../../helpers/process/random.js';

const loads = (...pending: number[]) => pending.map((each, index) => ({ name: index, pending: each }));

function counted(counts: number[], name: number | undefined): void {
  if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1;
}

describe('the choice among the kites that are ready', () => {
  it('there is no choice without a kite, and one without alternative with one', () => {
    for (const balance of ['leastPending', 'roundRobin'] as const) {
      const pick = pickerOf(balance, Math.random);
      expect(pick(loads(), undefined)).toBeUndefined();
      expect(pick(loads(7), undefined)?.name).toBe(0);
    }
  });

  it('round-robin takes each kite in turn, also after some have gone', () => {
    const pick = roundRobin();
    const kites = loads(9, 0, 0);
    expect(Array.from({ length: 5 }, () => pick(kites, undefined)?.name)).toEqual([0, 1, 2, 0, 1]);
    expect([pick(kites.slice(0, 2), undefined)?.name, pick(kites.slice(0, 2), undefined)?.name]).toEqual([
      0, 1,
    ]);
  });

  it('the choice is the one with fewer pending calls of two different kites at random', () => {
    const pick = leastPending(seededRandom(1));
    const counts = [0, 0, 0, 0];
    const kites = loads(3, 2, 1, 0);
    for (let count = 0; count < 6000; count++) counted(counts, pick(kites, undefined)?.name);
    // Of six pairs of kites, the busiest is chosen in none, and the others in one, two and three.
    expect(counts[0]).toBe(0);
    for (const [index, pairs] of [0, 1, 2, 3].entries())
      expect(Math.abs((counts[index] ?? 0) - pairs * 1000)).toBeLessThan(150);
  });

  it('kites with as many pending calls are taken equally often', () => {
    const pick = leastPending(seededRandom(2));
    const counts = [0, 0, 0, 0, 0];
    const kites = loads(0, 0, 0, 0, 0);
    for (let count = 0; count < 10_000; count++) counted(counts, pick(kites, undefined)?.name);
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200);
  });

  it('the kite that has answered last is taken while calls run, unless another one has fewer pending calls', () => {
    const pick = leastPending(seededRandom(3));
    const counts = [0, 0, 0, 0];
    const kites = loads(4, 4, 4, 4);
    for (let count = 0; count < 1000; count++) counted(counts, pick(kites, kites[2])?.name);
    // In a quarter of all cases it is the one at random as well, and of two others as good.
    expect(counts[2]).toBeGreaterThan(700);
    const busy = loads(4, 4, 9, 4);
    for (let count = 0; count < 1000; count++) expect(pick(busy, busy[2])?.name).not.toBe(2);
  });

  it('calls one after the other spread over all kites, although one has answered last', () => {
    const pick = leastPending(seededRandom(4));
    const counts = [0, 0, 0, 0];
    const kites = loads(0, 0, 0, 0);
    let recent = kites[0];
    for (let count = 0; count < 4000; count++) {
      recent = pick(kites, recent);
      counted(counts, recent?.name);
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
