/// <reference lib="esnext.disposable" preserve="true" />

import type { Kite } from '../../kite/kite.js';
import type { CloseOptions, ReplacedParts } from '../../kite/kite-options.js';
import { isLoopbackHost, type LookupAddresses } from '../../util/loopback.js';
import type { TlsOptions } from '../../kite/serve/http-listener.js';
import type { HttpHandler, UpgradeHandler } from '../../kite/serve/http-routes.js';
import { withoutPort } from '../../util/host.js';
import { ProxyKite, type ProxyKind, type ProxyStatus } from '../shared/proxy-kite.js';
import type { ProxyOptions } from '../shared/proxy-options.js';
import { Forwarder } from './forwarder.js';
import { type BackendUrl, BackendUrls } from './backend-url.js';
import { BackendPolicy } from './backend-policy.js';
import { KiteHosts } from './kite-hosts.js';
import { refuse, refuseSocket } from './proxy-refusal.js';
import { routeByHost, routeByPath } from './request-routes.js';

export interface ReverseProxyOptions extends ProxyOptions {
  /**
   * Gives each kite a host name of its own below this domain, such as `kites.example.com`, so that browsers isolate the pages of
   * kites from each other. DNS has to resolve `*.kites.example.com` to the proxy, and a TLS certificate has to be valid for it.
   * Kites then cannot be reached below `/proxy/`. Default: all kites share the host of the proxy.
   */
  readonly kiteDomain?: string | undefined;
  /**
   * Addresses, networks (`10.1.0.0/16`) and host names that every kite may register, in addition to the address that it connects
   * from. Default: none.
   */
  readonly allowTargets?: readonly string[] | undefined;
  /**
   * Whether kites that connect from this machine may register its addresses, including loopback. Do not enable this behind a
   * load balancer on the same machine, where all kites appear to be local. Default: true if the public host is loopback, and so
   * is the domain of the kites, otherwise false.
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
 * A reverse proxy: kites register their URLs with it, and it forwards requests below `/proxy/<kite id>/`, or at a host name of
 * each kite, to them, both WebSockets and plain HTTP.
 *
 *     const proxy = new ReverseProxy({ publicHost: 'proxy.example.com', port: 443, tls: { cert, key } });
 *     await proxy.listen();
 *
 * Lifecycle: the constructor, `listen`, `close`.
 */
export class ReverseProxy {
  readonly #proxy: ProxyKite<BackendUrl>;
  readonly #forwarder: Forwarder;
  readonly #hosts: KiteHosts | undefined;

  /** @throws ConfigurationError if an option is invalid or no kite key is found */
  constructor(options: ReverseProxyOptions);
  /** @internal `replaced`: parts that this package replaces in the kite of the proxy. */
  constructor(options: ReverseProxyOptions, replaced: ReplacedParts);
  constructor(options: ReverseProxyOptions, replaced: ReplacedParts = {}) {
    const {
      kiteDomain,
      tls,
      allowTargets,
      verifyKites = true,
      kiteCa,
      connectTimeout = 5000,
      responseTimeout = 120_000,
    } = options;
    const hosts = kiteDomain === undefined ? undefined : new KiteHosts(kiteDomain);
    if (tls) hosts?.checkCertificate(tls.cert);
    const kind: ProxyKind<BackendUrl> = {
      name: 'proxy',
      admit: ({ url, client }) => backendUrls.create(url, client.remoteAddress),
      publicUrl: (entry, origin) => hosts?.urlOf(entry, origin) ?? `${origin}/proxy/${entry.kite.id}`,
      describe: ({ url }) => url,
      virtualHosts: hosts && {
        serves: ({ headers: { host } }) => host !== undefined && this.#isKiteHost(withoutPort(host)),
        request: (request, response) => forwarder.request(request, response),
        upgrade: (request, socket, head) => forwarder.upgrade(request, socket, head),
      },
    };
    const proxy = new ProxyKite<BackendUrl>(options, kind, replaced);
    hosts?.follow(proxy.table);
    // Without this check, strangers could reach local services through a kite on this machine.
    const onlyLocal = isLoopbackHost(proxy.publicHost) && (!hosts || isLoopbackHost(hosts.domain));
    const policy = new BackendPolicy({ allow: allowTargets, localKites: options.localKites ?? onlyLocal });
    const backendUrls = new BackendUrls({
      policy,
      limits: proxy.limits,
      ownPort: () => proxy.kite.port,
      resolve: options.resolve,
    });
    const via = `kite-${proxy.kite.identity.id}`;
    const forwarder = new Forwarder({
      clock: proxy.clock,
      output: proxy.budgets.output,
      proxy: () => ({
        via,
        secure: proxy.origin.startsWith('https:'),
        addressOf: (request) => proxy.kite.addressOf(request),
      }),
      route: (request) => (hosts ? routeByHost(request, hosts) : routeByPath(request, proxy.table)),
      sessions: proxy.limits.sessions,
      onFailure: (type) => proxy.metrics.failed(type),
      verify: verifyKites,
      ca: kiteCa,
      connectTimeout,
      responseTimeout,
    });
    this.#hosts = hosts;
    this.#proxy = proxy;
    this.#forwarder = forwarder;
    this.#addRoutes(proxy.kite);
  }

  /** Whether a host is below the domain of the kites, and not that of the proxy itself. */
  #isKiteHost(host: string): boolean {
    return this.#hosts?.serves(host) === true && host !== this.#proxy.publicHost.toLowerCase();
  }

  #addRoutes(kite: Kite): void {
    const forwarder = this.#forwarder;
    const byPath = !this.#hosts;
    const handleRequest: HttpHandler = (request, response) => {
      if (byPath) return forwarder.request(request, response);
      this.#proxy.metrics.failed('wrongHost');
      refuse(response, 'wrongHost');
    };
    const handleUpgrade: UpgradeHandler = (request, socket, head) => {
      if (byPath) return forwarder.upgrade(request, socket, head);
      this.#proxy.metrics.failed('wrongHost');
      refuseSocket(socket, 'wrongHost');
    };
    // The kite checks the origin of pages itself.
    kite.handleHttp('/proxy/', handleRequest, { anyOrigin: true });
    kite.handleUpgrade('/proxy/', handleUpgrade, { anyOrigin: true });
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

  /**
   * Replaces the TLS certificate for new connections.
   *
   * @throws ConfigurationError if the certificate is not valid for the hosts of kites, and an error if it cannot be used; the
   * previous certificate then stays in use
   */
  useTls(tls: TlsOptions): void {
    this.#hosts?.checkCertificate(tls.cert);
    this.kite.useTls(tls);
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

  /** Calls `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Returns the status of the proxy and its kites. */
  status(): ProxyStatus {
    return this.#proxy.status();
  }
}
