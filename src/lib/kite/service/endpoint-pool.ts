import type { KiteError } from '../../protocol/errors.js';
import type { Clock, Timer } from '../../util/clock.js';
import { Endpoint, type EndpointHost, type FoundService, ping } from './endpoint.js';
import { hashOf, placeOf, weightOf } from './key-order.js';
import type { LinkPool, ServiceLink } from './service-link.js';

/** Milliseconds between two checks of the kites that calls wait for. */
export const CHECK_INTERVAL = 1000;
/** Checks after which a connection is closed that was opened for a key and is not used any more. */
const IDLE_CHECKS = 60;

export type EndpointLink = ServiceLink<Endpoint>;

export interface EndpointPoolOptions {
  readonly clock: Clock;
  readonly backoff: EndpointHost['backoff'];
  /** The kites of this region are preferred. Empty: none are. */
  readonly region: string;
  /** What decides which kites this service is connected to, if there are more than `connections`. */
  readonly seed: string;
  /** Maximum number of kites that are connected. */
  readonly connections: number;
  /** See `EndpointHost`. */
  readonly changed: EndpointHost['changed'];
  /** A kite gets no calls while another one is ready, until it answers; or it has answered, or is out. */
  readonly suspected: (endpoint: Endpoint, isSuspect: boolean) => void;
  /** Calls go to another region from now on, or do not any more. */
  readonly spilled: (isSpilling: boolean) => void;
  /** Calls that wait may have a kite now. */
  readonly usable: () => void;
}

/**
 * The kites of a service. Of those that can be reached, it is connected to the first ones of an order that prefers the own
 * region and is otherwise different for each program, so that the connections of many programs spread over all kites.
 */
export class EndpointPool {
  /** The connections to choose from. */
  ready: readonly EndpointLink[] = [];
  readonly #options: EndpointPoolOptions;
  readonly #seed: number;
  readonly #endpoints = new Map<string, Endpoint>();
  /** In order of preference. */
  #ranked: readonly Endpoint[] = [];
  /** The kites outside of the order that are connected, because a call was for them, with the checks since their last call. */
  readonly #extra = new Map<Endpoint, number>();
  readonly #links: LinkPool = { open: new Set(), recent: undefined };
  #timer: Timer | undefined;
  #isArranging = false;
  #isSpilling = false;
  #isClosed = false;

  constructor(options: EndpointPoolOptions) {
    this.#options = options;
    this.#seed = hashOf(options.seed);
  }

  get endpoints(): readonly Endpoint[] {
    return this.#ranked;
  }

  /** The connection that has answered a call last, if it is in `ready`. */
  get recent(): EndpointLink | undefined {
    const { recent } = this.#links;
    const link = recent as EndpointLink | undefined;
    return link?.isChosen && link.owner.link === link ? link : undefined;
  }

