import { dialOrClose } from '../call/dial-or-close.js';
import { ConfigurationError, KiteError } from '../../protocol/errors.js';
import { Backoff, type BackoffOptions } from '../../util/backoff.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { ServerAccess } from '../../transport/handshake/server-access.js';
import { isShutdown } from '../../transport/channel/close-code.js';
import { formatDuration } from '../../util/duration.js';
import type { Logger } from '../../util/logger.js';
import { errorText, messageOf } from '../../util/message-of.js';
import type { Client, ClientOptions } from '../call/client.js';
import type { ConnectAt } from '../call/kite-path.js';

/** The kite name of a reverse proxy or a tunnel proxy. */
export type ProxyName = 'proxy' | 'tunnelproxy';

const LABELS: Readonly<Record<ProxyName, string>> = { proxy: 'reverse proxy', tunnelproxy: 'tunnel proxy' };

/** A proxy that a kite may register with. */
export interface ProxyCandidate {
  /** URL of the proxy, which identifies it. */
  readonly url: string;
  /**
   * Returns a client of the proxy, not connected yet, with the credentials to register there. `url` is another URL of a configured
   * proxy, if its path was added.
   */
  client(options: ClientOptions, url: string): Client;
}

/** The address of a kite at a proxy. */
export interface ProxiedAddress {
  /** Public URL of the kite. */
  readonly url: string;
  /** The connection to the proxy. The registration ends with it. */
  readonly client: Client;
}

export interface ProxyLinkOptions {
  /** The kind of proxy, for messages. */
  readonly name: ProxyName;
  /** Returns the available proxies, one of which is selected at random. May reject. */
  readonly candidates: () => Promise<readonly ProxyCandidate[]>;
  /** Connects to a proxy at a URL. */
  readonly connectAt: ConnectAt;
  /** Registers on a connection, and resolves with the public URL. */
  readonly register: (client: Client) => Promise<string>;
  /** Called when the kite has registered: the first time, or with another proxy. Must not throw. */
  readonly onRegistered: (address: ProxiedAddress) => void;
  /** Methods that the proxy may call on this connection. Default: none. */
  readonly trustRemote?: readonly string[];
  /** Options of the access to the proxy. Default: those of the kite. */
  readonly access?: ServerAccess | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Returns a random number from 0 to 1, which selects the proxy. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Delays between attempts while no proxy is available. Default: from 200 ms up to 5 s. */
  readonly backoff?: BackoffOptions | undefined;
}

/** Timeout of connecting and of calls, in milliseconds. Short, so that an unresponsive proxy does not delay the others. */
const PROXY_TIMEOUT = 4000;
const BACKOFF: BackoffOptions = { max: 5000 };

/**
 * Maintains the registration of a kite with a proxy: selects one at random, and another one immediately if it is lost. The
 * registration ends with the connection to the proxy.
 *
 * Lifecycle: `start`, then `onRegistered` is called each time the kite has registered, until `stop`.
 */
export class ProxyLink {
  readonly #options: ProxyLinkOptions;
  readonly #backoff: Backoff;
  readonly #random: () => number;
  #address: ProxiedAddress | undefined;
  /** The connection on which the kite is registered or registering. */
  #client: Client | undefined;
  /** URL of the proxy that was lost last. */
  #lostUrl: string | undefined;
  #retry: Timer | undefined;
  #stopped = false;

  constructor(options: ProxyLinkOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#backoff = new Backoff({ ...BACKOFF, random: this.#random, ...options.backoff });
  }

  /** The current address of the kite. Undefined while it is not registered. */
  get address(): ProxiedAddress | undefined {
    return this.#address;
  }

  start(): void {
    this.#tryCandidates().catch((error: unknown) => this.#failed(error));
  }

  /** Disconnects from the proxy, and selects no other. */
  stop(): void {
    this.#stopped = true;
    this.#retry?.cancel();
    this.#address = undefined;
    this.#client?.close();
  }

  /** Tries each proxy once. Rejects with the error of the last one. */
  async #tryCandidates(): Promise<void> {
    const { candidates, name } = this.#options;
    let failure: unknown = noProxyError(name);
    for (const candidate of this.#shuffled(await candidates())) {
      if (this.#stopped) return;
      try {
        await this.#register(candidate);
        return;
      } catch (error) {
        failure = error;
        this.#options.logger.debug(`${candidate.url}: ${errorText(error)}`);
      }
    }
    throw failure;
  }

  async #register(candidate: ProxyCandidate): Promise<void> {
    const { register, connectAt, onRegistered } = this.#options;
    const client = await connectAt(candidate.url, (url) => this.#dial(candidate, url));
    try {
      const url = await register(client);
      if (!client.connected) throw new KiteError('disconnect', `${client.url} has disconnected`);
      this.#backoff.reset();
      this.#address = { url, client };
      client.on('disconnect', (_code, reason) => this.#disconnected(candidate, client, reason));
    } catch (error) {
      client.close();
      throw error;
    }
    onRegistered(this.#address);
  }

  #dial(candidate: ProxyCandidate, url: string): Promise<Client> {
    const { trustRemote = [], access } = this.#options;
    const timeouts = { handshakeTimeout: PROXY_TIMEOUT, timeout: PROXY_TIMEOUT };
    const client = candidate.client({ ...timeouts, trustRemote, ...access }, url);
    this.#client = client;
    return dialOrClose(client);
  }

  #disconnected(candidate: ProxyCandidate, client: Client, reason: string): void {
    client.close();
    if (this.#stopped) return;
    this.#address = undefined;
    this.#lostUrl = candidate.url;
    const event = isShutdown(reason) ? 'shut down' : `disconnected${reason === '' ? '' : ` (${reason})`}`;
    this.#options.logger.warn(`The proxy at ${client.url} ${event}; looking for another`);
    this.start();
  }

  #failed(error: unknown): void {
    if (this.#stopped) return;
    const wait = this.#backoff.next();
    const { name, logger, clock } = this.#options;
    logger.warn(
      `No ${LABELS[name]} available: ${messageOf(error)}; retrying in ${formatDuration(Math.round(wait))}`,
    );
    this.#retry = clock.setTimeout(() => this.start(), wait);
  }

  /** Returns the proxies in random order. The one that was lost is last, because Kontrol may list it for a while. */
  #shuffled(candidates: readonly ProxyCandidate[]): ProxyCandidate[] {
    const remaining = [...candidates];
    const order: ProxyCandidate[] = [];
    while (remaining.length > 0)
      order.push(...remaining.splice(Math.floor(this.#random() * remaining.length), 1));
    const isLost = ({ url }: ProxyCandidate): boolean => url === this.#lostUrl;
    return [...order.filter((candidate) => !isLost(candidate)), ...order.filter(isLost)];
  }
}

export function noProxyError(name: ProxyName): ConfigurationError {
  const start = name === 'proxy' ? 'kitectl proxy start' : 'kitectl proxy start --tunnel';
  const message = `No ${LABELS[name]} is configured: start one with "${start}", or set KITE_PROXY_URL`;
  return new ConfigurationError('noProxy', message);
}

/**
 * Registers with a proxy of either kind. `url` is where the proxy reaches the kite. Returns the public URL.
 *
 * @throws KiteError: the error of the proxy, or one of type `invalidResponse`
 */
export async function registerWithProxy(client: Client, url: string): Promise<string> {
  const publicUrl = await client.call<unknown, string>('register', [url]);
  if (typeof publicUrl === 'string' && URL.canParse(publicUrl)) return publicUrl;
  throw new KiteError('invalidResponse', `The response of ${client.url} to "register" is not a URL`);
}
