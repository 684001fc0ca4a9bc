import { isDialError } from '../../transport/handshake/dial-error.js';
import { withoutSecrets } from '../../transport/handshake/session-url.js';
import { messageOf, toError } from '../../util/message-of.js';
import { type ErrorType, isKiteError, KiteError } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import { Backoff, type BackoffOptions } from '../../util/backoff.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import type { PlainResponse, SendHttp } from '../../transport/forward-proxy/http-request.js';
import type { Auth } from '../call/client.js';
import type { KontrolTime } from '../call/kontrol-time.js';
import { readRegisterResponse, type RegisterResponse } from './kontrol-responses.js';
import { record } from '../../util/record.js';
import type { OwnUrl } from './own-url.js';
import { heartbeatInterval } from '../limits/heartbeat-interval.js';
import { noKontrolError } from './kontrol-link.js';
import { closingError, isPermanentFailure, PERMANENT_FAILURE_RETRY } from './permanent-failure.js';
import type { Registration } from './registration.js';
import { toHttp } from '../../util/web-url.js';
import { parseJson } from '../../util/parse-json.js';

export interface HttpRegistrationOptions {
  /** URLs of Kontrol, in order of preference. */
  readonly urls: readonly string[];
  /** The URL to register. */
  readonly url: OwnUrl;
  readonly kite: KiteIdentity;
  readonly auth: () => Auth | null;
  /** Compared with the time that Kontrol sends. */
  readonly time: KontrolTime;
  readonly registered: (response: RegisterResponse) => Promise<void>;
  /** Called when a request fails. */
  readonly failed?: ((error: Error) => void) | undefined;
  readonly sendHttp: SendHttp;
  /** Timeout of a request in milliseconds; 0 means none. */
  readonly timeout: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly backoff?: BackoffOptions | undefined;
}

const DEFAULT_HEARTBEAT_SECONDS = 10;

/** Difference to Kontrol's clock that is normal, because of the time in the network, in milliseconds. */
const CLOCK_TOLERANCE = 30_000;

/** Error types for the HTTP statuses of Kontrol. */
const ERROR_TYPES: Readonly<Record<number, ErrorType>> = {
  400: 'argumentError',
  401: 'authenticationError',
  429: 'requestLimitError',
};

