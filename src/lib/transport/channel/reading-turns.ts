import { READERS_PER_TURN } from '../limits/transport-limits.js';

/** A connection that has stopped reading until it is its turn. */
export interface TurnTaker {
  /** Reads on. Must not throw. */
  readOn(): void;
}

/**
 * Lets connections with unfinished messages read in turns, a few of them in each turn of the event loop. Otherwise, Node reads up
 * to 2 MiB of each connection before it gets to the next one, and strangers that send large messages, or many fragments, make
 * everybody else wait.
 */
export class ReadingTurns {
  /** In the order of their turns. */
  readonly #waiting = new Set<TurnTaker>();
  #scheduled = false;

  wait(taker: TurnTaker): void {
    this.#waiting.add(taker);
    this.#schedule();
  }

  /** Lets the next connections read. */
  next(): void {
    this.#scheduled = false;
    let left = READERS_PER_TURN;
    for (const taker of this.#waiting) {
      if (left-- === 0) break;
      this.#waiting.delete(taker);
      taker.readOn();
    }
    if (this.#waiting.size > 0) this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(takeTurns, this);
  }
}

function takeTurns(turns: ReadingTurns): void {
  turns.next();
}
