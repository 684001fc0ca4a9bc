import { ConfigurationError, isKiteError, type KiteError, retryableError } from '../../protocol/errors.js';
import { formatQueryPath } from '../../protocol/query.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import { withoutUrlSecrets } from '../../transport/handshake/session-url.js';
import type { Clock } from '../../util/clock.js';
import { withDeadline } from '../../util/deadline.js';
import { Emitter } from '../../util/emitter.js';
import type { Logger } from '../../util/logger.js';
import { messageOf } from '../../util/message-of.js';
import { closedHere, disconnectError, misplacedStream, notSentError } from '../call/call-errors.js';
import type { Client, ClientOptions } from '../call/client.js';
import { onAbort } from '../call/call-fields.js';
import type { CallOptions } from '../call/peer.js';
import { hasStreams } from '../call/tagged-message.js';
import type { RemoteKite } from '../kontrol/remote-kite.js';
import type { KiteSource } from '../kontrol/watch-or-poll.js';
import { type Picker, pickerOf } from './balancing.js';
import { type CheckedTarget, checkedTarget, requireServiceOptions } from './checked-options.js';
import { type Endpoint, type FoundService, isUnanswered, type ServiceKite } from './endpoint.js';
import { type EndpointLink, EndpointPool } from './endpoint-pool.js';
import { KiteFollower } from './kite-follower.js';
import { inOrderOfArrival } from './order-of-arrival.js';
import { RetryBudget } from './retry-budget.js';
import { ServiceCall, type ServiceCallHost, type ServiceRequest } from './service-call.js';
import type {
  ServiceAnswer,
  ServiceEvents,
  ServiceMetrics,
  ServiceOptions,
  ServiceTarget,
} from './service-options.js';

/** Kites that a service is connected to, unless its options say otherwise. */
const CONNECTIONS = 10;
/** How long a call waits for a kite, in milliseconds, unless the options say otherwise. */
const WAIT = 10_000;

/** How many kites an error lists. */
const LISTED_KITES = 5;

const ZERO: Readonly<Record<keyof ServiceEvents, number>> = {
  found: 0,
  silent: 0,
  gone: 0,
  connecting: 0,
  ready: 0,
  idle: 0,
  draining: 0,
  out: 0,
  suspect: 0,
  pick: 0,
  wait: 0,
  retry: 0,
  move: 0,
  exhausted: 0,
  giveUp: 0,
  spill: 0,
  watchFailed: 0,
};

/** The interface of a kite to its services. */
export interface ServiceHost {
  readonly identity: KiteIdentity;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default timeout of calls in milliseconds; 0 means none. */
  readonly timeout: number;
  /** Finds the kites of a query. Undefined if only URLs can be served. */
  readonly kontrol: KiteSource | undefined;
  /** Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
  newClient(url: string, options: ClientOptions): Client;
  /** Called when a service has closed. */
  serviceClosed(service: ServiceCore): void;
}

/** What a service is made of: the kites, the calls, and what it counts. `Service` documents the methods. */
export class ServiceCore extends Emitter<ServiceEvents> implements ServiceCallHost {
  readonly name: string;
  readonly clock: Clock;
  readonly timeout: number;
  readonly wait: number;
  readonly waiting = new Set<ServiceCall>();
  readonly #host: ServiceHost;
  readonly #options: ServiceOptions;
  readonly #pool: EndpointPool;
  readonly #picker: Picker;
  readonly #budget: RetryBudget;
  readonly #idempotent: ReadonlySet<string> | true;
  readonly #follower: KiteFollower | undefined;
  readonly #counts: Record<keyof ServiceEvents, number> = { ...ZERO };
  isClosed = false;

  /** @throws QueryError or ConfigurationError that says which argument or option is invalid */
  constructor(host: ServiceHost, target: ServiceTarget, options: ServiceOptions = {}) {
    super(host.logger);
    requireServiceOptions(options);
    const checked = checkedTarget(target);
    const { clock } = host;
    this.#host = host;
    this.#options = options;
    this.name = nameOf(checked);
    this.clock = clock;
    this.timeout = options.client?.timeout ?? host.timeout;
    this.wait = options.wait ?? WAIT;
    this.#budget = new RetryBudget(clock);
    this.#picker = pickerOf(options.balance ?? 'leastPending', host.random ?? Math.random);
    this.#idempotent = options.idempotent === true || new Set(options.idempotent);
    this.#pool = this.#makePool();
    if (checked.type === 'urls') this.#add(checked.urls.map((url) => this.#ofUrl(url)));
    else this.#follower = this.#follow(checked);
  }

