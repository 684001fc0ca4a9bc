import type { Clock, Timer } from '../../util/clock.js';
import { formatDuration } from '../../util/duration.js';
import type { Logger } from '../../util/logger.js';

/** Difference between two clocks from which on Kontrol warns, in milliseconds. */
const CLOCK_TOLERANCE = 5000;
/** Round trip from which on the time of the store is too old, in milliseconds. */
const SLOW_ANSWER = 2000;
/** A smaller change of the difference is that of the round trips, in milliseconds. */
const JITTER = 500;

/** Time without a heartbeat after which a node does not count any more, in milliseconds. */
const FORGOTTEN_AFTER = 300_000;

interface NodeClock {
  /** When it was written, by the monotonic clock. */
  readonly at: number;
  /** The last time that the node has written. */
  readonly written: number;
  readonly measured: number;
  /** By how many milliseconds its clock is ahead of that of this machine. */
  readonly ahead: number;
}

/**
 * The time that the leases in a shared store refer to, which does not depend on the clock of this machine if the store has a clock.
 * If it has none, this is the time of the machine, which is compared with the times that the other nodes write.
 */
export class StoreClock implements Clock {
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** The time of the store minus the monotonic time. Undefined if the store has no clock. */
  #offset: number | undefined;
  readonly #nodes = new Map<string, NodeClock>();
  #ahead = 0;
  #hasWarned = false;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  now(): number {
    if (this.#offset === undefined) return this.#clock.now();
    // Whole milliseconds, so that what a store returns is what was written.
    return Math.floor(this.#clock.monotonic() + this.#offset);
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  setTimeout(callback: () => void, ms: number): Timer {
    return this.#clock.setTimeout(callback, ms);
  }

  /**
   * By how many milliseconds the clock of the store, or that of the node that differs most, is ahead of the clock of this machine.
   * Negative: behind.
   */
  get ahead(): number {
    return this.#ahead;
  }

  /** Whether leases that other nodes have written can be compared with this time. */
  get isTrusted(): boolean {
    return this.#offset !== undefined || Math.abs(this.#ahead) <= CLOCK_TOLERANCE;
  }

  /** What is wrong with the clock of this machine. Undefined if nothing is known to be. */
  get problem(): string | undefined {
    if (Math.abs(this.#ahead) <= CLOCK_TOLERANCE) return undefined;
    const difference = formatDuration(Math.round(Math.abs(this.#ahead) / 1000) * 1000);
    const other = this.#offset === undefined ? 'that of another node' : 'that of the store';
    return `the clock of this machine is ${difference} ${this.#ahead > 0 ? 'behind' : 'ahead of'} ${other}`;
  }

  /** The earliest time that it may be according to the clocks that are known. */
  get earliest(): number {
    return this.isTrusted ? this.now() : this.now() - Math.abs(this.#ahead);
  }

  /** The store has responded with its time to a request of this monotonic time. */
  onStoreTime(time: number, sentAt: number): void {
    const received = this.#clock.monotonic();
    if (received - sentAt > SLOW_ANSWER) return;
    const middle = (sentAt + received) / 2;
    const offset = Math.round(time - middle);
    if (this.#offset === undefined || Math.abs(offset - this.#offset) > JITTER) this.#offset = offset;
    this.#set(time - (this.#clock.now() - (received - middle)));
  }

  /** Another node has just written its time. */
  onNodeTime(node: string, written: number): void {
    if (this.#offset !== undefined) return;
    const last = this.#nodes.get(node);
    if (last?.written === written) return;
    const measured = written - this.#clock.now();
    // A time that arrives late seems to be behind, so the later one of two counts.
    const at = this.#clock.monotonic();
    this.#nodes.set(node, { at, written, measured, ahead: Math.max(measured, last?.measured ?? measured) });
    let most = 0;
    for (const [id, each] of this.#nodes) {
      // The node does not run any more.
      if (each.at < at - FORGOTTEN_AFTER) this.#nodes.delete(id);
      else if (Math.abs(each.ahead) > Math.abs(most)) most = each.ahead;
    }
    this.#set(most);
  }

  #set(ahead: number): void {
    this.#ahead = ahead;
    const { problem } = this;
    if (problem === undefined) this.#hasWarned = false;
    else if (!this.#hasWarned) {
      this.#hasWarned = true;
      this.#logger.warn(`${problem.replace(/^t/, 'T')}. Synchronize the clocks, for example with NTP`);
    }
  }
}
