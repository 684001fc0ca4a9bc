import type { Limits } from '../../util/limits.js';
import { KiteError } from '../../protocol/errors.js';
import type { KiteQuery } from '../../protocol/query.js';
import type { BackoffOptions } from '../../util/backoff.js';
import type { Channel } from '../../transport/channel/channel.js';
import type { Client } from '../call/client.js';
import type { CoreOptions } from '../kite-core.js';
import { KontrolKite, type KontrolMember } from '../kontrol/kontrol-kite.js';
import type { AnyMethods } from '../call/method-types.js';
import { type Candidate, noProxy, type ProxiedAt, type ProxyName } from './proxy-link.js';
import { KeptUp, type ProxyRegistration } from './proxy-registration.js';
import { Tunnels } from './tunnels.js';

/** What a kite knows of proxies. */
export interface ProxyMember {
  /** Proxies that were named. None: those that Kontrol knows. */
  readonly urls: readonly string[];
  /** The user that runs Kontrol, and its proxies. */
  readonly kontrolUser: string;
  readonly random?: (() => number) | undefined;
  readonly backoff?: BackoffOptions | undefined;
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
export interface ProxyWay {
  readonly name: ProxyName;
  /** Registers on a connection to a proxy, and resolves with the public URL. */
  readonly register: (client: Client) => Promise<string>;
  /** Methods that the proxy may call on that connection. Default none. */
  readonly trustRemote?: readonly string[];
  /** The kite is registered with this proxy from now on. Called before Kontrol is told. */
  readonly onUrl?: (at: ProxiedAt) => void;
}

/** The environment of a kite that was started without one. */
const NO_ENVIRONMENT = 'unknown';

/** A kite that others may reach through a proxy. */
export class ProxiedKite<Methods = AnyMethods> extends KontrolKite<Methods> {
  readonly #proxies: ProxyMember;
  readonly #knowsKontrol: boolean;
  readonly #registrations = new Set<ProxyRegistration>();
  readonly #tunnels: Tunnels;
  readonly #tunnelled = new Set<{ close(): void }>();

  constructor(
    options: CoreOptions & {
      readonly kontrol: KontrolMember;
      readonly proxies: ProxyMember;
      readonly limits: Pick<Limits, 'tunnels'>;
    },
  ) {
    super(options);
    this.#proxies = options.proxies;
    this.#knowsKontrol = options.kontrol.urls.length > 0;
    const { dialer, handshakeTimeout, limits } = options;
    this.#tunnels = new Tunnels({
      dialer,
      handshakeTimeout,
      most: limits.tunnels,
      accept: (channel, ended) => this.acceptTunnel(channel, ended),
    });
    const description = 'Opens a tunnel to the proxy that this kite registered with.';
    this.handle<unknown[]>('kite.tunnel', { description }, ({ args, client }) =>
      this.#tunnels.open(client, args[0]),
    );
  }

  /**
   * Has a reverse proxy forward to this kite, and registers it at Kontrol, where it knows of one, under the URL that it has
   * there. Moves to another proxy when that one is gone. Resolves when it is registered at both; what stands in the way is
   * logged, and tried again. Rejects where there is nobody to ask for a proxy.
   */
  async registerToProxy(options: RegisterToProxyOptions = {}): Promise<ProxyRegistration> {
    const url = options.url ?? (await this.registerUrl());
    const register = (client: Client): Promise<string> => registerAt(client, url);
    return this.registerThrough({ name: 'proxy', register }, options);
  }

  /**
   * Has a tunnel proxy pass callers on to this kite, which need not listen, and registers it at Kontrol as
   * `registerToProxy` does. The proxy asks for a connection to itself for each caller; whoever comes through it is a
   * stranger and authenticates as in front of this kite.
   */
  registerToTunnel(options: RegisterToTunnelOptions = {}): Promise<ProxyRegistration> {
    const { ca, tunnelOrigins: origins = [] } = options;
    const register = (client: Client): Promise<string> => {
      const publicUrl = registerAt(client, '');
      this.#tunnels.allow({ client, publicUrl, origins, ca });
      return publicUrl;
    };
    return this.registerThrough({ name: 'tunnelproxy', register, trustRemote: ['kite.tunnel'] }, options);
  }

  /** Registers with one of the proxies of a kind and stays registered there, and at Kontrol under the public URL. */
  protected registerThrough(way: ProxyWay, options: ThroughProxyOptions): Promise<ProxyRegistration> {
    const { clock, logger } = this.host;
    const { random, backoff } = this.#proxies;
    const { name, register, trustRemote = [], onUrl } = way;
    const named = typeof options.proxyUrl === 'string' ? [options.proxyUrl] : options.proxyUrl;
    const urls = named ?? this.#proxies.urls;
    if (urls.length === 0 && !this.#knowsKontrol) return Promise.reject(noProxy(name));
    const registration = new KeptUp({
      name,
      register,
      trustRemote,
      ca: options.ca,
      candidates: () => (urls.length > 0 ? this.#named(urls) : this.#found(name, options.query)),
      moved: (at) => {
        this.knownAs(at.url);
        onUrl?.(at);
      },
      atKontrol: this.#knowsKontrol ? (url) => this.registerForever({ url }) : undefined,
      clock,
      logger,
      random,
      backoff,
    });
    this.#registrations.add(registration);
    return registration.start();
  }

  protected override closeKontrol(): void {
    this.#tunnels.close();
    for (const tunnelled of this.#tunnelled) tunnelled.close();
    for (const registration of this.#registrations) registration.stop();
    super.closeKontrol();
  }

  /** Takes over a tunnel that stands. `ended` is to be called when it has ended. */
  protected acceptTunnel(channel: Channel, ended: () => void): void {
    const peer = this.accept(channel);
    this.#tunnelled.add(peer);
    peer.once('disconnect', () => {
      this.#tunnelled.delete(peer);
      ended();
    });
  }

  /** A proxy that somebody named is trusted with the kite key. */
  #named(urls: readonly string[]): Promise<readonly Candidate[]> {
    const candidate = (url: string): Candidate => ({
      url,
      client: (options) => this.newClient(url, { ...options, auth: this.kiteKeyAuth }),
    });
    return Promise.resolve(urls.map(candidate));
  }

  /** One that Kontrol knows gets a token, which is good for that proxy alone. */
  async #found(name: ProxyName, query: KiteQuery | undefined): Promise<readonly Candidate[]> {
    const { kontrolUser: username } = this.#proxies;
    const { environment } = this.identity;
    const found = await this.getKites(query ?? { username, environment, name });
    if (found.length > 0 || query || environment === NO_ENVIRONMENT) return found;
    return this.getKites({ username, environment: NO_ENVIRONMENT, name });
  }
}

/**
 * Registers at a proxy of either kind, with the URL at which it is to reach the kite.
 *
 * @throws KiteError what the proxy answers, or `invalidResponse`
 */
export async function registerAt(client: Client, url: string): Promise<string> {
  const answer = await client.call<unknown, string>('register', [url]);
  if (typeof answer === 'string' && URL.canParse(answer)) return answer;
  throw new KiteError('invalidResponse', `${client.url} answered "register" with something that is no URL`);
}
