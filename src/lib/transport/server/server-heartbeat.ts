import type { Clock, Timer } from '../../util/clock.js';

export interface HeartbeatTarget {
  /** `idleBeats`: after how many beats without a sign of life the other end counts as gone; 0 = never. */
  beat(idleBeats: number): void;
}

const SLOTS = 8;

/**
 * One timer for all sessions of a server. They are spread over slots by the time at which they came, a slot's turn comes
 * once an interval, and so thousands of them are never due in the same instant. There is no timer while there are no
 * sessions.
 */
export class ServerHeartbeat<Session extends HeartbeatTarget> {
  readonly #clock: Clock;
  readonly #step: number;
  readonly #idleBeats: number;
  readonly #slots: readonly Set<Session>[] = Array.from({ length: SLOTS }, () => new Set<Session>());
  #at = 0;
  #size = 0;
  #timer: Timer | undefined;

  /**
   * Each session beats every `interval` milliseconds, the first time after seven eighths of it at the earliest.
   * `idleTimeout`: milliseconds of silence after which a session counts as dead; 0 = never.
   */
  constructor(clock: Clock, interval: number, idleTimeout: number) {
    this.#clock = clock;
    this.#step = interval / SLOTS;
    this.#idleBeats = Math.ceil(idleTimeout / interval);
  }

  get size(): number {
    return this.#size;
  }

  add(session: Session): void {
    this.#slot(this.#at).add(session);
    this.#size++;
    this.#timer ??= this.#arm();
  }

  delete(session: Session): void {
    for (const slot of this.#slots) {
      if (slot.delete(session)) this.#size--;
    }
    if (this.#size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  *[Symbol.iterator](): Generator<Session> {
    for (const slot of this.#slots) yield* slot;
  }

  #arm(): Timer {
    return this.#clock.setTimeout(() => {
      this.#timer = this.#arm();
      this.#at = (this.#at + 1) % SLOTS;
      for (const session of this.#slot(this.#at)) session.beat(this.#idleBeats);
    }, this.#step);
  }

  #slot(index: number): Set<Session> {
    return this.#slots[index] as Set<Session>;
  }
}
