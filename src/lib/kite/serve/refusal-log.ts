import type { IncomingMessage } from 'node:http';
import type { Logger } from '../../util/logger.js';
import { LOGGED_LENGTH, LOGGED_REFUSALS } from '../limits/kite-limits.js';

/**
 * Tells whoever runs the kite, once for each name, whom it has refused and what lets them in: a page is not told why it
 * cannot connect, and the person before it is not the one who can change that.
 */
export class RefusalLog {
  readonly #told = new Set<string>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  host({ headers }: IncomingMessage): void {
    this.#tell(
      `Refused a request by the name ${quoteHeader(headers.host)}. If that is this kite, say so: ` +
        'allowedHosts, KITE_ALLOWED_HOSTS, or the flag --allow-host',
    );
  }

  origin({ headers }: IncomingMessage): void {
    this.#tell(
      `Refused a page of ${quoteHeader(headers.origin)}. To allow it: allowOrigin, KITE_ALLOW_ORIGIN, or the flag --allow-origin`,
    );
  }

  #tell(text: string): void {
    if (this.#told.size >= LOGGED_REFUSALS || this.#told.has(text)) return;
    this.#told.add(text);
    this.#logger.warn(text);
  }
}

function quoteHeader(text: string | undefined): string {
  return JSON.stringify((text ?? '').slice(0, LOGGED_LENGTH));
}