  /** Makes a call: over a connection that is there, or as soon as there is one. */
  readonly make = (
    method: string,
    args: unknown[],
    options: CallOptions | undefined,
    key: number | undefined,
    stream?: ServiceRequest['stream'],
  ): Promise<unknown> => {
    const isIdempotent = this.#idempotent === true || this.#idempotent.has(method);
    this.#budget.earn();
    const request = { method, args, options, isIdempotent, key, stream };
    return new Promise((resolve, reject) => {
      const link = stream || this.isClosed ? undefined : this.pick(method, key, undefined);
      if (link) ServiceCall.first(this, link, request, resolve, reject);
      else new ServiceCall(this, request, resolve, reject, this.clock.monotonic()).start();
    });
  };

  /** Calls a method of all kites. */
  async *all(
    method: string,
    args: unknown[],
    options: CallOptions = {},
  ): AsyncGenerator<ServiceAnswer<unknown>, void> {
    if (this.isClosed) throw closedHere();
    if (hasStreams(args)) throw misplacedStream(`The arguments of "${method}"`);
    await this.#known();
    const ended = new AbortController();
    const { signal } = ended;
    if (options.signal?.aborted) ended.abort(options.signal.reason);
    const unlisten = onAbort(options.signal, undefined, () => ended.abort(options.signal?.reason));
    const asked = this.#pool.endpoints.map((kite) => this.#ask(kite, method, args, { ...options, signal }));
    try {
      yield* inOrderOfArrival(asked);
    } finally {
      unlisten();
      ended.abort();
    }
  }

