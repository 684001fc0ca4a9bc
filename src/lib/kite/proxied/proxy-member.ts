import type { KiteIdentity } from '../../protocol/identity.js';
import type { KiteQuery } from '../../protocol/query.js';
import type { Channel } from '../../transport/channel/channel.js';
import type { BackoffOptions } from '../../util/backoff.js';
import type { Clock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import type { Client, ClientOptions, Dialer } from '../call/client.js';
import type { KiteAddress, KontrolMember } from '../kontrol/kontrol-member.js';
import { type ProxyCandidate, noProxyError, type ProxyName, registerWithProxy } from './proxy-link.js';
import { MaintainedProxyRegistration, type ProxyRegistration } from './proxy-registration.js';
import { Tunnels } from './tunnels.js';

/** Takes over a tunnel that is open. `ended` is to be called when it has ended. */
export type AcceptTunnel = (channel: Channel, ended: () => void) => void;

export interface ProxyMemberOptions {
  readonly identity: KiteIdentity;
  /** Proxies that were named. None: those that Kontrol knows. */
  readonly urls: readonly string[];
  /** The user that runs Kontrol, and its proxies. */
  readonly kontrolUser: string;
  readonly kontrol: Pick<KontrolMember, 'auth' | 'getKites' | 'hasUrls' | 'registerForever'>;
  readonly address: KiteAddress;
  readonly newClient: (url: string, options: ClientOptions) => Client;
  readonly dialer: Dialer;
  readonly handshakeTimeout: number;
  /** Most tunnels at a time. */
  readonly maxTunnels: number;
  /** Takes over a connection that a caller has opened through a tunnel. */
  readonly accept: (channel: Channel) => TunnelCaller;
  /** Default: a tunnel is a connection of this kite, see `accept`. */
  readonly acceptTunnel?: AcceptTunnel | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random?: (() => number) | undefined;
  readonly backoff?: BackoffOptions | undefined;
}

/** A caller behind a tunnel. */
interface TunnelCaller {
  once(event: 'disconnect', listener: () => void): unknown;
  close(): void;
}

export interface ThroughProxyOptions {
  /** The proxies to choose from. Default: `proxyUrl` or `KITE_PROXY_URL`, else those that Kontrol knows. */
  readonly proxyUrl?: string | readonly string[];
  /**
   * Which proxies Kontrol is asked for. Default: those of Kontrol's user in this kite's environment, else those that were
   * started without one.
   */
  readonly query?: KiteQuery;
  /** Certificate authorities to trust beside the system's, PEM; for proxies with TLS. */
  readonly ca?: string;
}

export interface RegisterToProxyOptions extends ThroughProxyOptions {
  /** Under which the proxy reaches this kite. Default: `registerUrl()`. */
  readonly url?: string;
}

export interface RegisterToTunnelOptions extends ThroughProxyOptions {
  /**
   * Origins to which tunnels may lead as the proxy says, `https://tunnel.example.com`. Default none: tunnels are dialled at
   * the address at which the proxy was, whatever its public host is. To be set where that address is a balancer's, behind
   * which another proxy might answer.
   */
  readonly tunnelOrigins?: readonly string[];
}

/** How a kite registers with one kind of proxy. */
interface ProxyRegistrar {
  readonly name: ProxyName;
  /** Registers on a connection to a proxy, and resolves with the public URL. */
  readonly register: (client: Client) => Promise<string>;
  /** Methods that the proxy may call on that connection. Default none. */
  readonly trustRemote?: readonly string[];
}

/** The environment of a kite that was started without one. */
const NO_ENVIRONMENT = 'unknown';

/**
 * A kite and its proxies: others reach it through the one that it has registered with. The methods are those of the kite,
 * which documents them.
 */
export class ProxyMember {
  readonly #options: ProxyMemberOptions;
  readonly #registrations = new Set<ProxyRegistration>();
  readonly #tunnels: Tunnels;
  readonly #tunnelled = new Set<TunnelCaller>();

  constructor(options: ProxyMemberOptions) {
    this.#options = options;
    const { dialer, handshakeTimeout, maxTunnels: max, acceptTunnel } = options;
    const accept = acceptTunnel ?? ((channel, ended) => this.#accept(channel, ended));
    this.#tunnels = new Tunnels({ dialer, handshakeTimeout, max, accept });
  }

  async registerToProxy(options: RegisterToProxyOptions = {}): Promise<ProxyRegistration> {
    const url = options.url ?? (await this.#options.address.registerUrl());
    const register = (client: Client): Promise<string> => registerWithProxy(client, url);
    return this.#registerThrough({ name: 'proxy', register }, options);
  }

  registerToTunnel(options: RegisterToTunnelOptions = {}): Promise<ProxyRegistration> {
    const { ca, tunnelOrigins: origins = [] } = options;
    const register = (client: Client): Promise<string> => {
      const publicUrl = registerWithProxy(client, '');
      this.#tunnels.allow({ client, publicUrl, origins, ca });
      return publicUrl;
    };
    return this.#registerThrough({ name: 'tunnelproxy', register, trustRemote: ['kite.tunnel'] }, options);
  }

  /** Answers a call of `kite.tunnel` by `peer`: opens a tunnel to the proxy that this kite has registered with. */
  openTunnel(peer: unknown, argument: unknown): Promise<null> {
    return this.#tunnels.open(peer, argument);
  }

  /** Ends tunnels and registrations. */
  close(): void {
    this.#tunnels.close();
    for (const peer of this.#tunnelled) peer.close();
    for (const registration of this.#registrations) registration.stop();
  }

  /** Registers with one of the proxies of a kind and stays registered there, and at Kontrol under the public URL. */
  #registerThrough(kind: ProxyRegistrar, options: ThroughProxyOptions): Promise<ProxyRegistration> {
    const { address, clock, logger, kontrol, random, backoff } = this.#options;
    const { name, register, trustRemote = [] } = kind;
    const named = typeof options.proxyUrl === 'string' ? [options.proxyUrl] : options.proxyUrl;
    const urls = named ?? this.#options.urls;
    if (urls.length === 0 && !kontrol.hasUrls) return Promise.reject(noProxyError(name));
    const registration = new MaintainedProxyRegistration({
      name,
      register,
      trustRemote,
      ca: options.ca,
      candidates: () => (urls.length > 0 ? this.#named(urls) : this.#found(name, options.query)),
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
    const peer = this.#options.accept(channel);
    this.#tunnelled.add(peer);
    peer.once('disconnect', () => {
      this.#tunnelled.delete(peer);
      ended();
    });
  }

  /** A proxy that the program named is trusted with the kite key. */
  #named(urls: readonly string[]): Promise<readonly ProxyCandidate[]> {
    const { newClient, kontrol } = this.#options;
    const candidate = (url: string): ProxyCandidate => ({
      url,
      client: (options) => newClient(url, { ...options, auth: kontrol.auth }),
    });
    return Promise.resolve(urls.map(candidate));
  }

  /** One that Kontrol knows gets a token, which is good for that proxy alone. */
  async #found(name: ProxyName, query: KiteQuery | undefined): Promise<readonly ProxyCandidate[]> {
    const { identity, kontrol, kontrolUser: username } = this.#options;
    const { environment } = identity;
    const found = await kontrol.getKites(query ?? { username, environment, name });
    if (found.length > 0 || query || environment === NO_ENVIRONMENT) return found;
    return kontrol.getKites({ username, environment: NO_ENVIRONMENT, name });
  }
}
