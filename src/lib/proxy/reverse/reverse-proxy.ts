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
   * Addresses, networks (`10.1.0.0/16`) and host names that every kite may register, in addition to the address that it connects
   * from. Default: none.
   */
  readonly allowTargets?: readonly string[] | undefined;
  /**
   * Whether kites that connect from this machine may register its addresses, including loopback. Do not enable this behind a
   * load balancer on the same machine, where all kites appear to be local. Default: true if the public host is loopback,
   * otherwise false.
   */
  readonly localKites?: boolean | undefined;
  /** Additional certificate authorities for kites, as PEM. */
  readonly kiteCa?: string | undefined;
  /** Whether to verify the certificates of kites. Default: true. */
  readonly verifyKites?: boolean | undefined;
  /** Timeout of a connection attempt to a kite in milliseconds, including the TLS handshake. Default: 5,000. */
  readonly connectTimeout?: number | undefined;
  /** Timeout in milliseconds from the connection to the headers of the response. Default: 120,000. */
  readonly responseTimeout?: number | undefined;
  /** Resolves host names in registered URLs, once per registration. Default: the resolver of the system. */
  readonly resolve?: LookupAddresses | undefined;
}

/**
 * A reverse proxy: kites register their URLs with it, and it forwards requests below `/proxy/<kite id>/` to them, both
 * WebSockets and plain HTTP.
 *
 *     const proxy = new ReverseProxy({ publicHost: 'proxy.example.com', port: 443, tls: { cert, key } });
 *     await proxy.listen();
 *
 * Lifecycle: the constructor, `listen`, `close`.
 */
export class ReverseProxy {
  readonly #proxy: ProxyKite<BackendUrl>;
  readonly #forwarder: Forwarder;

  /** @throws ConfigurationError if an option is invalid or no kite key is found */
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
      admit: ({ url, client }) => backendUrls.create(url, client.remoteAddress),
      publicUrl: (id, origin) => `${origin}/proxy/${id}`,
      describe: ({ url }) => url,
    });
    const localKites = options.localKites ?? isLoopbackHost(proxy.publicHost);
    const policy = new BackendPolicy({ allow: allowTargets, localKites });
    const backendUrls = new BackendUrls({
      policy,
      limits: proxy.limits,
      ownPort: () => proxy.kite.port,
      resolve: options.resolve,
    });
    const via = `kite-${proxy.kite.identity.id}`;
    this.#forwarder = new Forwarder({
      clock: proxy.clock,
      output: proxy.budgets.output,
      proxy: () => ({ via, secure: proxy.origin.startsWith('https:') }),
      find: (id) => proxy.table.get(id),
      sessions: proxy.limits.sessions,
      onFailure: (type) => proxy.metrics.failed(type),
      verify: verifyKites,
      ca: kiteCa,
      connectTimeout,
      responseTimeout,
    });
    this.#addRoutes(proxy.kite);
    this.#proxy = proxy;
  }

  #addRoutes(kite: Kite): void {
    const forwarder = this.#forwarder;
    // The kite checks the origin of pages itself.
    const open = { anyOrigin: true };
    kite.handleHttp('/proxy/', (request, response) => forwarder.request(request, response), open);
    kite.handleUpgrade('/proxy/', (request, socket, head) => forwarder.upgrade(request, socket, head), open);
    kite.beforeClose(() => forwarder.drain());
  }

  /** The proxy's own kite. */
  get kite(): Kite {
    return this.#proxy.kite;
  }

  /** The URL that the proxy registers with Kontrol. Empty before `listen`. */
  get url(): string {
    return this.#proxy.url;
  }

  /** Starts listening, and registers with Kontrol in the background, with retries. Rejects if the proxy cannot listen. */
  listen(): Promise<void> {
    return this.#proxy.listen();
  }

  /** Refuses new sessions, asks kites to use another proxy, and waits for open sessions to end, at most `drainTimeout`. */
  async close(options?: CloseOptions): Promise<void> {
    await this.#proxy.close(options);
    this.#forwarder.close();
  }

  /** Returns the status of the proxy and its kites. */
  status(): ProxyStatus {
    return this.#proxy.status();
  }
}
