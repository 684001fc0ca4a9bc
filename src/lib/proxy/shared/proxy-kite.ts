import { errorText } from '../../util/message-of.js';
import { requireAdministrator } from '../../kite/serve/administrator.js';
import { composeLimits } from '../../kite/limits/compose-limits.js';
import type { Kite } from '../../kite/kite.js';
import type { CloseOptions, ReplacedParts } from '../../kite/kite-options.js';
import type { KiteKey } from '../../keys/index.js';
import type { ProxyName } from '../../kite/proxied/proxy-link.js';
import type { Request } from '../../kite/serve/request.js';
import type { VirtualHosts } from '../../kite/serve/virtual-hosts.js';
import { KiteError } from '../../protocol/errors.js';
import { type KiteIdentity, kitePath } from '../../protocol/identity.js';
import { registeredUrl } from '../../protocol/registered-url.js';
import { makeBudgets, type MemoryBudgets } from '../../transport/channel/memory-budget.js';
import { type Clock, systemClock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { StderrLogger } from '../../util/stderr-logger.js';
import { defaultProxyLimits, type ProxyLimits } from '../limits/proxy-limits.js';
import { addHealthRoutes } from './proxy-health.js';
import { ProxyMetrics } from './proxy-metrics.js';
import { publicAddressOf, requireKiteKey, makeProxyKite, type ProxyOptions } from './proxy-options.js';
import { type ProxiedPeer, type ProxyEntry, ProxyTable } from './proxy-table.js';
import { type PublicAddress, publicOrigin } from './public-address.js';

/** An authenticated request of a kite to register with the proxy. */
export interface ProxyRegistrationRequest {
  /** The kite's identity, with the authenticated username. */
  readonly kite: KiteIdentity;
  readonly client: ProxiedPeer;
  /** The argument of the call: for the reverse proxy, the URL of the kite. */
  readonly url: unknown;
}

/** The differences between the reverse proxy and the tunnel proxy. */
export interface ProxyKind<Target> {
  readonly name: ProxyName;
  /** Returns how to reach the kite. Throws or rejects with a KiteError if the kite may not register. */
  admit(request: ProxyRegistrationRequest): Target | Promise<Target>;
  /** Returns the public URL of a kite. `origin`: that of the proxy. */
  publicUrl(entry: ProxyKiteAndTarget<Target>, origin: string): string;
  /** Returns the location of the kite for `proxy.status`. */
  describe(target: Target): string;
  /** Hosts whose requests do not belong to the proxy's own kite. Default: none. */
  readonly virtualHosts?: VirtualHosts | undefined;
}

type ProxyKiteAndTarget<Target> = Pick<ProxyEntry<Target>, 'kite' | 'target'>;

/** The status of a kite behind a proxy. */
export interface ProxiedKiteStatus {
  readonly id: string;
  /** The kite's path, `/bob/prod/math/1.0.0/…`. */
  readonly kite: string;
  readonly username: string;
  readonly url: string;
  readonly target: string;
  /** Time of the registration, in milliseconds since 1970. */
  readonly since: number;
  /** Number of open sessions. */
  readonly sessions: number;
  /** Number of sessions so far. */
  readonly sessionsTotal: number;
  readonly bytesToKite: number;
  readonly bytesFromKite: number;
}

/** The status of a proxy: the result of `proxy.status`. */
export interface ProxyStatus {
  readonly name: ProxyName;
  readonly url: string;
  readonly version: string;
  /** Seconds since the proxy began to listen. */
  readonly uptime: number;
  readonly sessions: number;
  readonly sessionsTotal: number;
  readonly bytesToKites: number;
  readonly bytesFromKites: number;
  readonly kites: readonly ProxiedKiteStatus[];
}

/**
 * The kite of both proxies: other kites register with it for the lifetime of their connections, and it registers itself with
 * Kontrol.
 *
 * Lifecycle: the constructor, `listen`, `close`.
 */
export class ProxyKite<Target> {
  readonly kite: Kite;
  readonly table: ProxyTable<Target>;
  readonly metrics: ProxyMetrics;
  readonly limits: ProxyLimits;
  /** The budgets of all connections of the proxy. */
  readonly budgets: MemoryBudgets;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly #kind: ProxyKind<Target>;
  readonly #address: PublicAddress | undefined;
  readonly #key: KiteKey;
  #origin = '';
  #listeningSince = 0;
  #ready = false;
  #closing: Promise<void> | undefined;

  /** @throws ConfigurationError if an option is invalid or no kite key is found */
  constructor(options: ProxyOptions, kind: ProxyKind<Target>, replaced: ReplacedParts = {}) {
    this.#kind = kind;
    this.limits = composeLimits(defaultProxyLimits, options.limits);
    this.#key = requireKiteKey(options);
    this.#address = publicAddressOf(options);
    this.clock = options.clock ?? systemClock;
    this.budgets = makeBudgets(this.limits);
    this.kite = makeProxyKite(kind.name, this.#key, options, {
      ...replaced,
      virtualHosts: kind.virtualHosts,
      budgets: this.budgets,
    });
    this.logger = options.logger ?? new StderrLogger({ level: this.kite.config.logLevel });
    const table = new ProxyTable<Target>(this.clock, this.logger, this.limits);
    this.table = table;
    this.metrics = new ProxyMetrics({
      kites: () => table.size,
      connections: () => this.kite.connectionCount,
      sessions: () => table.totals.sessions,
      sessionsTotal: () => table.totals.sessionsTotal,
      bytesToKites: () => table.totals.bytesToKite,
      bytesFromKites: () => table.totals.bytesFromKite,
      ready: () => this.ready,
    });
    if (this.#address) this.kite.knownAs(`http://${this.#address.host}`);
    this.#addMethods();
    addHealthRoutes(this.kite, this);
  }

  /** The origin of public URLs, such as `https://proxy.example.com`. Empty before `listen`. */
  get origin(): string {
    return this.#origin;
  }

  /** The URL that the proxy registers with Kontrol. Empty before `listen`. */
  get url(): string {
    return this.#origin === '' ? '' : `${this.#origin}/kite`;
  }

  /** The host of public URLs, or the address to listen at if no public host is set. */
  get publicHost(): string {
    return this.#address?.host ?? this.kite.config.ip;
  }

  /** Whether kites can find the proxy and register. */
  get ready(): boolean {
    return this.#ready && !this.#closing;
  }

  /** Starts listening, and registers with Kontrol in the background, with retries. Rejects if the proxy cannot listen. */
  async listen(): Promise<void> {
    await this.kite.listen();
    const listening = (this.#address && this.kite.url) ?? (await this.kite.registerUrl());
    this.#origin = publicOrigin(this.#address, new URL(listening));
    this.#listeningSince = this.clock.monotonic();
    this.#ready = this.kite.config.kontrolUrls.length === 0;
    if (this.#ready) {
      this.logger.warn(
        'No Kontrol is configured: kites can use this proxy only by its URL, in KITE_PROXY_URL',
      );
      return;
    }
    if (this.#key.username !== this.#key.kontrolUser) {
      this.logger.warn(
        `The kite key belongs to ${this.#key.username}, but kites query Kontrol for proxies of ${this.#key.kontrolUser}: they can use this proxy only by its URL, in KITE_PROXY_URL`,
      );
    }
    this.kite.registerForever({ url: this.url }).then(
      () => {
        this.#ready = true;
      },
      (error: unknown) => {
        const level = this.#closing ? 'debug' : 'error';
        this.logger[level](`The proxy could not register with Kontrol: ${errorText(error)}`);
      },
    );
  }

  /** Refuses new sessions, asks kites to use another proxy, and waits for open sessions to end, at most `drainTimeout`. */
  close(options?: CloseOptions): Promise<void> {
    this.#closing ??= this.kite.close(options).then(() => this.table.close());
    return this.#closing;
  }

  status(): ProxyStatus {
    const { sessions, sessionsTotal, bytesToKite, bytesFromKite } = this.table.totals;
    return {
      name: this.#kind.name,
      url: this.url,
      version: this.kite.identity.version,
      uptime: Math.floor((this.clock.monotonic() - this.#listeningSince) / 1000),
      sessions,
      sessionsTotal,
      bytesToKites: bytesToKite,
      bytesFromKites: bytesFromKite,
      kites: Array.from(this.table, ({ kite, target, since, counts }) => ({
        id: kite.id,
        kite: kitePath(kite),
        username: kite.username,
        url: this.#kind.publicUrl({ kite, target }, this.#origin),
        target: this.#kind.describe(target),
        since,
        ...counts,
      })),
    };
  }

  #addMethods(): void {
    this.kite.handle<unknown[]>('register', async (request) => {
      try {
        const url = await this.#register(request);
        this.metrics.registered('taken');
        return url;
      } catch (error) {
        this.metrics.registered('refused');
        throw error;
      }
    });
    this.kite.handle<unknown[]>('proxy.status', (request) => {
      requireAdministrator(request, this.#key.username);
      return this.status();
    });
  }

  async #register(request: Request): Promise<string> {
    const { kite, client, signal, args } = request;
    checkId(kite);
    this.table.check(kite);
    const target = await this.#kind.admit({ kite, client, url: registeredUrl(args[0]) });
    // The kite may have disconnected meanwhile.
    if (signal.aborted) throw new KiteError('disconnect', 'The connection ended');
    this.table.add({ kite, client, target });
    return this.#kind.publicUrl({ kite, target }, this.#origin);
  }
}

/** Checks the id, which becomes part of URLs without encoding. */
function checkId({ id }: KiteIdentity): void {
  if (/^[\w-][\w.-]{0,127}$/.test(id)) return;
  throw new KiteError(
    'argumentError',
    'The id of a kite behind a proxy must consist of at most 128 letters, digits, ".", "_" and "-", such as a UUID',
  );
}
