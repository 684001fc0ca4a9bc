import type { ServerLimits } from '../limits/transport-limits.js';
import { FrameMemory } from './frame-memory.js';
import { ReadingTurns } from './reading-turns.js';

/** A connection that uses memory of a budget. */
export interface BudgetUser {
  /** Ends the connection at once, with code 1008, to free its memory. Must not throw. */
  expel(reason: string): void;
  /** Sets its shares to the memory that it uses now. Must not throw. */
  measure(): void;
}

/** The part of a budget that one connection uses. */
export class BudgetShare {
  readonly #budget: MemoryBudget;
  readonly user: BudgetUser;
  /** Memory that the connection uses, in bytes. Only the budget changes it. */
  bytes = 0;
  /** Whether the share is still part of the budget. Only the budget changes it. */
  open = true;

  constructor(budget: MemoryBudget, user: BudgetUser) {
    this.#budget = budget;
    this.user = user;
  }

  /** Sets the memory that the connection uses. If the budget is exceeded then, it expels users, perhaps this one. */
  resize(bytes: number): void {
    if (bytes !== this.bytes) this.#budget.resize(this, bytes);
  }

  /** Returns the share to the budget. Later calls of `resize` have no effect. */
  close(): void {
    this.#budget.close(this);
  }
}

/**
 * Bounds the memory that the connections of a kite use together for one purpose. If they exceed it, those that use most are
 * ended first, until three quarters are used: a connection that uses little is never ended because of others that use much.
 *
 * A connection opens its share when it uses memory for the first time, because most never do. It may report late that it uses
 * less: all of them are measured before one is ended.
 */
export class MemoryBudget {
  readonly #limit: number;
  readonly #reason: string;
  readonly #shares = new Set<BudgetShare>();
  #used = 0;
  #expelling = false;
  /** The share that is being charged: its user may not know it yet, and must not be measured. */
  #charged: BudgetShare | undefined;

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

  /**
   * Sets the memory that a user takes, and returns its share: `share`, or a new one if it takes memory for the first time. If the
   * budget is exceeded then, it expels users, perhaps this one.
   */
  charge(user: BudgetUser, share: BudgetShare | undefined, bytes: number): BudgetShare | undefined {
    if (share === undefined && bytes === 0) return undefined;
    const charged = share ?? this.open(user);
    const outer = this.#charged;
    this.#charged = charged;
    charged.resize(bytes);
    this.#charged = outer;
    return charged;
  }

  resize(share: BudgetShare, bytes: number): void {
    if (!share.open) return;
    this.#used += bytes - share.bytes;
    share.bytes = bytes;
    if (this.#used > this.#limit && !this.#expelling) this.#expelLargest();
  }

  close(share: BudgetShare): void {
    if (!share.open) return;
    share.open = false;
    this.#shares.delete(share);
    this.#used -= share.bytes;
  }

  #expelLargest(): void {
    this.#expelling = true;
    const current = this.#charged;
    for (const share of this.#shares) if (share !== current) share.user.measure();
    if (this.#used > this.#limit) {
      const largestFirst = [...this.#shares]
        .filter(({ bytes }) => bytes > 0)
        .toSorted((a, b) => b.bytes - a.bytes);
      for (const share of largestFirst) {
        if (this.#used <= 0.75 * this.#limit) break;
        this.close(share);
        share.user.expel(this.#reason);
      }
    }
    this.#expelling = false;
  }
}

/** The budgets of a kite, for all connections that it has accepted or dialed. */
export interface MemoryBudgets {
  /** Input of peers that have not authenticated: unfinished messages, uploads, and messages that wait. */
  readonly input: MemoryBudget;
  /** Messages that peers have not read. */
  readonly output: MemoryBudget;
  /** The order in which peers that have not authenticated send the rest of unfinished messages. */
  readonly turns: ReadingTurns;
  /** Where frames are built. */
  readonly frames: FrameMemory;
}

/** The budgets that count for one connection. What a peer sends counts only if it has connected to this process. */
export type ConnectionBudgets = Pick<MemoryBudgets, 'output'> & Partial<MemoryBudgets>;

export function makeBudgets({
  unauthenticatedBytes,
  totalQueueBytes,
}: Pick<ServerLimits, 'unauthenticatedBytes' | 'totalQueueBytes'>): MemoryBudgets {
  return {
    input: new MemoryBudget(
      unauthenticatedBytes,
      `Peers that have not authenticated sent more than ${unauthenticatedBytes} bytes (limits.unauthenticatedBytes)`,
    ),
    output: new MemoryBudget(
      totalQueueBytes,
      `The peer reads too slowly: more than ${totalQueueBytes} bytes are queued for all (limits.totalQueueBytes)`,
    ),
    turns: new ReadingTurns(),
    frames: new FrameMemory(),
  };
}
