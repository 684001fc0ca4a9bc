import { KiteError } from '../../protocol/errors.js';

/** Lets so many in at once, and the others in the order in which they came. */
export class ConcurrencyGate {
  readonly #most: number;
  readonly #mostWaiting: number;
  #inside = 0;
  readonly #waiting = new Set<() => void>();

  constructor(most: number, mostWaiting: number) {
    this.#most = most;
    this.#mostWaiting = mostWaiting;
  }

  /**
   * Runs `work` when its turn comes. Whoever stops waiting for it, by `signal`, leaves the queue.
   *
   * @throws KiteError `requestLimitError` when too many wait already
   */
  async pass<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    if (this.#inside >= this.#most) await this.#wait(signal);
    else this.#inside++;
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#mostWaiting) {
      const message = `${this.#most} calls are running and ${this.#waiting.size} wait: try again later`;
      throw new KiteError('requestLimitError', message);
    }
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', give);
        resolve();
      };
      const give = (): void => {
        this.#waiting.delete(enter);
        reject(new KiteError('disconnect', 'Nobody waits for this call any more'));
      };
      this.#waiting.add(enter);
      signal.addEventListener('abort', give, { once: true });
    });
  }

  /** Whoever waits takes the place of who leaves. */
  #leave(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#inside--;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
