/** A connection that uses memory of a budget. */
export interface BudgetUser {
  /** Ends the connection at once, with code 1008, to free its memory. Must not throw. */
  expel(reason: string): void;
}

/** The part of a budget that one connection uses. */
export class BudgetShare {
  readonly #budget: MemoryBudget;
  readonly user: BudgetUser;
  /** Memory that the connection uses, in bytes. Only the budget changes it. */
  bytes = 0;

  constructor(budget: MemoryBudget, user: BudgetUser) {
    this.#budget = budget;
    this.user = user;
  }

  /** Sets the memory that the connection uses. If the budget is exceeded then, it expels users, perhaps this one. */
  resize(bytes: number): void {
    if (bytes !== this.bytes) this.#budget.resize(this, bytes);
  }

  /** Returns the share to the budget. It must not be used afterwards. */
  close(): void {
    this.#budget.close(this);
  }
}

/**
 * Bounds the memory that the connections of a server use together for one purpose. If they exceed it, those that use most are
 * ended first, until three quarters are used: a connection that uses little is never ended because of others that use much.
 */
export class MemoryBudget {
  readonly #limit: number;
  readonly #reason: string;
  readonly #shares = new Set<BudgetShare>();
  #used = 0;

  /** `limit`: in bytes. `reason`: the reason with which connections end. */
  constructor(limit: number, reason: string) {
    this.#limit = limit;
    this.#reason = reason;
  }

  /** Memory that all connections use, in bytes. */
  get used(): number {
    return this.#used;
  }

  open(user: BudgetUser): BudgetShare {
    const share = new BudgetShare(this, user);
    this.#shares.add(share);
    return share;
  }

  resize(share: BudgetShare, bytes: number): void {
    if (!this.#shares.has(share)) return;
    this.#used += bytes - share.bytes;
    share.bytes = bytes;
    if (this.#used > this.#limit) this.#expelLargest();
  }

  close(share: BudgetShare): void {
    if (this.#shares.delete(share)) this.#used -= share.bytes;
  }

  #expelLargest(): void {
    const largestFirst = [...this.#shares]
      .filter(({ bytes }) => bytes > 0)
      .toSorted((a, b) => b.bytes - a.bytes);
    for (const share of largestFirst) {
      if (this.#used <= 0.75 * this.#limit) return;
      this.close(share);
      share.user.expel(this.#reason);
    }
  }
}

/** The budgets of a server. */
export interface ServerBudgets {
  /** Input of peers that have not authenticated: unfinished messages, uploads, and messages that wait. */
  readonly input: MemoryBudget;
  /** Messages that peers have not read. */
  readonly output: MemoryBudget;
}
