import { ConfigurationError, isKiteError } from '../../protocol/errors.js';
import { Backoff, type BackoffOptions } from '../../util/backoff.js';
import type { Clock, Timer } from '../../util/clock.js';
import { Emitter } from '../../util/emitter.js';
import type { Logger } from '../../util/logger.js';
import type { Auth, Client, ClientOptions } from '../call/client.js';
import { closingError } from './permanent-failure.js';

export interface KontrolLinkOptions {
  /** Every Kontrol, the preferred one first. */
  readonly urls: readonly string[];
  readonly auth: () => Auth | null;
  readonly newClient: (url: string, options: ClientOptions) => Client;
  /** Called where a call fails. */
  readonly failed?: ((error: unknown) => void) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly backoff?: BackoffOptions | undefined;
}

export type KontrolLinkEvents = {
  /** A Kontrol is connected: the first, or one after another was gone. */
  connect: [client: Client];
  disconnect: [];
  /** Nothing is kept up any more: the kite is closing. */
  retire: [];
};

/** What Kontrol calls on the connection over which a kite has registered. */
const TRUSTED_METHODS = ['kite.heartbeat', 'kite.who', 'kite.handleWebRTC'];

/** The connection to Kontrol: one of several, and the next of them when that one is gone. */
export class KontrolLink extends Emitter<KontrolLinkEvents> {
  readonly #options: KontrolLinkOptions;
  readonly #backoff: Backoff;
  #next = 0;
  #client: Client | undefined;
  #connecting: Promise<Client> | undefined;
  #retry: Timer | undefined;
  #keepers = 0;
  #failure = '';
  #retired = false;
  #closed = false;

  constructor(options: KontrolLinkOptions) {
    super();
    this.#options = options;
    this.#backoff = new Backoff(options.backoff);
  }

  /** The client of the Kontrol that is connected. */
  get client(): Client | undefined {
    return this.#client;
  }

  /** Whether there is another Kontrol to turn to. */
  get hasAlternatives(): boolean {
    return this.#options.urls.length > 1;
  }

  /** Whether nothing is kept up any more. */
  get retired(): boolean {
    return this.#retired;
  }

  /** Connects to the first Kontrol that can be reached. Rejects with why the last could not. */
  connect(): Promise<Client> {
    if (this.#client) return Promise.resolve(this.#client);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** Stays connected from now on, with waits between the tries, until the function that it returns is called. */
  stayConnected(): () => void {
    this.#keepers++;
    this.#tryAgain();
    let released = false;
    return () => {
      if (!released) this.#keepers--;
      released = true;
    };
  }

  /** A call that may be made twice: where a Kontrol is gone, the next one answers it. */
  async call<Result>(method: string, args: unknown[]): Promise<Result> {
    for (let left = this.#options.urls.length; ; left--) {
      const client = await this.connect();
      try {
        return await client.call<Result, string>(method, args);
      } catch (error) {
        this.#options.failed?.(error);
        if (!isKiteError(error, 'disconnect') || left <= 0) throw error;
      }
    }
  }

  /** Has later calls carry other credentials. */
  renewAuth(): void {
    if (this.#client) this.#client.auth = this.#options.auth();
  }

  /** Leaves the Kontrol that is connected, for the next one. */
  drop(): void {
    this.#client?.close();
  }

  /** Keeps nothing up any more. Calls can still be made. */
  retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    this.#retry?.cancel();
    this.emit('retire');
  }

  close(): void {
    this.#closed = true;
    this.retire();
    this.#client?.close();
  }

  async #connect(): Promise<Client> {
    const { urls, auth, newClient } = this.#options;
    let failure: unknown = noKontrolError();
    for (let tried = 0; tried < urls.length && !this.#closed; tried++) {
      const url = urls[this.#next % urls.length] ?? '';
      const client = newClient(url, { auth: auth(), trustRemote: TRUSTED_METHODS });
      try {
        await client.dial();
        return this.#connected(client);
      } catch (error) {
        client.close();
        failure = error;
        this.#next++;
      }
    }
    throw this.#closed ? closingError() : failure;
  }

  #connected(client: Client): Client {
    this.#client = client;
    this.#failure = '';
    this.#backoff.reset();
    client.on('disconnect', () => {
      this.#client = undefined;
      client.close();
      this.#next++;
      this.emit('disconnect');
      this.#wait();
    });
    this.emit('connect', client);
    return client;
  }

  #tryAgain(): void {
    if (this.#retired || this.#client || this.#keepers === 0) return;
    this.connect().catch((error: unknown) => {
      this.#report(`No Kontrol can be reached: ${String(error)}; trying again`);
      this.#wait();
    });
  }

  /** Warns of what is the matter, once. */
  #report(failure: string): void {
    if (this.#retired) return;
    const { logger } = this.#options;
    if (failure === this.#failure) logger.debug(failure);
    else logger.warn(failure);
    this.#failure = failure;
  }

  #wait(): void {
    if (this.#retired || this.#keepers === 0) return;
    this.#retry?.cancel();
    this.#retry = this.#options.clock.setTimeout(() => this.#tryAgain(), this.#backoff.next());
  }
}

export function noKontrolError(): ConfigurationError {
  const message = 'No Kontrol is known: set kontrolUrl or KITE_KONTROL_URL, or use a kite key that names it';
  return new ConfigurationError('noKontrol', message);
}
