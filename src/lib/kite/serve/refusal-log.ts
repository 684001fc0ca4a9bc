import type { IncomingMessage } from 'node:http';
import type { Logger } from '../../util/logger.js';
import { LOGGED_LENGTH, LOGGED_REFUSALS } from '../limits/kite-limits.js';

/**
 * Logs each rejected host name and origin once, with the setting that allows it. Pages cannot see why a connection
 * failed, so the operator of the kite has to see it in the log.
 */
export class RefusalLog {
  readonly #logged = new Set<string>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  host({ headers }: IncomingMessage): void {
    this.#log(
      `Rejected a request for the host ${quoteHeader(headers.host)}. If it is a name of this kite, allow it: ` +
        'allowedHosts, KITE_ALLOWED_HOSTS, or --allow-host',
    );
  }

  origin({ headers }: IncomingMessage): void {
    this.#log(
      `Rejected a page of ${quoteHeader(headers.origin)}. To allow it: allowOrigin, KITE_ALLOW_ORIGIN, or --allow-origin`,
    );
  }

  #log(message: string): void {
    if (this.#logged.size >= LOGGED_REFUSALS || this.#logged.has(message)) return;
    this.#logged.add(message);
    this.#logger.warn(message);
  }
}

function quoteHeader(text: string | undefined): string {
  return JSON.stringify((text ?? '').slice(0, LOGGED_LENGTH));
}