  metrics(): ServiceMetrics {
    const kites = this.#pool.endpoints.map(({ url, identity, state, pending, silent }) => ({
      url,
      identity,
      state,
      pending,
      silent,
    }));
    return { events: { ...this.#counts }, waiting: this.waiting.size, kites };
  }

  /** Dials the kites that wait for their next attempt, and Kontrol. */
  wake(): void {
    this.#follower?.wake();
    for (const kite of this.#pool.endpoints) kite.wake();
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#follower?.cancel();
    this.#pool.close();
    for (const call of this.waiting) call.close();
    this.#host.serviceClosed(this);
  }

  // The interface to calls

  pick(
    method: string,
    key: number | undefined,
    except: ReadonlySet<Endpoint> | undefined,
  ): EndpointLink | undefined {
    const link = key === undefined ? this.#pickAny(except) : this.#pool.forKey(key, except)?.link;
    if (!link) return undefined;
    this.#counts.pick++;
    this.emit('pick', link.owner, method);
    return link;
  }

  whyNone(): readonly string[] {
    const failure = this.#follower?.failure;
    if (failure) return [`Kontrol: ${failure.message}`];
    const { endpoints } = this.#pool;
    if (endpoints.length === 0) return ['no kite is registered'];
    const listed = endpoints
      .slice(0, LISTED_KITES)
      .map(
        ({ url, failure: reason, state }) =>
          `${withoutUrlSecrets(url)} is ${reason ? `out: ${reason.message}` : state}`,
      );
    const more = endpoints.length - listed.length;
    return more > 0 ? [...listed, `and ${more} more`] : listed;
  }

  timedOut(link: EndpointLink): void {
    this.#pool.check(link);
  }

  failed({ method }: ServiceCall, kite: ServiceKite, error: KiteError, isRetry: boolean): boolean {
    if (!isRetry) return false;
    const isAllowed = this.#budget.spend();
    if (isAllowed) this.#count('retry', method, kite, error);
    else this.#count('exhausted', method, kite);
    return isAllowed;
  }

  gaveUp({ method }: ServiceCall, error: KiteError): void {
    this.#count('giveUp', method, error);
  }

  waits({ method }: ServiceCall): void {
    this.#count('wait', method);
  }

  mayMove({ method }: ServiceCall, kite: ServiceKite): boolean {
    const isAllowed = this.#budget.spend();
    if (isAllowed) this.#count('move', method, kite);
    else this.#count('exhausted', method, kite);
    return isAllowed;
  }

  #pickAny(except: ReadonlySet<Endpoint> | undefined): EndpointLink | undefined {
    const { ready } = this.#pool;
    if (!except) return this.#picker(ready, this.#pool.recent);
    const others = ready.filter(({ owner }) => !except.has(owner));
    return this.#picker(others.length > 0 ? others : ready, undefined);
  }

  #count<Name extends keyof ServiceEvents>(name: Name, ...args: ServiceEvents[Name]): void {
    this.#counts[name]++;
    this.emit(name, ...args);
  }

  #makePool(): EndpointPool {
    const { identity, clock } = this.#host;
    const { region = identity.region, connections = CONNECTIONS, client } = this.#options;
    return new EndpointPool({
      clock,
      backoff: client?.backoff,
      region,
      seed: identity.id,
      connections,
      changed: (kite, cause, delay) => this.#changed(kite, cause, delay),
      suspected: (kite, isSuspect) => this.#count('suspect', kite, isSuspect),
      spilled: (isSpilling) => this.#count('spill', isSpilling),
      usable: () => {
        for (const call of this.waiting) call.resume();
      },
    });
  }

  #changed(kite: Endpoint, cause: KiteError | undefined, delay: number | undefined): void {
    const { state } = kite;
    if ((state === 'out' || state === 'draining') && cause) this.#count(state, kite, cause, delay ?? 0);
    else if (state === 'connecting' || state === 'ready' || state === 'idle') this.#count(state, kite);
  }

  #follow({ query }: Extract<CheckedTarget, { type: 'query' }>): KiteFollower {
    const { kontrol, clock, logger } = this.#host;
    if (!kontrol) throw noKontrol();
    return new KiteFollower({
      source: kontrol,
      query,
      clock,
      added: (kites) => this.#add(kites.map((kite) => this.#ofRemote(kite))),
      silent: (kite) => {
        const silent = this.#pool.silence(this.#ofRemote(kite));
        if (silent) this.#count('silent', silent);
      },
      removed: (url, id) => this.#remove(url, id),
      failed: (error, delay) => {
        logger.debug(`Cannot watch the kites of ${this.name}: ${error.message}`);
        this.#count('watchFailed', error, delay);
      },
    });
  }

  #add(found: readonly FoundService[]): void {
    const known = new Set(this.#pool.endpoints.map(({ url }) => url));
    this.#pool.add(...found);
    for (const kite of this.#pool.endpoints) if (!known.has(kite.url)) this.#count('found', kite);
  }

  #remove(url: string, id: string): void {
    const removed = this.#pool.remove(url, id);
    if (removed) this.#count('gone', removed);
  }

  #ofUrl(url: string): FoundService {
    return {
      url,
      identity: undefined,
      isSilent: false,
      newClient: () => this.#host.newClient(url, { ...this.#options.client }),
    };
  }

  #ofRemote(remote: RemoteKite): FoundService {
    return {
      url: remote.url,
      identity: remote.kite,
      isSilent: remote.silentSince !== undefined,
      newClient: () => remote.client({ ...this.#options.client }),
    };
  }

  /** Resolves when it is known which kites there are. Rejects if Kontrol cannot be reached in time. */
  async #known(): Promise<void> {
    const follower = this.#follower;
    if (!follower) return;
    await withDeadline(follower.known, {
      clock: this.clock,
      ms: this.wait,
      onTimeout: () => noKite(`Cannot call the kites of ${this.name}: ${this.whyNone().join('; ')}`),
    });
  }

  async #ask(
    kite: Endpoint,
    method: string,
    args: unknown[],
    options: CallOptions,
  ): Promise<ServiceAnswer<unknown>> {
    try {
      const link = await this.#connect(kite);
      this.#count('pick', kite, method);
      link.began();
      try {
        const result = await link.client.call(method, args, options);
        link.ended(true);
        return { kite, result };
      } catch (error) {
        link.ended(isKiteError(error) && !isUnanswered(error));
        throw error;
      }
    } catch (error) {
      return { kite, error: isKiteError(error) ? error : disconnectError(messageOf(error)) };
    }
  }

  /** Returns the connection to a kite. Rejects with the reason if it cannot be reached. */
  async #connect(kite: Endpoint): Promise<EndpointLink> {
    this.#pool.use(kite);
    await kite.whenDialed();
    if (kite.link) return kite.link;
    throw kite.failure ?? notSentError('the kite is not a part of the service any more');
  }
}

/** What a service is called in errors. */
function nameOf(target: CheckedTarget): string {
  if (target.type === 'query') return formatQueryPath(target.query);
  const { length, 0: url = '' } = target.urls;
  const first = withoutUrlSecrets(url);
  return length === 1 ? first : `${first} and ${length - 1} more`;
}

function noKite(message: string): KiteError {
  return retryableError('disconnect', 'noKite', message);
}

function noKontrol(): ConfigurationError {
  const message =
    'A service of a query needs a Kontrol: set the option kontrolUrl or KITE_KONTROL_URL, or serve URLs';
  return new ConfigurationError('noKontrol', message);
}
