import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { TlsOptions } from '../../kite/serve/http-listener.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { guardListeners, logListenerFailures } from '../../util/guard-listeners.js';
import { messageOf } from '../../util/message-of.js';

export interface CertificateReloadOptions {
  /** Paths of the certificate and its private key. */
  readonly files: readonly string[];
  /** Reads the files. Its errors must not contain secrets. */
  readonly read: () => Promise<TlsOptions>;
  /** Makes the server use the certificate. Throws if it cannot be used. */
  readonly apply: (tls: TlsOptions) => void;
  /** The certificate that is initially in use. */
  readonly current: TlsOptions;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Milliseconds without a change before the files are read, because a certificate and its key are replaced one after the other. */
const SETTLE_DELAY = 100;
/** Milliseconds after which the files are read anyway, because some file systems do not report changes. */
const RECHECK_INTERVAL = 60_000;

/**
 * Reloads a server's certificate when its files change. If the new files cannot be used, an error is logged and the previous
 * certificate stays in use.
 *
 * Lifecycle: `start`, then `stop`.
 */
export class CertificateReload {
  readonly #options: CertificateReloadOptions;
  readonly #watchers: FSWatcher[] = [];
  #current: string;
  #lastError = '';
  #timer: Timer | undefined;
  #reading = false;
  #checkAgain = false;
  #stopped = false;

  constructor(options: CertificateReloadOptions) {
    this.#options = options;
    this.#current = pemOf(options.current);
  }

  start(): void {
    // Watches the folders, because a watch on a file ends when the file is replaced by renaming.
    for (const folder of new Set(this.#options.files.map((file) => dirname(file)))) {
      try {
        const guarded = guardListeners(logListenerFailures(this.#options.logger));
        const onChange = guarded(() => this.#scheduleCheck(SETTLE_DELAY));
        const onError = guarded((error: Error) =>
          this.#options.logger.debug(`${folder}: ${messageOf(error)}`),
        );
        const watcher = watch(folder, { persistent: false }, onChange);
        watcher.on('error', onError);
        this.#watchers.push(watcher);
      } catch (error) {
        this.#options.logger.debug(
          `${folder} cannot be watched and is checked every minute: ${messageOf(error)}`,
        );
      }
    }
    this.#scheduleCheck(RECHECK_INTERVAL);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    for (const watcher of this.#watchers) watcher.close();
  }

  #scheduleCheck(ms: number): void {
    if (this.#stopped) return;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimeout(() => this.#check(), ms);
  }

  #check(): void {
    if (this.#reading) {
      this.#checkAgain = true;
      return;
    }
    this.#reading = true;
    void this.#reload().finally(() => {
      this.#reading = false;
      this.#scheduleCheck(this.#checkAgain ? SETTLE_DELAY : RECHECK_INTERVAL);
      this.#checkAgain = false;
    });
  }

  async #reload(): Promise<void> {
    const { read, apply, files, logger } = this.#options;
    const [certificate = ''] = files;
    try {
      const tls = await read();
      if (this.#stopped || pemOf(tls) === this.#current) return;
      this.#current = pemOf(tls);
      apply(tls);
      this.#lastError = '';
      logger.info(`TLS uses the new certificate in ${certificate}`);
    } catch (error) {
      const reason = messageOf(error);
      if (reason === this.#lastError) return;
      this.#lastError = reason;
      logger.error(
        `The certificate in ${certificate} cannot be used; the previous one stays in use: ${reason}`,
      );
    }
  }
}

function pemOf({ cert, key }: TlsOptions): string {
  return `${cert}\n${key}`;
}