/** A registration with HTTP requests instead of a connection. If a Kontrol is not available, it uses the next one. */
export class HttpRegistration implements Registration {
  readonly #options: HttpRegistrationOptions;
  readonly #backoff: Backoff;
  /** Index of the current Kontrol. */
  #current = 0;
  #requestedUrl: OwnUrl;
  #url = '';
  #timer: Timer | undefined;
  #stopped = false;
  #succeeded = false;
  /** Aborts the last request. */
  #request: AbortController | undefined;
  #starting: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(options: HttpRegistrationOptions) {
    this.#options = options;
    this.#requestedUrl = options.url;
    this.#backoff = new Backoff(options.backoff);
  }

  get url(): string {
    return this.#url;
  }

  /**
   * Resolves when the kite is registered, after any number of attempts. Rejects if no Kontrol is configured, if it is stopped
   * first, or if Kontrol rejects the kite permanently.
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
    this.#requestedUrl = url;
    this.again();
  }

  /** Registers again now, for example to renew the kite key. */
  again(): void {
    this.#timer?.cancel();
    if (!this.#stopped) this.#register();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#nextRequest();
    this.#starting?.reject(closingError());
  }

  /** Ends the registration at Kontrol, after `stop`. One that cannot be ended expires soon. Never rejects. */
  async deregister(): Promise<void> {
    if (this.#url === '') return;
    const { kite, auth, logger } = this.#options;
    try {
      await this.#send(this.#nextRequest(), '/deregister', JSON.stringify({ kite, auth: auth() }));
    } catch (error) {
      // Kontrol in Go does not have this path.
      logger.debug(`The registration over HTTP ends when it expires: ${messageOf(error)}`);
    }
  }

  #register(): void {
    const request = this.#nextRequest();
    this.#tryRegister(request).then(
      (seconds) => {
        if (request !== this.#request) return;
        this.#backoff.reset();
        this.#succeeded = true;
        this.#after(seconds * 1000, () => this.#sendHeartbeat(seconds));
        this.#starting?.resolve();
      },
      (error: unknown) => this.#failed(request, error),
    );
  }

  #sendHeartbeat(seconds: number): void {
    const request = this.#nextRequest();
    const path = `/heartbeat?id=${encodeURIComponent(this.#options.kite.id)}`;
    this.#send(request, path).then(
      (response) => {
        if (request !== this.#request) return;
        if (response.trim() === 'registeragain') this.#register();
        else this.#after(seconds * 1000, () => this.#sendHeartbeat(seconds));
      },
      (error: unknown) => this.#failed(request, error),
    );
  }

  /** Starts a request, and aborts the earlier one, whose outcome is ignored: all requests share one timer. */
  #nextRequest(): AbortController {
    this.#request?.abort();
    return (this.#request = new AbortController());
  }

  #failed(request: AbortController, error: unknown): void {
    if (this.#stopped || request !== this.#request) return;
    const { logger, failed } = this.#options;
    failed?.(toError(error));
    if (!isPermanentFailure(error)) {
      logger.warn(`Registration over HTTP failed: ${messageOf(error)}; trying again`);
      this.#current++;
      this.#after(this.#backoff.next(), () => this.#register());
    } else if (this.#succeeded) {
      logger.error(
        `Registration over HTTP failed: ${messageOf(error)}; this kite is not registered. Trying again once per minute`,
      );
      this.#after(PERMANENT_FAILURE_RETRY, () => this.#register());
    } else this.#starting?.reject(toError(error));
  }

  #after(ms: number, next: () => void): void {
    this.#timer?.cancel();
    if (!this.#stopped) this.#timer = this.#options.clock.setTimeout(next, ms);
  }

  async #tryRegister(request: AbortController): Promise<number> {
    const { kite, auth, registered } = this.#options;
    const requested = this.#requestedUrl;
    const url = typeof requested === 'string' ? requested : await requested();
    if (request !== this.#request) throw closingError();
    const body = JSON.stringify({ url, kite, auth: auth() });
    const response = readRegisterResponse(parseJson(await this.#send(request, '/register', body)));
    if (request !== this.#request) throw closingError();
    this.#url = response.url;
    await registered(response);
    return heartbeatInterval(response.heartbeatInterval || DEFAULT_HEARTBEAT_SECONDS);
  }

  async #send(request: AbortController, path: string, body?: string): Promise<string> {
    const { urls, clock, timeout, sendHttp } = this.#options;
    const kontrol = toHttp(urls[this.#current % urls.length] ?? '');
    const timer = timeout > 0 ? clock.setTimeout(() => request.abort(), timeout) : undefined;
    try {
      const response = await sendHttp(new URL(path, kontrol), {
        signal: request.signal,
        ...(body !== undefined && { method: 'POST', headers: { 'content-type': 'application/json' }, body }),
      });
      this.#compareClocks(response);
      const text = await response.text();
      if (response.ok) return text;
      if (response.status >= 300 && response.status < 400) throw redirectError(kontrol, response);
      const { err, code } = record(parseJson(text));
      const message = typeof err === 'string' ? err : `HTTP status ${response.status}`;
      throw new KiteError(ERROR_TYPES[response.status] ?? 'genericError', message, {
        ...(typeof code === 'string' && { code }),
      });
    } catch (error) {
      if (isKiteError(error)) throw error;
      if (isDialError(error))
        throw new KiteError('disconnect', error.message, { code: error.code, cause: error });
      throw new KiteError('disconnect', `${withoutSecrets(new URL(kontrol))} does not respond`, {
        cause: error,
      });
    } finally {
      timer?.cancel();
    }
  }

  #compareClocks({ headers }: PlainResponse): void {
    const date = Date.parse(headers.get('date') ?? '');
    if (Number.isNaN(date)) return;
    const { time } = this.#options;
    time.observe(date - CLOCK_TOLERANCE, date + CLOCK_TOLERANCE, date);
  }
}

function redirectError(kontrol: string, { headers }: PlainResponse): KiteError {
  const location = headers.get('location') ?? '';
  const isValid = URL.canParse(location, kontrol);
  const target = isValid ? withoutSecrets(new URL(location, kontrol)) : 'an invalid URL';
  const message = `${withoutSecrets(new URL(kontrol))} redirects to ${target}; credentials are not sent there. Set the URL of Kontrol to it`;
  return new KiteError('genericError', message);
}
