import { describe, expect, it } from 'vitest';
import { type BudgetShare, MemoryBudget } from '../../../../src/lib/transport/channel/memory-budget.js';

/** A budget of 100 bytes with users that are named by numbers, and those that it has expelled. */
function budgetOf(users: number): { budget: MemoryBudget; shares: BudgetShare[]; expelled: string[] } {
  const expelled: string[] = [];
  const budget = new MemoryBudget(100, 'full');
  const shares = Array.from({ length: users }, (_, n) =>
    budget.open({ expel: (reason) => void expelled.push(`${n}: ${reason}`) }),
  );
  return { budget, shares, expelled };
}

describe('MemoryBudget', () => {
  it('MemoryBudget expels no user up to its limit', () => {
    const { budget, shares, expelled } = budgetOf(4);
    for (const share of shares) share.resize(25);
    expect(budget.used).toBe(100);
    expect(expelled).toEqual([]);
  });

  it('MemoryBudget expels the users of most memory first, until three quarters are used', () => {
    const { budget, shares, expelled } = budgetOf(4);
    [30, 40, 20, 11].forEach((bytes, n) => shares[n]?.resize(bytes));
    expect(expelled).toEqual(['1: full']);
    expect(budget.used).toBe(61);
    shares[3]?.resize(51);
    expect(expelled).toEqual(['1: full', '3: full']);
    expect(budget.used).toBe(50);
  });

  it('MemoryBudget expels a user that exceeds it alone', () => {
    const { budget, shares, expelled } = budgetOf(2);
    shares[0]?.resize(1);
    shares[1]?.resize(101);
    expect(expelled).toEqual(['1: full']);
    expect(budget.used).toBe(1);
  });

  it('MemoryBudget does not count what a user has returned, or what an expelled user reports later', () => {
    const { budget, shares, expelled } = budgetOf(3);
    shares[0]?.resize(90);
    shares[0]?.close();
    shares[0]?.resize(1000);
    shares[0]?.close();
    expect(budget.used).toBe(0);
    shares[1]?.resize(150);
    shares[1]?.resize(1000);
    shares[2]?.resize(60);
    shares[2]?.resize(10);
    expect(budget.used).toBe(10);
    expect(expelled).toEqual(['1: full']);
  });
});
