import { describe, expect, it } from 'vitest';
import { RetryBudget } from '../../../../src/lib/kite/service/retry-budget.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

function spendAll(budget: RetryBudget): number {
  let count = 0;
  while (budget.spend()) count++;
  return count;
}

describe('the retry budget of a service', () => {
  it('a tenth of the calls can be made again, beyond the retries of the beginning', () => {
    const budget = new RetryBudget(new ManualClock());
    expect(spendAll(budget)).toBe(100);
    for (let count = 0; count < 995; count++) budget.earn();
    expect(spendAll(budget)).toBe(99);
  });

  it('ten calls per second can be made again however few there are, and no more are saved up than at the beginning', () => {
    const clock = new ManualClock();
    const budget = new RetryBudget(clock);
    spendAll(budget);
    clock.advance(500);
    expect(spendAll(budget)).toBe(5);
    clock.advance(3_600_000);
    expect(spendAll(budget)).toBe(100);
  });

  it('however many calls there were, at most a thousand retries are saved up', () => {
    const budget = new RetryBudget(new ManualClock());
    for (let count = 0; count < 100_000; count++) budget.earn();
    expect(spendAll(budget)).toBe(1000);
  });
});