  /** Adds kites, and replaces those with the same URL. */
  add(...found: readonly FoundService[]): void {
    if (this.#isClosed) return;
    const { clock, backoff } = this.#options;
    const host: EndpointHost = {
      clock,
      backoff,
      links: this.#links,
      changed: (endpoint, cause, delay) => this.#changed(endpoint, cause, delay),
    };
    for (const each of found) {
      const known = this.#endpoints.get(each.url);
      if (known) known.replace(each);
      else this.#endpoints.set(each.url, new Endpoint(host, each));
    }
    this.#rank();
  }

  /** The connection of a kite to Kontrol has dropped. It is checked if it is called, and others are preferred if it is not. */
  silence(found: FoundService): Endpoint | undefined {
    const endpoint = this.#endpoints.get(found.url);
    if (!endpoint || endpoint.identity?.id !== found.identity?.id) return undefined;
    endpoint.silence(found);
    this.#rank();
    if (endpoint.link) this.check(endpoint.link);
    return endpoint;
  }

  /** Removes the kite at a URL, unless another kite is there now. */
  remove(url: string, id: string): Endpoint | undefined {
    const endpoint = this.#endpoints.get(url);
    if (!endpoint || endpoint.identity?.id !== id) return undefined;
    this.#endpoints.delete(url);
    this.#extra.delete(endpoint);
    endpoint.remove();
    this.#rank();
    return endpoint;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.ready = [];
    for (const endpoint of this.#endpoints.values()) endpoint.remove();
    for (const link of this.#links.open) link.close();
    this.#endpoints.clear();
    this.#ranked = [];
  }

  /**
   * Returns the kite for a key: the same one as for other callers, or the next one if it cannot be reached. It is connected.
   */
  forKey(key: number, except: ReadonlySet<Endpoint> | undefined): Endpoint | undefined {
    const isUsable = ({ state, removed }: Endpoint): boolean =>
      state !== 'out' && state !== 'draining' && !removed;
    const isSound = (each: Endpoint): boolean => isUsable(each) && !each.isDoubtful;
    const endpoint =
      (except && placeOf(key, this.#ranked, (each) => isSound(each) && !except.has(each))) ??
      placeOf(key, this.#ranked, isSound) ??
      placeOf(key, this.#ranked, isUsable);
    if (endpoint) this.use(endpoint);
    return endpoint;
  }

  /** Connects to a kite, also if it is not one of the first ones. */
  use(endpoint: Endpoint): void {
    if (endpoint.removed) return;
    if (endpoint.state === 'idle' || this.#extra.has(endpoint)) this.#extra.set(endpoint, 0);
    endpoint.connect();
  }

  /**
   * Asks a kite that has not answered a call whether it still runs. Until it answers, it is only called if there is no other.
   */
  check(link: EndpointLink): void {
    if (link.suspect || link.owner.link !== link) return;
    this.#suspect(link, true);
    ping(link.client).then(
      () => this.#suspect(link, false),
      (error: KiteError) => this.#silent(link, error),
    );
  }

  #suspect(link: EndpointLink, isSuspect: boolean): void {
    link.suspect = isSuspect;
    this.#arrange();
    if (!this.#isClosed) this.#options.suspected(link.owner, isSuspect);
  }

  #silent(link: EndpointLink, error: KiteError): void {
    if (error.code === 'draining') link.owner.drain(link, error);
    // The last kite is better than none.
    else if (error.type === 'timeout' && this.ready.some((other) => other !== link)) {
      link.owner.takeOut(link, error);
      link.moveCalls();
    }
    this.#suspect(link, false);
  }

  #changed(endpoint: Endpoint, cause?: KiteError, delay?: number): void {
    if (this.#isClosed) return;
    if (endpoint.silent) this.#rank();
    else this.#arrange();
    this.#options.changed(endpoint, cause, delay);
    // A call for a key waits for its kite until it is known that another one gets the call.
    if (endpoint.state !== 'connecting') this.#options.usable();
  }

  #rank(): void {
    const { region } = this.#options;
    const rank = (endpoint: Endpoint): number =>
      weightOf(this.#seed, endpoint.hash) +
      (isLocal(endpoint, region) ? 2 ** 32 : 0) -
      (endpoint.isDoubtful ? 2 ** 34 : 0);
    // oxlint-disable-next-line unicorn/no-array-sort -- older browsers have no toSorted, and this is a copy
    this.#ranked = [...this.#endpoints.values()].sort((one, other) => rank(other) - rank(one));
    this.#arrange();
  }

  /** Connects to the first kites that can be reached, and decides which connections are used. */
  #arrange(): void {
    // The endpoints that it connects report their changes.
    if (this.#isArranging || this.#isClosed) return;
    this.#isArranging = true;
    let connected = 0;
    for (const endpoint of this.#ranked) {
      const { state } = endpoint;
      if (connected < this.#options.connections) {
        endpoint.connect();
        if (state !== 'out' && state !== 'draining') connected++;
      } else if (!this.#extra.has(endpoint)) endpoint.rest();
    }
    this.#isArranging = false;
    this.#choose();
    this.#watch();
  }

  #choose(): void {
    const { region, spilled } = this.#options;
    const all = this.#ranked.flatMap(({ link }) => link ?? []);
    const sound = all.filter(({ suspect }) => !suspect);
    const candidates = sound.length > 0 ? sound : all;
    const local = candidates.filter(({ owner }) => isLocal(owner, region));
    this.ready = local.length > 0 ? local : candidates;
    for (const link of all) link.isChosen = false;
    for (const link of this.ready) link.isChosen = true;
    const isSpilling =
      local.length === 0 && all.length > 0 && this.#ranked.some((each) => isLocal(each, region));
    if (isSpilling === this.#isSpilling) return;
    this.#isSpilling = isSpilling;
    spilled(isSpilling);
  }

  #watch(): void {
    if (this.#timer || this.ready.length === 0) return;
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#checkAll();
      this.#watch();
    }, CHECK_INTERVAL);
  }

  #checkAll(): void {
    for (const { link } of this.#ranked) if (link?.isQuiet()) this.check(link);
    for (const [endpoint, checks] of this.#extra) {
      if (endpoint.pending === 0 && checks >= IDLE_CHECKS) {
        this.#extra.delete(endpoint);
        this.#arrange();
      } else this.#extra.set(endpoint, endpoint.pending > 0 ? 0 : checks + 1);
    }
  }
}

/** Whether a kite is in the own region. A kite without a known region is in none. */
function isLocal(endpoint: Endpoint, region: string): boolean {
  return region !== '' && endpoint.identity?.region === region;
}
