import type { Clock, Timer } from '../../util/clock.js';

export interface LoadGeneratorOptions {
  /** One function per connection, which makes a call over it. */
  readonly calls: readonly (() => Promise<unknown>)[];
  /** Maximum number of concurrent calls across all connections. */
  readonly parallel: number;
  /** Calls to start per second. Undefined means that a call starts when a previous one returns. */
  readonly rate: number | undefined;
  /** Time during which calls are started, in milliseconds. */
  readonly duration: number;
  /** Stops the load immediately. Pending calls count as unanswered. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Called when a call succeeds, with the time since it was due. */
  readonly onAnswer: (milliseconds: number) => void;
  /** Called when a call fails. Returns whether its connection is lost. */
  readonly onError: (error: unknown) => boolean;
}

export interface LoadResult {
  /** Time from the first call to the last answer. */
  readonly milliseconds: number;
  readonly started: number;
  /** Calls that were due at `rate`, and not started because `parallel` calls were pending. */
  readonly missed: number;
  /** Calls that were pending when the load was stopped. */
  readonly unanswered: number;
}

/**
 * Makes calls for a duration, and waits for the last answers.
 *
 * With a rate, each call has a scheduled start, from which its latency is measured. If a kite stops responding for a second, this
 * adds to the latency of every call that was due in that second, and not only to that of the pending call.
 */
export class LoadGenerator {
  readonly #options: LoadGeneratorOptions;
  /** Free slots for calls. Each is the index of a connection. */
  readonly #free: number[];
  readonly #dead = new Set<number>();
  readonly #startTime: number;
  readonly #deadline: number;
  #started = 0;
  #pending = 0;
  #ended = false;
  #next: Timer | undefined;
  #timer: Timer | undefined;
  #finish: (() => void) | undefined;

  constructor(options: LoadGeneratorOptions) {
    this.#options = options;
    const { calls, parallel, clock, duration } = options;
    this.#free = Array.from({ length: parallel }, (_, slot) => slot % calls.length);
    this.#startTime = clock.monotonic();
    this.#deadline = this.#startTime + duration;
  }

  /** Runs the load. Call this once, immediately after the constructor. */
  async run(): Promise<LoadResult> {
    const { clock, signal } = this.#options;
    const aborted = (): void => {
      this.#ended = true;
      this.#finish?.();
    };
    const finished = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted, { once: true });
    this.#pump();
    this.#endAtDeadline();
    await finished;
    this.#timer?.cancel();
    this.#next?.cancel();
    signal.removeEventListener('abort', aborted);
    // Ignores later answers.
    this.#finish = undefined;
    const now = clock.monotonic();
    return {
      milliseconds: now - this.#startTime,
      started: this.#started,
      // `duration` is exact, unlike the difference of deadline and start, which has a rounding error.
      missed:
        this.#due(now >= this.#deadline ? this.#options.duration : now - this.#startTime) - this.#started,
      unanswered: this.#pending,
    };
  }

  /** Returns how many calls are due in the first `ms`. */
  #due(ms: number): number {
    const { rate } = this.#options;
    return rate === undefined ? this.#started : Math.max(this.#started, Math.ceil((ms * rate) / 1000));
  }

  /** Starts calls that are due while there are free slots. */
  #pump(): void {
    const { clock, rate } = this.#options;
    while (!this.#ended && this.#free.length > 0) {
      const now = clock.monotonic();
      const due = rate === undefined ? now : this.#startTime + (this.#started * 1000) / rate;
      if (due > now) return this.#schedulePump(due - now);
      if (due >= this.#deadline) return this.#end();
      this.#call(due);
    }
  }

  #schedulePump(ms: number): void {
    this.#next ??= this.#options.clock.setTimeout(() => {
      this.#next = undefined;
      this.#pump();
    }, ms);
  }

  #call(due: number): void {
    const connection = this.#free.shift() ?? 0;
    this.#started++;
    this.#pending++;
    const call = this.#options.calls[connection];
    call?.().then(
      () => this.#answered(connection, due),
      (error: unknown) => this.#failed(connection, error),
    );
  }

  #answered(connection: number, due: number): void {
    if (!this.#finish) return;
    this.#options.onAnswer(this.#options.clock.monotonic() - due);
    this.#release(connection);
    this.#pump();
  }

  #failed(connection: number, error: unknown): void {
    if (!this.#finish) return;
    if (this.#options.onError(error)) this.#removeConnection(connection);
    this.#release(connection);
    // Asynchronously, because calls that fail immediately would block the event loop.
    this.#schedulePump(0);
  }

  #release(connection: number): void {
    this.#pending--;
    if (!this.#dead.has(connection)) this.#free.push(connection);
    if (this.#ended && this.#pending === 0) this.#finish?.();
  }

  #removeConnection(connection: number): void {
    const { calls } = this.#options;
    this.#dead.add(connection);
    const alive = this.#free.filter((one) => one !== connection);
    this.#free.splice(0, this.#free.length, ...alive);
    if (this.#dead.size === calls.length) this.#ended = true;
  }

  /** Ends the load at the deadline. If the timer fires early, waits for the remaining time. */
  #endAtDeadline(): void {
    const { clock } = this.#options;
    const remaining = this.#deadline - clock.monotonic();
    if (remaining > 0) {
      this.#timer = clock.setTimeout(() => this.#endAtDeadline(), remaining);
      return;
    }
    this.#pump();
    this.#end();
  }

  /** Stops starting calls. */
  #end(): void {
    this.#ended = true;
    if (this.#pending === 0) this.#finish?.();
  }
}
