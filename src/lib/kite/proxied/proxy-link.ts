import { ConfigurationError, KiteError } from '../../protocol/errors.js';
import { Backoff, type BackoffOptions } from '../../util/backoff.js';
import type { Clock, Timer } from '../../util/clock.js';
import { GO_AWAY_REASON } from '../../transport/channel/close-code.js';
import { formatDuration } from '../../util/duration.js';
import type { Logger } from '../../util/logger.js';
import { messageOf } from '../../util/message-of.js';
import type { Client, ClientOptions } from '../call/client.js';

/** The two kinds of proxies, by the name that they have as kites. */
export type ProxyName = 'proxy' | 'tunnelproxy';

const LABELS: Readonly<Record<ProxyName, string>> = { proxy: 'reverse proxy', tunnelproxy: 'tunnel proxy' };

/** A proxy that a kite may register with. */
export interface ProxyCandidate {
  /** Its URL, by which the one that was just lost is told from the others. */
  readonly url: string;
  /** A client of it, not connected yet, with the credentials to register there. */
  client(options: ClientOptions): Client;
}

/** Where a kite can be reached through a proxy. */
export interface ProxiedAddress {
  /** The public URL, for others. */
  readonly url: string;
  /** The connection to the proxy, on which the registration hangs. */
  readonly client: Client;
}

export interface ProxyLinkOptions {
  /** Which kind, for messages. */
  readonly name: ProxyName;
  /** The proxies that there are now; one of them is picked at random. May reject. */
  readonly candidates: () => Promise<readonly ProxyCandidate[]>;
  /** Registers on a connection that stands, and resolves with the public URL. */
  readonly register: (client: Client) => Promise<string>;
  /** Registered: the first time, or again with another proxy. Must not throw. */
  readonly onRegistered: (at: ProxiedAddress) => void;
  /** Methods that the proxy may call back on this connection. Default none. */
  readonly trustRemote?: readonly string[];
  /** Certificate authorities to trust beside the system's, PEM. */
  readonly ca?: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Picks the proxy: a number from 0 up to 1. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Waits between two rounds in which no proxy could be had. Default from 200 ms up to 5 s. */
  readonly backoff?: BackoffOptions | undefined;
}

/** Milliseconds that one proxy may take to connect, and to answer: with ten, one that is stuck would cost them all. */
const PROXY_TIMEOUT = 4000;
const BACKOFF: BackoffOptions = { max: 5000 };

/**
 * Keeps a kite registered with a proxy, whichever there is: picks one at random, and another at once when it is gone. The
 * registration lasts as long as the connection to the proxy.
 *
 * Lifecycle: `start`, then `onUrl` each time the kite is registered, until `stop`.
 */
export class ProxyLink {
  readonly #options: ProxyLinkOptions;
  readonly #backoff: Backoff;
  readonly #random: () => number;
  #at: ProxiedAddress | undefined;
  /** The connection over which it is registered, or tries to be. */
  #client: Client | undefined;
  #lost: string | undefined;
  #retry: Timer | undefined;
  #stopped = false;

  constructor(options: ProxyLinkOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#backoff = new Backoff({ ...BACKOFF, random: this.#random, ...options.backoff });
  }

  /** Where the kite is reached now; undefined while it is registered nowhere. */
  get address(): ProxiedAddress | undefined {
    return this.#at;
  }

  start(): void {
    this.#round().catch((error: unknown) => this.#failed(error));
  }

  /** Leaves the proxy, and looks for no other. */
  stop(): void {
    this.#stopped = true;
    this.#retry?.cancel();
    this.#at = undefined;
    this.#client?.close();
  }

  /** Tries each proxy once. Rejects with why the last one could not be had. */
  async #round(): Promise<void> {
    const { candidates, name } = this.#options;
    let failure: unknown = noProxyError(name);
    for (const candidate of this.#inOrder(await candidates())) {
      if (this.#stopped) return;
      try {
        await this.#register(candidate);
        return;
      } catch (error) {
        failure = error;
        this.#options.logger.debug(`${candidate.url}: ${String(error)}`);
      }
    }
    throw failure;
  }

  async #register(candidate: ProxyCandidate): Promise<void> {
    const { register, trustRemote = [], ca, onRegistered } = this.#options;
    const patience = { handshakeTimeout: PROXY_TIMEOUT, timeout: PROXY_TIMEOUT };
    const client = candidate.client({ ...patience, trustRemote, ...(ca !== undefined && { ca }) });
    this.#client = client;
    try {
      await client.dial();
      const url = await register(client);
      if (!client.connected) throw new KiteError('disconnect', `${client.url} has disconnected`);
      this.#backoff.reset();
      this.#at = { url, client };
      client.on('disconnect', (_code, reason) => this.#disconnected(candidate, client, reason));
    } catch (error) {
      client.close();
      throw error;
    }
    onRegistered(this.#at);
  }

  #disconnected(candidate: ProxyCandidate, client: Client, reason: string): void {
    client.close();
    if (this.#stopped) return;
    this.#at = undefined;
    this.#lost = candidate.url;
    const why =
      reason === GO_AWAY_REASON ? 'shut down' : `disconnected${reason === '' ? '' : ` (${reason})`}`;
    this.#options.logger.warn(`The proxy at ${client.url} ${why}; looking for another`);
    this.start();
  }

  #failed(error: unknown): void {
    if (this.#stopped) return;
    const wait = this.#backoff.next();
    const { name, logger, clock } = this.#options;
    logger.warn(`No ${LABELS[name]} available: ${messageOf(error)}; retrying in ${formatDuration(wait)}`);
    this.#retry = clock.setTimeout(() => this.start(), wait);
  }

  /** In random order, but the one that was lost comes last: it may be listed for a while after it has gone. */
  #inOrder(candidates: readonly ProxyCandidate[]): ProxyCandidate[] {
    const left = [...candidates];
    const order: ProxyCandidate[] = [];
    while (left.length > 0) order.push(...left.splice(Math.floor(this.#random() * left.length), 1));
    const isLost = ({ url }: ProxyCandidate): boolean => url === this.#lost;
    return [...order.filter((candidate) => !isLost(candidate)), ...order.filter(isLost)];
  }
}

export function noProxyError(name: ProxyName): ConfigurationError {
  const start = name === 'proxy' ? 'kitectl proxy start' : 'kitectl proxy start --tunnel';
  const message = `This kite knows of no ${name}: start one with "${start}" at its Kontrol, or name one with KITE_PROXY_URL`;
  return new ConfigurationError('noProxy', message);
}

/**
 * Registers at a proxy of either kind, with the URL at which it is to reach the kite.
 *
 * @throws KiteError what the proxy answers, or `invalidResponse`
 */
export async function registerWithProxy(client: Client, url: string): Promise<string> {
  const answer = await client.call<unknown, string>('register', [url]);
  if (typeof answer === 'string' && URL.canParse(answer)) return answer;
  throw new KiteError(
    'invalidResponse',
    `${client.url} answered "register" with something that is not a URL`,
  );
}
