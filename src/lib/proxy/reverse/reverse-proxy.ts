import type { Kite } from '../../kite/kite.js';
import type { CloseOptions } from '../../kite/kite-options.js';
import { isLoopbackHost, type LookupAddresses } from '../../util/loopback.js';
import { ProxyKite, type ProxyStatus } from '../shared/proxy-kite.js';
import type { ProxyOptions } from '../shared/proxy-options.js';
import { Forwarder } from './forwarder.js';
import { type BackendUrl, BackendUrls } from './backend-url.js';
import { BackendPolicy } from './backend-policy.js';

export interface ReverseProxyOptions extends ProxyOptions {
  /**
   * Addresses, networks (`10.1.0.0/16`) and host names that every kite may have requests forwarded to, beside the address
   * that it connects from. Default none.
   */
  readonly allowTargets?: readonly string[] | undefined;
  /**
   * Whether kites that connect from this machine may have requests forwarded to it, loopback included. Where something on
   * this machine passes connections on to the proxy, every kite seems to be local. Default: whether the public host is
   * loopback, which only this machine reaches.
   */
  readonly localKites?: boolean | undefined;
  /** Certificate authorities for kites with TLS beside the system's, PEM. */
  readonly kiteCa?: string | undefined;
  /** Whether the certificates of kites have to be good. Default true. */
  readonly verifyKites?: boolean | undefined;
  /** Milliseconds in which a kite has to take a connection. Default 5,000. */
  readonly connectTimeout?: number | undefined;
  /** Milliseconds from then to the headers of its answer. Default 120,000. */
  readonly responseTimeout?: number | undefined;
  /** How host names in registered URLs are resolved, once each registration. Default: as programs on this machine do. */
  readonly resolve?: LookupAddresses | undefined;
}

/**
 * A proxy that kites register their URL with, and that passes on to it what comes in below `/proxy/<kite id>/`: WebSockets
 * of all kinds, and plain HTTP.
 *
 *     const proxy = new ReverseProxy({ publicHost: 'proxy.example.com', port: 443, tls: { cert, key } });
 *     await proxy.listen();
 *
 * Lifecycle: the constructor, `listen`, `close`.
 */
export class ReverseProxy {
  readonly #proxy: ProxyKite<BackendUrl>;
  readonly #forwarder: Forwarder;

  /** @throws ConfigurationError for an option that is wrong, and where there is no kite key */
  constructor(options: ReverseProxyOptions) {
    const {
      allowTargets,
      verifyKites = true,
      kiteCa,
      connectTimeout = 5000,
      responseTimeout = 120_000,
    } = options;
    const proxy = new ProxyKite<BackendUrl>(options, {
      name: 'proxy',
      admit: ({ url, client }) => targets.of(url, client.remoteAddress),
      publicUrl: (id, origin) => `${origin}/proxy/${id}`,
      describe: ({ url }) => url,
    });
    const localKites = options.localKites ?? isLoopbackHost(proxy.publicHost);
    const policy = new BackendPolicy({ allow: allowTargets, localKites });
    const targets = new BackendUrls({
      policy,
      limits: proxy.limits,
      ownPort: () => proxy.kite.port,
      resolve: options.resolve,
    });
    const via = `kite-${proxy.kite.identity.id}`;
    this.#forwarder = new Forwarder({
      clock: proxy.clock,
      names: () => ({ via, secure: proxy.origin.startsWith('https:') }),
      find: (id) => proxy.table.get(id),
      sessions: proxy.limits.sessions,
      failed: (why) => proxy.metrics.failed(why),
      verify: verifyKites,
      ca: kiteCa,
      connectTimeout,
      responseTimeout,
    });
    this.#forward(proxy.kite);
    this.#proxy = proxy;
  }

  #forward(kite: Kite): void {
    const forwarder = this.#forwarder;
    // The kite behind decides which pages it lets in.
    const open = { anyOrigin: true };
    kite.handleHttp('/proxy/', (request, response) => forwarder.request(request, response), open);
    kite.handleUpgrade('/proxy/', (request, socket, head) => forwarder.upgrade(request, socket, head), open);
    kite.beforeClose(() => forwarder.drain());
  }

  /** Its own kite. */
  get kite(): Kite {
    return this.#proxy.kite;
  }

  /** Under which kites find it at Kontrol. Empty before `listen`. */
  get url(): string {
    return this.#proxy.url;
  }

  /** Opens the port, and registers at Kontrol, as long as that takes. Rejects with what stands in the way of listening. */
  listen(): Promise<void> {
    return this.#proxy.listen();
  }

  /** Takes nothing new, sends the kites to another proxy, and lets sessions end by themselves, at most `drainTimeout`. */
  async close(options?: CloseOptions): Promise<void> {
    await this.#proxy.close(options);
    this.#forwarder.close();
  }

  /** Who is behind it. */
  status(): ProxyStatus {
    return this.#proxy.status();
  }
}
