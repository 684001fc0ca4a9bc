import { makeVisible } from '../../util/make-visible.js';
import { PEER_LOG_BYTES } from '../runtime/command-limits.js';

/** Time over which the log of a peer is limited, in milliseconds. */
const PERIOD = 1000;

export interface PeerLogOptions {
  /** Whether everything is printed. */
  readonly all: boolean;
  readonly write: (text: string) => void;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/** What a kite logs at its caller. Limits how much of it is printed, because a kite can log faster than anybody can read. */
export class PeerLog {
  readonly #options: PeerLogOptions;
  #since = Number.NEGATIVE_INFINITY;
  #bytes = 0;
  #omitted = 0;

  constructor(options: PeerLogOptions) {
    this.#options = options;
  }

  /** Prints the text of a message, unless the kite has logged too much. */
  print(text: string): void {
    const { all, write, now } = this.#options;
    const time = now();
    if (time - this.#since >= PERIOD) {
      this.#since = time;
      this.#bytes = 0;
    }
    this.#bytes += Buffer.byteLength(text);
    if (all || this.#bytes <= PEER_LOG_BYTES) write(`${makeVisible(text)}\n`);
    else this.#omitted++;
  }

  /** Prints how many messages were left out, if there are any. */
  end(): void {
    if (this.#omitted === 0) return;
    const messages =
      this.#omitted === 1 ? '1 message of the kite was' : `${this.#omitted} messages of the kite were`;
    this.#options.write(
      `note: ${messages} left out, because it logged more than ${PEER_LOG_BYTES} bytes in a second. ` +
        'To print all of them, use --all-logs.\n',
    );
    this.#omitted = 0;
  }
}
