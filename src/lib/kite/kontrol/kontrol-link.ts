import { dialOrClose } from '../call/dial-or-close.js';
import { messageOf } from '../../util/message-of.js';
import { ConfigurationError, isKiteError } from '../../protocol/errors.js';
import { Backoff, type BackoffOptions } from '../../util/backoff.js';
import type { Clock, Timer } from '../../util/clock.js';
import { Emitter } from '../../util/emitter.js';
import type { Logger } from '../../util/logger.js';
import type { Auth, Client, ClientOptions } from '../call/client.js';
import type { ConnectAt } from '../call/kite-path.js';
import { closingError } from './permanent-failure.js';

export interface KontrolLinkOptions {
  /** URLs of Kontrol, in order of preference. */
  readonly urls: readonly string[];
  readonly auth: () => Auth | null;
  readonly newClient: (url: string, options: ClientOptions) => Client;
  /** Connects to a URL. Default: at that URL only. */
  readonly connectAt?: ConnectAt | undefined;
  /** Called when a call fails. */
  readonly failed?: ((error: unknown) => void) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly backoff?: BackoffOptions | undefined;
}

export type KontrolLinkEvents = {
  /** A Kontrol is connected: for the first time, or after a disconnect. */
  connect: [client: Client];
  disconnect: [];
  /** Registrations must be made again, to renew the kite key. */
  renewKey: [];
  /** Registrations and watches end, because the kite is closing. */
  retire: [];
};

/** Methods that Kontrol may call on the connection. */
const TRUSTED_METHODS = ['kite.heartbeat', 'kite.who', 'kite.handleWebRTC'];

/** The connection to one of several Kontrols. If it is lost, the next one is used. */
export class KontrolLink extends Emitter<KontrolLinkEvents> {
  readonly #options: KontrolLinkOptions;
  readonly #backoff: Backoff;
  #next = 0;
  #client: Client | undefined;
  #connecting: Promise<Client> | undefined;
  #retry: Timer | undefined;
  /** Number of users that need a permanent connection. */
  #users = 0;
  /** The last failure that was logged as a warning. */
  #failure = '';
  #retired = false;
  #closed = false;

  constructor(options: KontrolLinkOptions) {
    super(options.logger);
    this.#options = options;
    this.#backoff = new Backoff(options.backoff);
  }

  /** The client of the Kontrol that is connected. */
  get client(): Client | undefined {
    return this.#client;
  }

  /** Whether there are several Kontrols. */
  get hasAlternatives(): boolean {
    return this.#options.urls.length > 1;
  }

  /** Whether `retire` was called. */
  get retired(): boolean {
    return this.#retired;
  }

  /** Connects to the first Kontrol that can be reached. Rejects with the error of the last one if none can. */
  connect(): Promise<Client> {
    if (this.#client) return Promise.resolve(this.#client);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** Reconnects after each disconnect, with delays between the attempts. Returns a function that ends this. */
  stayConnected(): () => void {
    this.#users++;
    this.#tryAgain();
    let released = false;
    return () => {
      if (!released) this.#users--;
      released = true;
    };
  }

  /** Makes an idempotent call. If the connection is lost, repeats it with the next Kontrol. */
  async call<Result>(method: string, args: unknown[]): Promise<Result> {
    for (let retries = this.#options.urls.length; ; retries--) {
      const client = await this.connect();
      try {
        return await client.call<Result, string>(method, args);
      } catch (error) {
        this.#options.failed?.(error);
        if (!isKiteError(error, 'disconnect') || retries <= 0) throw error;
      }
    }
  }

  /** Applies changed credentials to later calls. */
  renewAuth(): void {
    if (this.#client) this.#client.auth = this.#options.auth();
  }

  /** Ends registrations and watches, and stops reconnecting. Calls can still be made. */
  retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    this.#retry?.cancel();
    this.emit('retire');
  }

  /**
   * Ends the registrations over the connection, after `retire`. Calls can still be made, over a new connection if this Kontrol ends
   * registrations only with their connection. Never rejects.
   */
  async deregister(timeout: number): Promise<void> {
    const client = this.#client;
    try {
      await client?.call('deregister', [], { timeout });
    } catch (error) {
      // Kontrol in Go does not have this method.
      this.#options.logger.debug(`The connection to Kontrol closes: ${messageOf(error)}`);
      client?.close();
    }
  }

  /** Connects at once if it waits for its next attempt. */
  wake(): void {
    this.#retry?.cancel();
    this.#backoff.reset();
    this.#tryAgain();
  }

  close(): void {
    this.#closed = true;
    this.retire();
    this.#client?.close();
  }

  async #connect(): Promise<Client> {
    const { urls, auth, newClient, connectAt } = this.#options;
    const dial = (url: string): Promise<Client> =>
      dialOrClose(newClient(url, { auth: auth(), trustRemote: TRUSTED_METHODS }));
    let failure: unknown = noKontrolError();
    for (let tried = 0; tried < urls.length && !this.#closed; tried++) {
      const url = urls[this.#next % urls.length] ?? '';
      try {
        return this.#connected(await (connectAt ? connectAt(url, dial) : dial(url)));
      } catch (error) {
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
    const lost = (): void => {
      if (this.#client !== client) return;
      this.#client = undefined;
      this.#next++;
      this.emit('disconnect');
      this.#wait();
    };
    // The calls that run on the connection can finish.
    client.on('draining', lost);
    client.on('disconnect', () => {
      client.close();
      lost();
    });
    this.emit('connect', client);
    return client;
  }

  #tryAgain(): void {
    if (this.#retired || this.#client || this.#users === 0) return;
    this.connect().catch((error: unknown) => {
      this.#report(`Cannot reach Kontrol: ${messageOf(error)}; trying again`);
      this.#wait();
    });
  }

  /** Logs a failure as a warning, unless it is the same as the last one. */
  #report(failure: string): void {
    if (this.#retired) return;
    const { logger } = this.#options;
    if (failure === this.#failure) logger.debug(failure);
    else logger.warn(failure);
    this.#failure = failure;
  }

  #wait(): void {
    if (this.#retired || this.#users === 0) return;
    this.#retry?.cancel();
    this.#retry = this.#options.clock.setTimeout(() => this.#tryAgain(), this.#backoff.next());
  }
}

export function noKontrolError(): ConfigurationError {
  const message = 'No Kontrol is configured: set kontrolUrl or KITE_KONTROL_URL, or use a kite key';
  return new ConfigurationError('noKontrol', message);
}
