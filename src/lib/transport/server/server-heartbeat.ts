import type { Clock, Timer } from '../../util/clock.js';

export interface HeartbeatTarget {
  /** Called at each beat. `idleBeats`: number of beats without data after which the peer counts as disconnected; 0 is never. */
  beat(idleBeats: number): void;
}

const SLOTS = 8;

/**
 * The heartbeat of all sessions of a server, with one timer. Sessions are distributed over slots by the time at which they were
 * added, and each slot beats once per interval, so that thousands of sessions do not beat at the same time. Without sessions,
 * there is no timer.
 */
export class ServerHeartbeat<Session extends HeartbeatTarget> {
  readonly #clock: Clock;
  readonly #step: number;
  readonly #idleBeats: number;
  readonly #slots: readonly Set<Session>[] = Array.from({ length: SLOTS }, () => new Set<Session>());
  #slotIndex = 0;
  #size = 0;
  #timer: Timer | undefined;

  /**
   * Each session beats every `interval` milliseconds, for the first time after at least seven eighths of it.
   * `idleTimeout`: time in milliseconds after which a silent session is dropped; 0 is never.
   */
  constructor(clock: Clock, interval: number, idleTimeout: number) {
    this.#clock = clock;
    this.#step = interval / SLOTS;
    this.#idleBeats = Math.ceil(idleTimeout / interval);
  }

  /** Number of sessions. */
  get size(): number {
    return this.#size;
  }

  add(session: Session): void {
    this.#slot(this.#slotIndex).add(session);
    this.#size++;
    this.#timer ??= this.#startTimer();
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

  #startTimer(): Timer {
    return this.#clock.setTimeout(() => {
      this.#timer = this.#startTimer();
      this.#slotIndex = (this.#slotIndex + 1) % SLOTS;
      for (const session of this.#slot(this.#slotIndex)) session.beat(this.#idleBeats);
    }, this.#step);
  }

  #slot(index: number): Set<Session> {
    return this.#slots[index] as Set<Session>;
  }
}
