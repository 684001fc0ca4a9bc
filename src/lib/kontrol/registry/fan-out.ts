import type { FairTurns, Steps } from './fair-turns.js';
import { CHECK_COST, type Notify } from './watch-feed.js';
import type { WatchedKites } from './watched-kites.js';

/** What a step may cost, in events. An event takes a few microseconds. */
export const EVENTS_PER_STEP = 32;

export interface FanOutOptions {
  readonly turns: FairTurns;
  readonly notify: Notify;
  /** A step begins. */
  readonly stepBegins: () => void;
}

/** Notifies watches of changes in steps: those of each user's kites in turn, and of them the watches of each user in turn. */
export class FanOut {
  readonly #options: FanOutOptions;
  /** The kites with changes, the next ones first. */
  readonly #pending = new Set<WatchedKites>();
  #running = false;

  constructor(options: FanOutOptions) {
    this.#options = options;
  }

  /** Notifies the watches of these kites from the next turn of the event loop on. */
  start(kites: WatchedKites): void {
    if (!kites.pending) return;
    this.#pending.add(kites);
    if (this.#running) return;
    this.#running = true;
    this.#options.turns.share(this.#steps());
  }

  *#steps(): Steps<void> {
    const { notify, stepBegins } = this.#options;
    let cost = 0;
    stepBegins();
    for (const kites of this.#pending) {
      this.#pending.delete(kites);
      cost += CHECK_COST + kites.step(EVENTS_PER_STEP - cost, notify);
      // Adding it again makes it the last one.
      if (kites.pending) this.#pending.add(kites);
      if (cost < EVENTS_PER_STEP) continue;
      yield undefined;
      cost = 0;
      stepBegins();
    }
    this.#running = false;
  }
}
