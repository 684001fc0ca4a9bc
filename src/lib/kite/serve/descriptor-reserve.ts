import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { DESCRIPTORS_HINT, isOutOfDescriptors } from '../../util/descriptors.js';
import type { Logger } from '../../util/logger.js';
import { messageOf } from '../../util/message-of.js';
import { RESERVED_DESCRIPTORS } from '../limits/kite-limits.js';

/**
 * Keeps some file descriptors of the process free, so that a server with too many connections can still open files, start
 * programs and dial. It refuses the newest connections instead, and logs once that it does.
 */
export class DescriptorReserve {
  readonly #logger: Logger;
  readonly #limit: number;
  readonly #reserved: number;
  #exhausted = false;

  /** `limit`: number of descriptors that the process can open. Default: that of the system. */
  constructor(logger: Logger, limit = openFilesLimit()) {
    this.#logger = logger;
    this.#limit = limit;
    this.#reserved = Math.min(RESERVED_DESCRIPTORS, Math.floor(limit / 8));
  }

  /** Whether a new connection can stay open. The system gives each the lowest free number. */
  admits(socket: Socket): boolean {
    const { fd = -1 } = (socket as { readonly _handle?: { readonly fd?: number } })._handle ?? {};
    if (fd >= this.#limit - this.#reserved) {
      this.#refuse(`${this.#limit} file descriptors are allowed`);
      return false;
    }
    if (this.#exhausted && fd < this.#limit - 2 * this.#reserved) {
      this.#exhausted = false;
      this.#logger.info('There are enough file descriptors again: new connections are accepted');
    }
    return true;
  }

  /** Handles an error of the server, which continues. */
  serverFailed(error: unknown): void {
    if (isOutOfDescriptors(error)) this.#refuse(messageOf(error));
    else this.#logger.error(`The server failed to accept a connection: ${messageOf(error)}`);
  }

  #refuse(reason: string): void {
    if (this.#exhausted) return;
    this.#exhausted = true;
    this.#logger.error(`Too many open files (${reason}): new connections are refused. ${DESCRIPTORS_HINT}`);
  }
}

/** Returns how many descriptors the process can open. Infinity if the system does not tell. */
function openFilesLimit(): number {
  try {
    const [, limit] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    return limit === undefined ? Infinity : Number(limit);
  } catch {
    return Infinity;
  }
}
