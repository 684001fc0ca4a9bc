import { requireAdministrator } from '../../kite/serve/administrator.js';
import type { Kite } from '../../kite/kite.js';
import type { CloseOptions } from '../../kite/kite-options.js';
import type { KiteKey } from '../../keys/index.js';
import type { ProxyName } from '../../kite/proxied/proxy-link.js';
import type { Request } from '../../kite/serve/request.js';
import { KiteError } from '../../protocol/errors.js';
import { type KiteIdentity, kitePath } from '../../protocol/identity.js';
import { registeredUrl } from '../../protocol/registered-url.js';
import { type Clock, systemClock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { StderrLogger } from '../../util/stderr-logger.js';
import { defaultProxyLimits, type ProxyLimits } from '../limits/proxy-limits.js';
import { addHealthRoutes } from './health-routes.js';
import { ProxyMetrics } from './proxy-metrics.js';
import { addressOf, keyOf, makeProxyKite, type ProxyOptions } from './proxy-options.js';
import { type ProxiedPeer, ProxyTable } from './proxy-table.js';
import { type PublicAddress, publicOrigin } from './public-address.js';

/** A kite that wants to be behind the proxy, authenticated. */
export interface Applicant {
  /** With the authenticated user. */
  readonly kite: KiteIdentity;
  readonly client: ProxiedPeer;
  /** What it was called with: for the reverse proxy, its URL. */
  readonly url: unknown;
}

/** What the two kinds of proxies do differently. */
export interface ProxyKind<Target> {
  readonly name: ProxyName;
  /** What has to be known to reach the kite. Throws or rejects with a KiteError where it may not be behind this proxy. */
  admit(applicant: Applicant): Target | Promise<Target>;
  /** The public URL of a kite, below the proxy's `origin`. */
  publicUrl(id: string, origin: string): string;
  /** Where the kite is, for `proxy.status`. */
  describe(target: Target): string;
}

/** How one kite behind a proxy is. */
export interface ProxiedKiteStatus {
  readonly id: string;
  /** Its path at Kontrol, `/bob/prod/math/1.0.0/…`. */
  readonly kite: string;
  readonly username: string;
  readonly url: string;
  readonly target: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Sessions that are open, and those of them that have ended as well. */
  readonly sessions: number;
  readonly sessionsTotal: number;
  readonly bytesToKite: number;
  readonly bytesFromKite: number;
}

/** How a proxy is: the answer of `proxy.status`. */
export interface ProxyStatus {
  readonly name: ProxyName;
  readonly url: string;
  readonly version: string;
  /** Seconds since it listens. */
  readonly uptime: number;
  readonly sessions: number;
  readonly sessionsTotal: number;
  readonly bytesToKites: number;
  readonly bytesFromKites: number;
  readonly kites: readonly ProxiedKiteStatus[];
}

/**
 * What both proxies are: a kite that other kites register with, for as long as their connections last, and that registers
 * itself at Kontrol.
 *
 * Lifecycle: the constructor, `listen`, `close`.
 */
export class ProxyKite<Target> {
  readonly kite: Kite;
  readonly table: ProxyTable<Target>;
  readonly metrics: ProxyMetrics;
  readonly limits: ProxyLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly #kind: ProxyKind<Target>;
  readonly #address: PublicAddress | undefined;
  readonly #key: KiteKey;
  #origin = '';
  #listening = 0;
  #ready = false;
  #closing: Promise<void> | undefined;

  /** @throws ConfigurationError for an option that is wrong, and where there is no kite key */
  constructor(options: ProxyOptions, kind: ProxyKind<Target>) {
    this.#kind = kind;
    this.limits = { ...defaultProxyLimits, ...options.limits };
    this.#key = keyOf(options);
    this.#address = addressOf(options);
    this.clock = options.clock ?? systemClock;
    this.kite = makeProxyKite(kind.name, this.#key, options);
    this.logger = options.logger ?? new StderrLogger({ level: this.kite.config.logLevel });
    const table = new ProxyTable<Target>(this.clock, this.limits);
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

  /** `https://proxy.example.com`: where its public URLs begin. Empty before `listen`. */
  get origin(): string {
    return this.#origin;
  }

  /** Under which it is registered at Kontrol. Empty before `listen`. */
  get url(): string {
    return this.#origin === '' ? '' : `${this.#origin}/kite`;
  }

  /** The host of its public URLs; before it listens, the address that it is going to listen at. */
  get publicHost(): string {
    return this.#address?.host ?? this.kite.config.ip;
  }

  /** Whether kites can find it and register. */
  get ready(): boolean {
    return this.#ready && !this.#closing;
  }

  /** Opens the port, and registers at Kontrol, as long as that takes. Rejects with what stands in the way of listening. */
  async listen(): Promise<void> {
    await this.kite.listen();
    this.#origin = publicOrigin(this.#address, new URL(await this.kite.registerUrl()));
    this.#listening = this.clock.now();
    this.#ready = this.kite.config.kontrolUrls.length === 0;
    if (this.#ready) {
      this.logger.warn('No Kontrol is known: kites find this proxy by its URL only, in KITE_PROXY_URL');
      return;
    }
    if (this.#key.username !== this.#key.kontrolUser) {
      this.logger.warn(
        `The kite key is of ${this.#key.username}: kites look for proxies of ${this.#key.kontrolUser} at Kontrol, and find this one by its URL only, in KITE_PROXY_URL`,
      );
    }
    this.kite.registerForever({ url: this.url }).then(
      () => {
        this.#ready = true;
      },
      (error: unknown) => this.logger.error(`The proxy is not registered at Kontrol: ${String(error)}`),
    );
  }

  /** Takes nothing new, sends the kites to another proxy, and lets sessions end by themselves, at most `drainTimeout`. */
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
      uptime: Math.floor((this.clock.now() - this.#listening) / 1000),
      sessions,
      sessionsTotal,
      bytesToKites: bytesToKite,
      bytesFromKites: bytesFromKite,
      kites: Array.from(this.table, ({ kite, target, since, counts }) => ({
        id: kite.id,
        kite: kitePath(kite),
        username: kite.username,
        url: this.#kind.publicUrl(kite.id, this.#origin),
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
    // It may have gone meanwhile.
    if (signal.aborted) throw new KiteError('disconnect', 'The connection ended');
    this.table.enter({ kite, client, target });
    return this.#kind.publicUrl(kite.id, this.#origin);
  }
}

/** The id becomes a part of URLs as it is. */
function checkId({ id }: KiteIdentity): void {
  if (/^[\w-][\w.-]{0,127}$/.test(id)) return;
  throw new KiteError(
    'argumentError',
    'The id of a kite behind a proxy must be letters, digits, ".", "_" and "-", at most 128 of them, such as a UUID',
  );
}
