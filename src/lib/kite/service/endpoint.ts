import { isKiteError, type KiteError } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import { Backoff, type BackoffOptions } from '../../util/backoff.js';
import type { Clock, Timer } from '../../util/clock.js';
import { messageOf } from '../../util/message-of.js';
import { disconnectError, drainingError } from '../call/call-errors.js';
import type { Client } from '../call/client.js';
import { hashOf, type HashedPlace } from './key-order.js';
import { type LinkPool, ServiceLink } from './service-link.js';

/**
 * `idle`: there is no connection, because others are enough. `connecting`: it is dialed. `ready`: it is called. `draining`: it
 * shuts down, and calls that run there finish. `out`: it could not be reached, or has not answered. The last two are dialed
 * again.
 */
export type ServiceKiteState = 'idle' | 'connecting' | 'ready' | 'draining' | 'out';

/** A kite of a service. */
export interface ServiceKite {
  readonly url: string;
  /** Undefined for a kite whose URL the program has given. */
  readonly identity: KiteIdentity | undefined;
  readonly state: ServiceKiteState;
  /** The calls over the current connection that have not been answered. */
  readonly pending: number;
  /** Whether the connection of the kite to Kontrol has dropped. */
  readonly silent: boolean;
}

/** A kite that was found, and how to make a client of it. */
export interface FoundService {
  readonly url: string;
  readonly identity: KiteIdentity | undefined;
  /** Whether its connection to Kontrol has dropped. */
  readonly isSilent: boolean;
  newClient(): Client;
}

export interface EndpointHost {
  readonly clock: Clock;
  readonly backoff: BackoffOptions | undefined;
  readonly links: LinkPool;
  /** The state of an endpoint has changed. `cause` is why it is `out` or `draining`, and `delay` when it is dialed again. */
  changed(endpoint: Endpoint, cause?: KiteError, delay?: number): void;
}

/** How long a kite has to answer a ping, in milliseconds. */
export const PING_TIMEOUT = 2000;

/** One kite of a service: its state, and its connection. */
export class Endpoint implements ServiceKite, HashedPlace {
  readonly url: string;
  readonly hash: number;
  readonly #host: EndpointHost;
  readonly #backoff: Backoff;
  #found: FoundService;
  #state: ServiceKiteState = 'idle';
  #link: ServiceLink<Endpoint> | undefined;
  #retry: Timer | undefined;
  #failure: KiteError | undefined;
  #removed = false;
  #waiters: (() => void)[] = [];

  constructor(host: EndpointHost, found: FoundService) {
    this.#host = host;
    this.#found = found;
    this.#backoff = new Backoff(host.backoff);
    this.url = found.url;
    this.hash = hashOf(found.url);
  }

  get identity(): KiteIdentity | undefined {
    return this.#found.identity;
  }

  get silent(): boolean {
    return this.#found.isSilent;
  }

  /** Whether nothing says that the kite runs: its connection to Kontrol has dropped, and it is not connected here. */
  get isDoubtful(): boolean {
    return this.silent && this.#state !== 'ready';
  }

  get state(): ServiceKiteState {
    return this.#state;
  }

  get pending(): number {
    return this.#link?.pending ?? 0;
  }

  /** The connection, if it can be used. */
  get link(): ServiceLink<Endpoint> | undefined {
    return this.#state === 'ready' ? this.#link : undefined;
  }

  /** Why the kite was taken out last. */
  get failure(): KiteError | undefined {
    return this.#failure;
  }

  /** Whether the service no longer knows the kite. */
  get removed(): boolean {
    return this.#removed;
  }

  /** The kite has registered again: a program with another id may listen there now. */
  replace(found: FoundService): void {
    this.#found = found;
    this.wake();
  }

  /** The connection of the kite to Kontrol has dropped. */
  silence(found: FoundService): void {
    this.#found = found;
  }

  /** Dials at once if the next attempt is later. */
  wake(): void {
    this.#backoff.reset();
    if (this.#state === 'out' || this.#state === 'draining') this.#dial();
  }

  /** Connects, unless it is connected or waits for its next attempt. */
  connect(): void {
    if (this.#state === 'idle' && !this.#removed) this.#dial();
  }

  /** Resolves when the kite is not dialed now: it is connected, or that has failed. */
  whenDialed(): Promise<void> {
    if (this.#state !== 'connecting') return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Uses the kite no more for now: the connection closes when its calls have ended. */
  rest(): void {
    this.#retry?.cancel();
    const link = this.#link;
    this.#link = undefined;
    if (this.#state !== 'idle') this.#become('idle');
    link?.leave();
  }

  remove(): void {
    this.#removed = true;
    this.rest();
  }

  /** Takes the kite out, because it has not answered. Calls that wait for it may go on. */
  takeOut(link: ServiceLink<Endpoint>, failure: KiteError): void {
    if (this.#link === link && this.#state === 'ready') this.#end(link, 'out', failure);
  }

  /** The kite has rejected a call because it shuts down. */
  drain(link: ServiceLink<Endpoint>, failure: KiteError): void {
    if (this.#link === link && this.#state === 'ready') this.#end(link, 'draining', failure);
  }

  #dial(): void {
    this.#retry?.cancel();
    const link = new ServiceLink<Endpoint>(this, this.#found.newClient(), this.#host.links);
    this.#link = link;
    this.#become('connecting');
    const { client } = link;
    client.on('disconnect', (code, reason) => {
      if (this.#link === link && this.#state === 'ready')
        this.#end(link, 'out', disconnectError(`${code}${reason && ` ${reason}`}`));
    });
    client.on('draining', () => this.drain(link, drainingError('The kite')));
    connected(client).then(
      () => this.#connected(link),
      (error: unknown) => {
        if (this.#link === link && this.#state === 'connecting') this.#end(link, 'out', failureOf(error));
        else link.leave();
      },
    );
  }

  #connected(link: ServiceLink<Endpoint>): void {
    if (this.#link !== link || this.#state !== 'connecting') return;
    this.#backoff.reset();
    this.#failure = undefined;
    this.#become('ready');
  }

  #end(link: ServiceLink<Endpoint>, state: 'out' | 'draining', failure: KiteError): void {
    this.#link = undefined;
    this.#failure = failure;
    const delay = this.#backoff.next();
    this.#retry = this.#host.clock.setTimeout(() => this.#dial(), delay);
    this.#become(state, failure, delay);
    link.leave();
  }

  #become(state: ServiceKiteState, failure?: KiteError, delay?: number): void {
    this.#state = state;
    if (state !== 'connecting') for (const resolve of this.#waiters.splice(0)) resolve();
    this.#host.changed(this, failure, delay);
  }
}

/** Resolves when a kite is connected and has answered. */
async function connected(client: Client): Promise<void> {
  await client.dial();
  await ping(client);
}

/** Resolves when a kite has answered anything, also an error. Rejects if it does not answer, or shuts down. */
export async function ping(client: Client): Promise<void> {
  try {
    await client.call('kite.ping', [], { timeout: PING_TIMEOUT });
  } catch (error) {
    if (!isKiteError(error) || error.retryable || isUnanswered(error)) throw error;
  }
}

/** Whether a call has failed without an answer of the kite. */
export function isUnanswered({ type }: KiteError): boolean {
  return type === 'disconnect' || type === 'timeout' || type === 'aborted';
}

function failureOf(error: unknown): KiteError {
  return isKiteError(error) ? error : disconnectError(messageOf(error));
}
