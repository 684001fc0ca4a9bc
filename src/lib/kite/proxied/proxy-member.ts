import { resolveOwnUrl } from '../kontrol/own-url.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import { exactQuery, type KiteQuery } from '../../protocol/query.js';
import type { Channel } from '../../transport/channel/channel.js';
import { accessOf, type ServerAccess } from '../../transport/handshake/server-access.js';
import type { BackoffOptions } from '../../util/backoff.js';
import type { Clock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import type { Client, ClientOptions, Dialer } from '../call/client.js';
import type { ConnectAt } from '../call/kite-path.js';
import type { KiteAddress, KontrolMember } from '../kontrol/kontrol-member.js';
import { type ProxyCandidate, noProxyError, type ProxyName, registerWithProxy } from './proxy-link.js';
import { MaintainedProxyRegistration, type ProxyRegistration } from './proxy-registration.js';
import { Tunnels } from './tunnels.js';

/** Serves an open tunnel. It must call `ended` when the tunnel has ended. */
export type AcceptTunnel = (channel: Channel, ended: () => void) => void;

export interface ProxyMemberOptions {
  readonly identity: KiteIdentity;
  /** URLs of the configured proxies. If empty, proxies are found through Kontrol. */
  readonly urls: readonly string[];
  /** The user of Kontrol and its proxies. */
  readonly kontrolUser: string;
  readonly kontrol: Pick<KontrolMember, 'auth' | 'getKites' | 'hasUrls' | 'registerForever'>;
  readonly address: KiteAddress;
  readonly newClient: (url: string, options: ClientOptions) => Client;
  /** Connects to a proxy at a URL. */
  readonly connectAt: ConnectAt;
  readonly dialer: Dialer;
  readonly handshakeTimeout: number;
  /** Maximum number of tunnels. */
  readonly maxTunnels: number;
  /** Serves the channel of a caller. */
  readonly accept: (channel: Channel) => TunnelCaller;
  /** Serves an open tunnel. Default: its channel is passed to `accept`. */
  readonly acceptTunnel?: AcceptTunnel | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random?: (() => number) | undefined;
  readonly backoff?: BackoffOptions | undefined;
}

/** A peer that is connected through a tunnel. */
interface TunnelCaller {
  once(event: 'disconnect', listener: () => void): unknown;
  close(): void;
}

/**
 * Options of a registration with a proxy. Those of `ServerAccess` apply to the proxy, and replace the same ones of the kite's
 * `serverAccess`.
 */
export interface ThroughProxyOptions extends ServerAccess {
  /** URLs of the proxies to select from. Default: the option `proxyUrl` of the kite, else proxies found through Kontrol. */
  readonly proxyUrl?: string | readonly string[];
  /**
   * Query for proxies at Kontrol. Default: the proxies of Kontrol's user in the environment of this kite, else those without
   * an environment.
   */
  readonly query?: KiteQuery;
}

/** Options of a registration with a reverse proxy. */
export interface RegisterToProxyOptions extends ThroughProxyOptions {
  /** URL under which the proxy reaches this kite. Default: `registerUrl()`. */
  readonly url?: string;
}

/** Options of a registration with a tunnel proxy. */
export interface RegisterToTunnelOptions extends ThroughProxyOptions {
  /**
   * Origins, such as `https://tunnel.example.com`, at which tunnels may be dialed if the proxy requests it. Default: none;
   * tunnels are dialed at the address at which the proxy was dialed. Set this if that address is a load balancer with
   * several proxies.
   */
  readonly tunnelOrigins?: readonly string[];
}

/** How a kite registers with one kind of proxy. */
interface ProxyRegistrar {
  readonly name: ProxyName;
  /** Registers on a connection to a proxy, and resolves with the public URL. */
  readonly register: (client: Client) => Promise<string>;
  /** Methods that the proxy may call on that connection. Default: none. */
  readonly trustRemote?: readonly string[];
}

/** The environment of kites without one. */
const NO_ENVIRONMENT = 'unknown';

/**
 * The part of a kite that uses proxies: callers reach the kite through the proxy with which it has registered. `Kite` documents
 * the methods.
 */
export class ProxyMember {
  readonly #options: ProxyMemberOptions;
  readonly #registrations = new Set<ProxyRegistration>();
  readonly #tunnels: Tunnels;
  readonly #callers = new Set<TunnelCaller>();

  constructor(options: ProxyMemberOptions) {
    this.#options = options;
    const { dialer, handshakeTimeout, maxTunnels: max, acceptTunnel } = options;
    const accept = acceptTunnel ?? ((channel, ended) => this.#accept(channel, ended));
    this.#tunnels = new Tunnels({ dialer, handshakeTimeout, max, accept });
  }

  async registerToProxy(options: RegisterToProxyOptions = {}): Promise<ProxyRegistration> {
    const { address } = this.#options;
    const ownUrl = async (): Promise<string> => options.url ?? address.registerUrl();
    await resolveOwnUrl(ownUrl);
    const register = async (client: Client): Promise<string> => registerWithProxy(client, await ownUrl());
    return this.#registerThrough({ name: 'proxy', register }, options);
  }

  registerToTunnel(options: RegisterToTunnelOptions = {}): Promise<ProxyRegistration> {
    const { tunnelOrigins: origins = [] } = options;
    const register = (client: Client): Promise<string> => {
      const publicUrl = registerWithProxy(client, '');
      this.#tunnels.allow({ client, publicUrl, origins, access: accessOf(options) });
      return publicUrl;
    };
    return this.#registerThrough({ name: 'tunnelproxy', register, trustRemote: ['kite.tunnel'] }, options);
  }

  /** Handles a call of `kite.tunnel`: opens a tunnel to the proxy with which this kite has registered. */
  openTunnel(peer: unknown, argument: unknown): Promise<null> {
    return this.#tunnels.open(peer, argument);
  }

  /** Closes tunnels and ends registrations. */
  close(): void {
    this.#tunnels.close();
    for (const caller of this.#callers) caller.close();
    for (const registration of this.#registrations) registration.stop();
  }

  /** Registers with a proxy, and with Kontrol under the public URL, and maintains both registrations. */
  #registerThrough(registrar: ProxyRegistrar, options: ThroughProxyOptions): Promise<ProxyRegistration> {
    const { address, clock, connectAt, logger, kontrol, random, backoff } = this.#options;
    const { name, register, trustRemote = [] } = registrar;
    const explicitUrls = typeof options.proxyUrl === 'string' ? [options.proxyUrl] : options.proxyUrl;
    const urls = explicitUrls ?? this.#options.urls;
    if (urls.length === 0 && !kontrol.hasUrls) return Promise.reject(noProxyError(name));
    const registration = new MaintainedProxyRegistration({
      name,
      register,
      connectAt,
      trustRemote,
      access: accessOf(options),
      candidates: () =>
        urls.length > 0 ? this.#configuredProxies(urls) : this.#findProxies(name, options.query),
      moved: ({ url }) => address.knownAs(url),
      registerAtKontrol: kontrol.hasUrls ? (url) => kontrol.registerForever({ url }) : undefined,
      clock,
      logger,
      random,
      backoff,
    });
    this.#registrations.add(registration);
    return registration.start();
  }

  #accept(channel: Channel, ended: () => void): void {
    const caller = this.#options.accept(channel);
    this.#callers.add(caller);
    caller.once('disconnect', () => {
      this.#callers.delete(caller);
      ended();
    });
  }

  /** Configured proxies get the kite key. */
  #configuredProxies(urls: readonly string[]): Promise<readonly ProxyCandidate[]> {
    const { newClient, kontrol } = this.#options;
    const candidate = (url: string): ProxyCandidate => ({
      url,
      client: (options, at) => newClient(at, { ...options, auth: kontrol.auth }),
    });
    return Promise.resolve(urls.map(candidate));
  }

  /** Proxies found through Kontrol get a token, which is valid for that proxy only. */
  async #findProxies(name: ProxyName, query: KiteQuery | undefined): Promise<readonly ProxyCandidate[]> {
    const { identity, kontrol, kontrolUser: username } = this.#options;
    const { environment } = identity;
    const found = await kontrol.getKites(query ?? exactQuery({ username, environment, name }));
    if (found.length > 0 || query || environment === NO_ENVIRONMENT) return found;
    return kontrol.getKites(exactQuery({ username, environment: NO_ENVIRONMENT, name }));
  }
}
