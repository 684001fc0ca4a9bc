import { describe, expect, it } from 'vitest';
import {
  type BudgetShare,
  makeBudgets,
  MemoryBudget,
} from '../../../../src/lib/transport/channel/memory-budget.js';

/** A budget of 100 bytes with users that are named by numbers, and those that it has expelled. */
function budgetOf(
  users: number,
  measure?: (user: number) => void,
): { budget: MemoryBudget; shares: BudgetShare[]; expelled: string[] } {
  const expelled: string[] = [];
  const budget = new MemoryBudget(100, 'full');
  const shares = Array.from({ length: users }, (_, n) =>
    budget.open({ expel: (reason) => void expelled.push(`${n}: ${reason}`), measure: () => measure?.(n) }),
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

  it('MemoryBudget counts a user once that is charged for the first time and measured then', () => {
    const budget = new MemoryBudget(100, 'full');
    const expelled: string[] = [];
    /** A user that charges the memory that it takes when it is measured, like a connection. */
    const user = (name: string, bytes: number) => {
      let share: BudgetShare | undefined;
      const measure = (): void => {
        share = budget.charge(self, share, bytes);
      };
      const self = { measure, expel: () => void expelled.push(name) };
      return measure;
    };
    const [idle, small, medium, large] = [
      user('idle', 0),
      user('small', 10),
      user('medium', 60),
      user('large', 70),
    ];
    idle();
    small();
    medium();
    expect(budget.used).toBe(70);
    large();
    expect({ used: budget.used, expelled }).toEqual({ used: 70, expelled: ['large'] });
    large();
    expect({ used: budget.used, expelled }).toEqual({ used: 70, expelled: ['large'] });
  });

  it('MemoryBudget measures all users before it expels one, because they may report late that they use less', () => {
    const measured: number[] = [];
    const { budget, shares, expelled } = budgetOf(3, (user) => {
      measured.push(user);
      if (user === 0) shares[0]?.resize(5);
    });
    [60, 30, 20].forEach((bytes, n) => shares[n]?.resize(bytes));
    expect({ measured, expelled, used: budget.used }).toEqual({
      measured: [0, 1, 2],
      expelled: [],
      used: 55,
    });
  });

  it('makeBudgets names the limits in the reasons with which connections end', () => {
    const reasons: string[] = [];
    const { input, output } = makeBudgets({ unauthenticatedBytes: 1, totalQueueBytes: 2 });
    for (const budget of [input, output]) {
      budget.open({ expel: (reason) => reasons.push(reason), measure: () => {} }).resize(3);
    }
    expect(reasons[0]).toContain('more than 1 bytes (limits.unauthenticatedBytes)');
    expect(reasons[1]).toContain('more than 2 bytes are queued for all (limits.totalQueueBytes)');
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
