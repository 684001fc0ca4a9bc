import { KiteError } from '../../protocol/errors.js';

/** Limits how many operations run concurrently. Further ones wait in a bounded queue and run in order. */
export class ConcurrencyGate {
  readonly #limit: number;
  readonly #maxWaiting: number;
  #running = 0;
  readonly #waiting = new Set<() => void>();

  constructor(limit: number, maxWaiting: number) {
    this.#limit = limit;
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Runs `work` as soon as the limit allows. `signal` removes it from the queue.
   *
   * @throws KiteError `requestLimitError` if the queue is full
   */
  async run<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#limit) await this.#enqueue(signal);
    else this.#running++;
    try {
      return await work();
    } finally {
      this.#release();
    }
  }

  #enqueue(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#maxWaiting) {
      const message = `${this.#limit} calls are running and ${this.#waiting.size} are waiting: try again later`;
      throw new KiteError('requestLimitError', message);
    }
    return new Promise((resolve, reject) => {
      const start = (): void => {
        signal.removeEventListener('abort', cancel);
        resolve();
      };
      const cancel = (): void => {
        this.#waiting.delete(start);
        reject(new KiteError('disconnect', 'The call was canceled'));
      };
      this.#waiting.add(start);
      signal.addEventListener('abort', cancel, { once: true });
    });
  }

  /** Passes the slot to the next waiting operation, if there is one. */
  #release(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#running--;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
