import { CallbackTable } from '../../dnode/callback-table.js';
import type { AnyFunction } from '../../dnode/scrub.js';
import type { Clock, Timer } from '../../util/clock.js';
import { callTimeout } from './call-errors.js';

/** A call that waits for its answer. */
export interface PendingCall {
  readonly method: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Milliseconds the caller gave it; 0 = none. */
  readonly timeout: number;
  /** Functions that end with the call, by number. */
  readonly callbacks: number[] | undefined;
  /** Stops listening to the caller's own signal. */
  readonly unlisten: (() => void) | undefined;
  /** On the clock; Infinity = none. */
  deadline: number;
}

/**
 * What this side has handed to the peer of one connection: calls that wait for an answer, and functions. Both share the
 * numbers of dnode's callbacks.
 *
 * The deadlines of all calls are on one timer. A timer for each call would cost more than the call's encoding, and nearly
 * all calls of a connection have the same timeout, so that the earliest deadline is all there is to watch.
 */
export class PendingCalls {
  readonly #clock: Clock;
  readonly #table = new CallbackTable<PendingCall | AnyFunction>();
  #timer: Timer | undefined;
  #timerAt = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many calls and functions the peer may still answer or call. */
  get size(): number {
    return this.#table.size;
  }

  get(number: number): PendingCall | AnyFunction | undefined {
    return this.#table.get(number);
  }

  /** Hands over a function until the connection ends or it is forgotten. The same function keeps its number. */
  share(fn: AnyFunction): number {
    return this.#table.share(fn);
  }

  /** Hands over a function until the call that lists its number is settled. */
  shareForCall(fn: AnyFunction): number {
    return this.#table.add(fn);
  }

  forget(fn: AnyFunction): void {
    this.#table.forget(fn);
  }

  /** A call begins to wait. */
  open(call: PendingCall): number {
    if (call.timeout > 0) {
      call.deadline = this.#clock.now() + call.timeout;
      this.#watch(call.deadline);
    }
    return this.#table.add(call);
  }

  /** The call has ended, whichever way: forgets it and the functions that end with it. */
  settle(number: number, call: PendingCall): PendingCall {
    this.#table.delete(number);
    call.unlisten?.();
    if (call.callbacks) for (const callback of call.callbacks) this.#table.delete(callback);
    return call;
  }

  /** The connection has ended: every call fails, every function is forgotten. `error` is made only where a call waits. */
  failAll(error: () => Error): void {
    this.#stop();
    const calls = [...this.#pending()];
    this.#table.clear();
    for (const [number, call] of calls) this.settle(number, call).reject(error());
  }

  *#pending(): Generator<readonly [number, PendingCall]> {
    for (const [number, entry] of this.#table.entries()) {
      if (typeof entry !== 'function') yield [number, entry];
    }
  }

  #watch(deadline: number): void {
    if (deadline >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = deadline;
    this.#timer = this.#clock.setTimeout(() => this.#sweep(), Math.max(0, deadline - this.#clock.now()));
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = Infinity;
  }

  #sweep(): void {
    const now = this.#clock.now();
    this.#stop();
    let next = Infinity;
    const expired: (readonly [number, PendingCall])[] = [];
    for (const entry of this.#pending()) {
      if (entry[1].deadline <= now) expired.push(entry);
      else next = Math.min(next, entry[1].deadline);
    }
    if (next !== Infinity) this.#watch(next);
    for (const [number, call] of expired)
      this.settle(number, call).reject(callTimeout(call.method, call.timeout));
  }
}
