import type { Timer } from '../../util/clock.js';
import type { Abortable } from '../../util/abortable.js';
import type { DialOptions } from './dial-options.js';
import { abortedError, type DialError, timeoutError } from './dial-error.js';

/** Bounds a handshake by its timeout and the caller's signal. Ends once, with `succeed` or `fail`. */
export class Handshake {
  readonly #signal: Abortable | undefined;
  readonly #onAbort: () => void;
  readonly #onFail: (error: DialError) => void;
  readonly #timer: Timer | undefined;
  #ended = false;

  constructor(
    url: URL,
    { clock, handshakeTimeout, signal }: Pick<DialOptions, 'clock' | 'handshakeTimeout' | 'signal'>,
    onFail: (error: DialError) => void,
  ) {
    this.#onFail = onFail;
    this.#signal = signal;
    this.#onAbort = () => this.fail(abortedError(url, signal));
    signal?.addEventListener('abort', this.#onAbort);
    if (handshakeTimeout > 0) {
      this.#timer = clock.setTimeout(() => this.fail(timeoutError(url, handshakeTimeout)), handshakeTimeout);
    }
  }

  /** Ends the handshake. Returns false if it has already failed. */
  succeed(): boolean {
    return this.#end();
  }

  fail(error: DialError): void {
    if (this.#end()) this.#onFail(error);
  }

  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#timer?.cancel();
    this.#signal?.removeEventListener('abort', this.#onAbort);
    return true;
  }
}
