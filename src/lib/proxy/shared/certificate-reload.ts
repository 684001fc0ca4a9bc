import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { TlsOptions } from '../../kite/serve/http-listener.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { messageOf } from '../../util/message-of.js';

export interface CertificateReloadOptions {
  /** The files with the certificate and its private key. */
  readonly files: readonly string[];
  /** Reads them. Rejects with a reason that tells no secret. */
  readonly read: () => Promise<TlsOptions>;
  /** Has the server use them from now on. Throws where they cannot be used. */
  readonly apply: (tls: TlsOptions) => void;
  /** What is in use at the beginning. */
  readonly current: TlsOptions;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Milliseconds of rest before files are read that change: a certificate and its key do not change in one instant. */
const SETTLE = 100;
/** Milliseconds after which they are read anyway: some file systems tell nobody of changes. */
const RECHECK = 60_000;

/**
 * Keeps a server's certificate that of two files, however they are replaced. What cannot be used is logged, and what was in
 * use stays so.
 *
 * Lifecycle: `start`, then `stop`.
 */
export class CertificateReload {
  readonly #options: CertificateReloadOptions;
  readonly #watchers: FSWatcher[] = [];
  #seen: string;
  #complaint = '';
  #timer: Timer | undefined;
  #reading = false;
  #again = false;
  #stopped = false;

  constructor(options: CertificateReloadOptions) {
    this.#options = options;
    this.#seen = textOf(options.current);
  }

  start(): void {
    // The folders, since who replaces a file by renaming leaves nothing to watch in its place.
    for (const folder of new Set(this.#options.files.map((file) => dirname(file)))) {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#after(SETTLE));
        watcher.on('error', (error) => this.#options.logger.debug(`${folder}: ${error.message}`));
        this.#watchers.push(watcher);
      } catch (error) {
        this.#options.logger.debug(`${folder} is looked at every minute only: ${String(error)}`);
      }
    }
    this.#after(RECHECK);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    for (const watcher of this.#watchers) watcher.close();
  }

  #after(ms: number): void {
    if (this.#stopped) return;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimeout(() => this.#check(), ms);
  }

  #check(): void {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    void this.#reload().finally(() => {
      this.#reading = false;
      this.#after(this.#again ? SETTLE : RECHECK);
      this.#again = false;
    });
  }

  async #reload(): Promise<void> {
    const { read, apply, files, logger } = this.#options;
    const [certificate = ''] = files;
    try {
      const tls = await read();
      if (this.#stopped || textOf(tls) === this.#seen) return;
      this.#seen = textOf(tls);
      apply(tls);
      this.#complaint = '';
      logger.info(`TLS goes on with the new certificate in ${certificate}`);
    } catch (error) {
      const reason = messageOf(error);
      if (reason === this.#complaint) return;
      this.#complaint = reason;
      logger.error(
        `The certificate in ${certificate} cannot be used, and the one before it stays in use: ${reason}`,
      );
    }
  }
}

function textOf({ cert, key }: TlsOptions): string {
  return `${cert}\n${key}`;
}
