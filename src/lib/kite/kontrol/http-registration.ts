import { type ErrorType, isKiteError, KiteError } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import { Backoff, type BackoffOptions } from '../../util/backoff.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import type { Auth } from '../call/client.js';
import { readRegisterResponse, type RegisterResponse } from './kontrol-responses.js';
import { record } from '../../util/record.js';
import { noKontrolError } from './kontrol-link.js';
import { toError, closingError, isPermanentFailure, PERMANENT_FAILURE_RETRY } from './permanent-failure.js';
import type { Registration } from './registration.js';

export interface HttpRegistrationOptions {
  readonly urls: readonly string[];
  readonly url: string;
  readonly kite: KiteIdentity;
  readonly auth: () => Auth | null;
  readonly registered: (answer: RegisterResponse) => Promise<void>;
  /** Called at each request that fails. */
  readonly failed?: ((error: Error) => void) | undefined;
  readonly fetch: typeof fetch;
  /** Milliseconds for one request. */
  readonly timeout: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly backoff?: BackoffOptions | undefined;
}

const DEFAULT_HEARTBEAT_SECONDS = 10;

/** What Kontrol means by a status. */
const ERROR_TYPES: Readonly<Record<number, ErrorType>> = { 400: 'argumentError', 401: 'authenticationError' };

/** A registration without a connection: requests over HTTP, at the next Kontrol where one does not answer. */
export class HttpRegistration implements Registration {
  readonly #options: HttpRegistrationOptions;
  readonly #backoff: Backoff;
  #current = 0;
  #wanted: string;
  #url = '';
  #timer: Timer | undefined;
  #stopped = false;
  #made = false;
  /** The request that is on its way. */
  #request: AbortController | undefined;
  #starting: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(options: HttpRegistrationOptions) {
    this.#options = options;
    this.#wanted = options.url;
    this.#backoff = new Backoff(options.backoff);
  }

  get url(): string {
    return this.#url;
  }

  /**
   * Resolves when it is registered, however many tries that takes. Rejects where nobody can be asked at all, where it is
   * stopped before, or where Kontrol refuses the kite in a way that asking again does not change.
   */
  async start(): Promise<this> {
    if (this.#options.urls.length === 0) throw noKontrolError();
    if (this.#stopped) throw closingError();
    await new Promise<void>((resolve, reject) => {
      this.#starting = { resolve, reject };
      this.#register();
    });
    return this;
  }

  move(url: string): void {
    this.#wanted = url;
    this.#timer?.cancel();
    if (!this.#stopped) this.#register();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#request?.abort();
    this.#starting?.reject(closingError());
  }

  #register(): void {
    this.#tryRegister().then(
      (seconds) => {
        this.#backoff.reset();
        this.#made = true;
        this.#after(seconds * 1000, () => this.#beat(seconds));
        this.#starting?.resolve();
      },
      (error: unknown) => this.#failed(error),
    );
  }

  #beat(seconds: number): void {
    const path = `/heartbeat?id=${encodeURIComponent(this.#options.kite.id)}`;
    this.#ask(path).then(
      (answer) => {
        if (answer.trim() === 'registeragain') this.#register();
        else this.#after(seconds * 1000, () => this.#beat(seconds));
      },
      (error: unknown) => this.#failed(error),
    );
  }

  #failed(error: unknown): void {
    if (this.#stopped) return;
    const { logger, failed } = this.#options;
    failed?.(toError(error));
    if (!isPermanentFailure(error)) {
      logger.warn(`Registration over HTTP: ${String(error)}; trying again`);
      this.#current++;
      this.#after(this.#backoff.next(), () => this.#register());
    } else if (this.#made) {
      logger.error(
        `Registration over HTTP: ${String(error)}; nobody finds this kite now. Trying again once a minute`,
      );
      this.#after(PERMANENT_FAILURE_RETRY, () => this.#register());
    } else this.#starting?.reject(toError(error));
  }

  #after(ms: number, next: () => void): void {
    this.#timer?.cancel();
    if (!this.#stopped) this.#timer = this.#options.clock.setTimeout(next, ms);
  }

  async #tryRegister(): Promise<number> {
    const { kite, auth, registered } = this.#options;
    const body = JSON.stringify({ url: this.#wanted, kite, auth: auth() });
    const answer = readRegisterResponse(tryParse(await this.#ask('/register', body)));
    this.#url = answer.url;
    await registered(answer);
    return answer.heartbeatInterval || DEFAULT_HEARTBEAT_SECONDS;
  }

  async #ask(path: string, body?: string): Promise<string> {
    const { urls, clock, timeout, fetch } = this.#options;
    const kontrol = (urls[this.#current % urls.length] ?? '').replace(/^ws/, 'http');
    const controller = new AbortController();
    this.#request = controller;
    const timer = timeout > 0 ? clock.setTimeout(() => controller.abort(), timeout) : undefined;
    try {
      const response = await fetch(new URL(path, kontrol), {
        signal: controller.signal,
        ...(body !== undefined && { method: 'POST', headers: { 'content-type': 'application/json' }, body }),
      });
      const text = await response.text();
      if (response.ok) return text;
      const { err, code } = record(tryParse(text));
      const message = typeof err === 'string' ? err : `HTTP status ${response.status}`;
      throw new KiteError(ERROR_TYPES[response.status] ?? 'genericError', message, {
        ...(typeof code === 'string' && { code }),
      });
    } catch (error) {
      if (isKiteError(error)) throw error;
      throw new KiteError('disconnect', `${kontrol} does not answer`, { cause: error });
    } finally {
      timer?.cancel();
    }
  }
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
