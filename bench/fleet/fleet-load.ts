import { EventEmitter, once } from 'node:events';
import type { FleetClient, FleetMethod } from './member.js';

/** A call that takes as long, in milliseconds, has waited for a kite that does not answer. */
const SLOW = 900;

export interface LoadResult {
  readonly calls: number;
  readonly seconds: number;
  /** The messages of calls that have failed, by method. */
  readonly failed: Readonly<Record<FleetMethod, readonly string[]>>;
  /** The longest call in milliseconds. */
  readonly longest: number;
  /** The most slow calls of one caller. */
  readonly slow: number;
}

/** Callers that call all the time, each one call after the other. Half of them call a method that may run again. */
export class FleetLoad {
  calls = 0;
  readonly #client: FleetClient;
  readonly #failed: Record<FleetMethod, string[]> = { once: [], again: [] };
  readonly #slow = new Map<number, number>();
  /** The processes that have answered, as events. */
  readonly #answers = new EventEmitter();
  readonly #callers: readonly Promise<void>[];
  readonly #startedAt = performance.now();
  #longest = 0;
  #isOver = false;

  constructor(client: FleetClient, parallel: number) {
    this.#client = client;
    this.#callers = Array.from({ length: parallel }, (_, caller) =>
      this.#run(caller, caller % 2 === 0 ? 'once' : 'again'),
    );
  }

  /** Resolves when a process has answered a call. */
  async answered(pid: number): Promise<void> {
    await once(this.#answers, String(pid));
  }

  /** Resolves after some more calls. */
  async more(count: number): Promise<void> {
    const end = this.calls + count;
    while (this.calls < end) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  async stop(): Promise<LoadResult> {
    this.#isOver = true;
    await Promise.all(this.#callers);
    return {
      calls: this.calls,
      seconds: (performance.now() - this.#startedAt) / 1000,
      failed: this.#failed,
      longest: this.#longest,
      slow: Math.max(0, ...this.#slow.values()),
    };
  }

  async #run(caller: number, method: FleetMethod): Promise<void> {
    while (!this.#isOver) {
      const id = this.calls++;
      const start = performance.now();
      try {
        this.#answers.emit(String(await this.#client.call(method, id)));
      } catch (error) {
        this.#failed[method].push(String(error));
      }
      const took = performance.now() - start;
      if (took > SLOW) this.#slow.set(caller, (this.#slow.get(caller) ?? 0) + 1);
      this.#longest = Math.max(this.#longest, took);
      // A call that fails at once must not keep the events of the sockets waiting.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
