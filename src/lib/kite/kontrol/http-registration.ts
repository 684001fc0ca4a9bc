import { KiteError } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import { Backoff, type BackoffOptions } from '../../util/backoff.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import type { Auth } from '../client.js';
import { readRegistered, record, type RegisterAnswer } from './answers.js';
import { noKontrol } from './kontrol-link.js';
import type { Registration } from './registration.js';

export interface HttpRegistrationOptions {
  readonly urls: readonly string[];
  readonly url: string;
  readonly kite: KiteIdentity;
  readonly auth: () => Auth | null;
  readonly registered: (answer: RegisterAnswer) => Promise<void>;
  readonly fetch: typeof fetch;
  /** Milliseconds for one request. */
  readonly timeout: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly backoff?: BackoffOptions | undefined;
}

const HEARTBEAT_SECONDS = 10;

/** A registration without a connection: requests over HTTP, at the next Kontrol where one does not answer. */
export class HttpRegistration implements Registration {
  readonly #options: HttpRegistrationOptions;
  readonly #backoff: Backoff;
  #current = 0;
  #wanted: string;
  #url = '';
  #timer: Timer | undefined;
  #stopped = false;
  #ready: (() => void) | undefined;

  constructor(options: HttpRegistrationOptions) {
    this.#options = options;
    this.#wanted = options.url;
    this.#backoff = new Backoff(options.backoff);
  }

  get url(): string {
    return this.#url;
  }

  /** Resolves when it is registered, however many tries that takes. Rejects where nobody can be asked at all. */
  async start(): Promise<this> {
    if (this.#options.urls.length === 0) throw noKontrol();
    await new Promise<void>((resolve) => {
      this.#ready = resolve;
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
  }

  #register(): void {
    this.#tryRegister().then(
      (seconds) => {
        this.#backoff.reset();
        this.#after(seconds * 1000, () => this.#beat(seconds));
        this.#ready?.();
      },
      (error: unknown) => this.#failed(error),
    );
  }

  #beat(seconds: number): void {
    const path = `/heartbeat?id=${encodeURIComponent(this.#options.kite.id)}`;
    this.#request(path).then(
      (answer) => {
        if (answer.trim() === 'registeragain') this.#register();
        else this.#after(seconds * 1000, () => this.#beat(seconds));
      },
      (error: unknown) => this.#failed(error),
    );
  }

  #failed(error: unknown): void {
    if (this.#stopped) return;
    this.#options.logger.warn(`Registration over HTTP: ${String(error)}; trying again`);
    this.#current++;
    this.#after(this.#backoff.next(), () => this.#register());
  }

  #after(ms: number, next: () => void): void {
    this.#timer?.cancel();
    if (!this.#stopped) this.#timer = this.#options.clock.setTimeout(next, ms);
  }

  async #tryRegister(): Promise<number> {
    const { kite, auth, registered } = this.#options;
    const body = JSON.stringify({ url: this.#wanted, kite, auth: auth() });
    const answer = readRegistered(parse(await this.#request('/register', body)));
    this.#url = answer.url;
    await registered(answer);
    return answer.heartbeatInterval || HEARTBEAT_SECONDS;
  }

  async #request(path: string, body?: string): Promise<string> {
    const { urls, clock, timeout, fetch } = this.#options;
    const kontrol = (urls[this.#current % urls.length] ?? '').replace(/^ws/, 'http');
    const controller = new AbortController();
    const timer = timeout > 0 ? clock.setTimeout(() => controller.abort(), timeout) : undefined;
    try {
      const response = await fetch(new URL(path, kontrol), {
        signal: controller.signal,
        ...(body !== undefined && { method: 'POST', headers: { 'content-type': 'application/json' }, body }),
      });
      const text = await response.text();
      if (response.ok) return text;
      const { err } = record(parse(text));
      throw new KiteError('genericError', typeof err === 'string' ? err : `HTTP status ${response.status}`);
    } catch (error) {
      if (error instanceof KiteError) throw error;
      throw new KiteError('disconnect', `${kontrol} does not answer`, { cause: error });
    } finally {
      timer?.cancel();
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
