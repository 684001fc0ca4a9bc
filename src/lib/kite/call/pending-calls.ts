import { CallbackTable } from '../../dnode/callback-table.js';
import type { AnyFunction } from '../../dnode/scrub.js';
import { StreamEntry } from '../streams/stream-entry.js';
import type { Clock, Timer } from '../../util/clock.js';
import { callTimeout } from './call-errors.js';

/** What the peer can call. */
export type CallbackEntry = PendingCall | AnyFunction | StreamEntry;

/** A call that waits for its response. */
export interface PendingCall {
  readonly method: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Timeout in milliseconds; 0 means none. */
  readonly timeout: number;
  /** Numbers of the functions that are released when the call ends. */
  readonly callbacks: number[] | undefined;
  /** Stops listening to the signal of the caller. */
  unlisten: (() => void) | undefined;
  /** Time of the clock at which the call times out; Infinity means never. */
  deadline: number;
  /** The stream that the peer may answer with. */
  readonly stream?: { readonly begun: boolean } | undefined;
}

/**
 * The pending calls of one connection, and the functions that the peer may call. Both have dnode callback numbers.
 *
 * One timer watches the earliest deadline. A timer per call would cost more than encoding the call, and nearly all calls of
 * a connection have the same timeout.
 */
export class PendingCalls {
  readonly #clock: Clock;
  readonly #table = new CallbackTable<CallbackEntry>();
  /** Cancels calls that have timed out at the peer. Set before the first call. */
  canceler: { cancel(number: number): void } | undefined;
  #timer: Timer | undefined;
  #timerAt = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Number of pending calls and of functions. */
  get size(): number {
    return this.#table.size;
  }

  get(number: number): CallbackEntry | undefined {
    return this.#table.get(number);
  }

  /** Registers a function until the connection ends or it is forgotten. The same function gets the same number again. */
  share(fn: AnyFunction): number {
    return this.#table.share(fn);
  }

  /** Registers a function under another number, until the connection ends or it is forgotten. */
  shareAgain(fn: AnyFunction): number {
    return this.#table.add(fn);
  }

  /** Registers a function until the call that has its number in `callbacks` is settled. */
  shareForCall(fn: AnyFunction | StreamEntry): number {
    return this.#table.add(fn);
  }

  /** Ignores calls of a function from now on. */
  release(number: number): void {
    this.#table.delete(number);
  }

  /** The peer does not use a function any more that it was given `count` times. */
  releaseUses(number: unknown, count: unknown): void {
    if (!Number.isSafeInteger(count) || (count as number) < 1) return;
    const entry = this.#table.get(number as number);
    if (typeof entry === 'function') this.#table.release(number as number, count as number);
  }

  forget(fn: AnyFunction): void {
    this.#table.deleteEntry(fn);
  }

  /** Adds a call and starts its timeout. Returns the number of its response callback. */
  open(call: PendingCall): number {
    if (call.timeout > 0) {
      call.deadline = this.#clock.monotonic() + call.timeout;
      this.#watch(call.deadline);
    }
    return this.#table.add(call);
  }

  /** Removes a call that has ended, and the functions that are released with it. */
  settle(number: number, call: PendingCall): PendingCall {
    this.#table.delete(number);
    call.unlisten?.();
    if (call.callbacks) for (const callback of call.callbacks) this.#releaseWithCall(callback);
    return call;
  }

  #releaseWithCall(number: number): void {
    const entry = this.#table.get(number);
    if (entry instanceof StreamEntry) entry.close(undefined);
    this.#table.delete(number);
  }

  /** Rejects every call and forgets every function when the connection has ended. */
  failAll(error: () => Error): void {
    this.#stop();
    const calls = [...this.#pending()];
    const streams = Array.from(this.#table.entries(), ([, entry]) => entry);
    this.#table.clear();
    for (const entry of streams) if (entry instanceof StreamEntry) entry.close(error());
    for (const [number, call] of calls) this.settle(number, call).reject(error());
  }

  *#pending(): Generator<readonly [number, PendingCall]> {
    for (const [number, entry] of this.#table.entries()) {
      if (isCall(entry)) yield [number, entry];
    }
  }

  #watch(deadline: number): void {
    if (deadline >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = deadline;
    this.#timer = this.#clock.setTimeout(
      () => this.#sweep(),
      Math.max(0, deadline - this.#clock.monotonic()),
    );
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = Infinity;
  }

  #sweep(): void {
    const now = this.#clock.monotonic();
    this.#stop();
    let next = Infinity;
    const expired: (readonly [number, PendingCall])[] = [];
    for (const entry of this.#pending()) {
      if (entry[1].deadline <= now) expired.push(entry);
      else next = Math.min(next, entry[1].deadline);
    }
    if (next !== Infinity) this.#watch(next);
    for (const [number, call] of expired) {
      this.settle(number, call).reject(callTimeout(call.method, call.timeout, call.stream?.begun));
      this.canceler?.cancel(number);
    }
  }
}

/** Whether an entry is a call, and not a function that this side has passed. */
export function isCall(entry: CallbackEntry): entry is PendingCall {
  return typeof entry !== 'function' && !(entry instanceof StreamEntry);
}
