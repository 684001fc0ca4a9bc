import type { Clock, Timer } from '../../util/clock.js';

export interface LoadGeneratorOptions {
  /** One for each connection: makes a call over it. */
  readonly calls: readonly (() => Promise<unknown>)[];
  /** Most calls in flight, over all connections together. */
  readonly parallel: number;
  /** Calls a second that are begun, whether the kite keeps up or not. Undefined: the next when one is answered. */
  readonly rate: number | undefined;
  /** Milliseconds in which calls are begun. */
  readonly duration: number;
  /** Ends it at once; what is in flight counts as unanswered. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** A call was answered so many milliseconds after it was due. */
  readonly onAnswer: (milliseconds: number) => void;
  /** A call failed. True: its connection is of no more use. */
  readonly onError: (error: unknown) => boolean;
}

export interface LoadResult {
  /** From the first call to the last answer. */
  readonly milliseconds: number;
  readonly started: number;
  /** Calls that were due at `rate`, and never begun: all that may be in flight were. */
  readonly missed: number;
  /** Calls in flight when it was ended. */
  readonly unanswered: number;
}

/**
 * Calls for some time, and waits for the last answers.
 *
 * With a rate, each call has a time at which it is due, and its latency counts from then: a kite that stops answering
 * for a second delays all calls that were due in that second, and not only the one that was in flight.
 */
export class LoadGenerator {
  readonly #options: LoadGeneratorOptions;
  /** Places for calls in flight, each the number of a connection. */
  readonly #free: number[];
  readonly #dead = new Set<number>();
  readonly #begin: number;
  readonly #deadline: number;
  #begun = 0;
  #inFlight = 0;
  #over = false;
  #next: Timer | undefined;
  #timer: Timer | undefined;
  #finish: (() => void) | undefined;

  constructor(options: LoadGeneratorOptions) {
    this.#options = options;
    const { calls, parallel, clock, duration } = options;
    this.#free = Array.from({ length: parallel }, (_, place) => place % calls.length);
    this.#begin = clock.now();
    this.#deadline = this.#begin + duration;
  }

  /** To be called once, right away. */
  async run(): Promise<LoadResult> {
    const { clock, signal } = this.#options;
    const aborted = (): void => {
      this.#over = true;
      this.#finish?.();
    };
    const finished = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted, { once: true });
    this.#pump();
    this.#endInTime();
    await finished;
    this.#timer?.cancel();
    this.#next?.cancel();
    signal.removeEventListener('abort', aborted);
    // Nothing that comes from now on counts.
    this.#finish = undefined;
    const now = clock.now();
    return {
      milliseconds: now - this.#begin,
      started: this.#begun,
      // Not what is left when the begin is taken from the end: that may be a tiny bit more than the duration.
      missed: this.#due(now >= this.#deadline ? this.#options.duration : now - this.#begin) - this.#begun,
      unanswered: this.#inFlight,
    };
  }

  /** Calls that are due in the first `ms`. */
  #due(ms: number): number {
    const { rate } = this.#options;
    return rate === undefined ? this.#begun : Math.max(this.#begun, Math.ceil((ms * rate) / 1000));
  }

  /** Begins what is due, as far as there are places. */
  #pump(): void {
    const { clock, rate } = this.#options;
    while (!this.#over && this.#free.length > 0) {
      const now = clock.now();
      const due = rate === undefined ? now : this.#begin + (this.#begun * 1000) / rate;
      if (due > now) return this.#later(due - now);
      if (due >= this.#deadline) return this.#end();
      this.#call(due);
    }
  }

  #later(ms: number): void {
    this.#next ??= this.#options.clock.setTimeout(() => {
      this.#next = undefined;
      this.#pump();
    }, ms);
  }

  #call(due: number): void {
    const connection = this.#free.shift() ?? 0;
    this.#begun++;
    this.#inFlight++;
    const call = this.#options.calls[connection];
    call?.().then(
      () => this.#answered(connection, due),
      (error: unknown) => this.#failed(connection, error),
    );
  }

  #answered(connection: number, due: number): void {
    if (!this.#finish) return;
    this.#options.onAnswer(this.#options.clock.now() - due);
    this.#release(connection);
    this.#pump();
  }

  #failed(connection: number, error: unknown): void {
    if (!this.#finish) return;
    if (this.#options.onError(error)) this.#bury(connection);
    this.#release(connection);
    // A call that fails without leaving this process must not keep everything else from happening.
    this.#later(0);
  }

  #release(connection: number): void {
    this.#inFlight--;
    if (!this.#dead.has(connection)) this.#free.push(connection);
    if (this.#over && this.#inFlight === 0) this.#finish?.();
  }

  #bury(connection: number): void {
    const { calls } = this.#options;
    this.#dead.add(connection);
    const alive = this.#free.filter((one) => one !== connection);
    this.#free.splice(0, this.#free.length, ...alive);
    if (this.#dead.size === calls.length) this.#over = true;
  }

  /** What is due until the deadline is begun, also where its timer comes early. */
  #endInTime(): void {
    const { clock } = this.#options;
    const left = this.#deadline - clock.now();
    if (left > 0) {
      this.#timer = clock.setTimeout(() => this.#endInTime(), left);
      return;
    }
    this.#pump();
    this.#end();
  }

  /** Begins no more calls. */
  #end(): void {
    this.#over = true;
    if (this.#inFlight === 0) this.#finish?.();
  }
}
