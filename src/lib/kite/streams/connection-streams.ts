import { KiteError } from '../../protocol/errors.js';
import type { Clock } from '../../util/clock.js';
import type { ItemStream } from '../../util/item-source.js';
import type { StreamLimits } from '../limits/stream-limits.js';
import { StreamBudget } from './stream-budget.js';
import { type ItemOutlet, StreamProducer } from './stream-producer.js';
import type { StreamWindow } from './stream-window.js';

/** The connection of streams. */
export interface StreamsHost {
  readonly limits: StreamLimits & { readonly pauseBytes: number };
  readonly clock: Clock;
  readonly backlog: number;
  once(event: 'drain', listener: () => void): void;
}

/** The streams of one connection. */
export class ConnectionStreams {
  readonly budget: StreamBudget;
  readonly #connection: StreamsHost;
  /** The streams that this side sends as results. */
  readonly #producers = new Set<StreamProducer>();
  /** Those that receive credit, by the number of the caller's function. */
  readonly #byNumber = new Map<unknown, StreamProducer>();
  #waiting: (() => void)[] = [];
  #ended = false;

  constructor(connection: StreamsHost) {
    this.#connection = connection;
    this.budget = new StreamBudget(connection.limits, connection.clock);
  }

  /**
   * Starts to send a stream as the result of a call. `number`: that of the function with which the caller gives credit.
   *
   * @throws KiteError `argumentError` if another stream has this number
   */
  start(
    stream: ItemStream,
    window: StreamWindow,
    outlet: ItemOutlet,
    number?: number,
  ): { readonly producer: StreamProducer; readonly done: Promise<unknown> } {
    if (number !== undefined && this.#byNumber.has(number))
      throw new KiteError('argumentError', `Two streams have the same function ${number}`);
    const producer = new StreamProducer(stream, window, outlet);
    this.#producers.add(producer);
    if (number !== undefined) this.#byNumber.set(number, producer);
    return { producer, done: this.#run(producer, number) };
  }

  async #run(producer: StreamProducer, number: number | undefined): Promise<unknown> {
    try {
      return await producer.run();
    } finally {
      this.#producers.delete(producer);
      if (number !== undefined) this.#byNumber.delete(number);
    }
  }

  /** The caller has taken items of a stream. Ignored for a stream that is unknown or has ended. */
  grant(receiver: unknown, count: unknown): void {
    this.#byNumber.get(receiver)?.grant(count);
  }

  /**
   * Resolves when the network has accepted what was sent, or the connection has ended. Undefined if there is nothing to wait for.
   */
  drained(): Promise<void> | undefined {
    if (this.#ended || this.#connection.backlog <= this.#connection.limits.pauseBytes) return undefined;
    if (this.#waiting.length === 0) this.#connection.once('drain', () => this.#flush());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #flush(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** The connection has ended. */
  end(reason: unknown): void {
    this.#ended = true;
    this.#flush();
    for (const producer of this.#producers) producer.stop(reason);
  }
}
