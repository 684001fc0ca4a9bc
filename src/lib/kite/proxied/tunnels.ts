import { codedError, KiteError } from '../../protocol/errors.js';
import { Cancellation } from '../../util/abortable.js';
import type { ServerAccess } from '../../transport/handshake/server-access.js';
import type { Channel } from '../../transport/channel/channel.js';
import type { Client, Dialer } from '../call/client.js';
import type { MethodHost } from '../serve/method-host.js';
import { toWebSocket } from '../../util/web-url.js';

export interface TunnelsOptions {
  readonly dialer: Dialer;
  /** Timeout of opening a tunnel in milliseconds; 0 means none. */
  readonly handshakeTimeout: number;
  /** Maximum number of tunnels. */
  readonly max: number;
  /** Serves the channel of a tunnel, whose peer is not authenticated. Must call `ended` when it has ended. */
  readonly accept: (channel: Channel, ended: () => void) => void;
}

/** The connection to a tunnel proxy with which the kite registers. */
export interface TunnelProxyConnection {
  readonly client: Client;
  /** The public URL at the proxy. Rejects if the registration fails. */
  readonly publicUrl: Promise<string>;
  /** Origins that may be dialed, in addition to that of the proxy. */
  readonly origins: readonly string[];
  readonly access: ServerAccess;
}

/**
 * The tunnels of a kite. Only the proxy with which the kite has registered may request a tunnel, on the connection of the
 * registration, and only to the address at which the proxy was dialed. Otherwise a peer could make the kite connect to
 * addresses that only the kite can reach.
 */
export class Tunnels {
  readonly #options: TunnelsOptions;
  readonly #proxies = new Set<TunnelProxyConnection>();
  readonly #dialing = new Set<Cancellation>();
  #count = 0;
  #closed = false;

  constructor(options: TunnelsOptions) {
    this.#options = options;
  }

  /** Number of tunnels that are open or being opened. */
  get count(): number {
    return this.#count;
  }

  /** Allows a proxy to request tunnels until its connection ends. */
  allow(proxy: TunnelProxyConnection): void {
    this.#proxies.add(proxy);
    proxy.client.once('disconnect', () => this.#proxies.delete(proxy));
    proxy.publicUrl.catch(() => this.#proxies.delete(proxy));
  }

  /** Cancels the opening of tunnels. Open ones belong to the code that serves them. */
  close(): void {
    this.#closed = true;
    this.#proxies.clear();
    for (const cancellation of this.#dialing) cancellation.cancel(new Error('The kite is closing'));
  }

  /**
   * Handles a call of `kite.tunnel` by `peer`.
   *
   * @throws KiteError if the peer may not request this tunnel, or if it cannot be opened
   */
  async open(peer: unknown, argument: unknown): Promise<null> {
    const proxy = [...this.#proxies].find(({ client }) => client.isConnectedTo(peer));
    if (!proxy) throw notAllowed('by the tunnel proxy with which this kite has registered', 'notTheProxy');
    const url = tunnelUrl(argument, proxy, await proxy.publicUrl);
    if (this.#count >= this.#options.max) {
      throw codedError(
        'genericError',
        'tunnelLimit',
        `This kite already has ${this.#count} tunnels (limits.tunnels)`,
      );
    }
    this.#count++;
    let channel: Channel;
    try {
      channel = await this.#dial(url, proxy);
    } catch (error) {
      this.#count--;
      throw error;
    }
    if (this.#closed) channel.close();
    else this.#options.accept(channel, () => this.#count--);
    return null;
  }

  async #dial(url: string, { access }: TunnelProxyConnection): Promise<Channel> {
    const { dialer, handshakeTimeout } = this.#options;
    const signal = new Cancellation();
    this.#dialing.add(signal);
    try {
      return await dialer(url, { transport: 'Session', handshakeTimeout, signal, access });
    } catch (error) {
      // Without the reason, which may reveal details of the network of this kite to the proxy.
      throw codedError('genericError', 'tunnelFailed', 'Cannot open the tunnel', error);
    } finally {
      this.#dialing.delete(signal);
    }
  }
}

/**
 * Returns the URL to dial. The kite may not be able to reach the proxy by its public host, so only path and query are those of
 * the request; the origin is that at which the proxy was dialed. Other origins must be allowed explicitly.
 */
function tunnelUrl(argument: unknown, { client, origins }: TunnelProxyConnection, publicUrl: string): string {
  const { url: text } = (typeof argument === 'object' ? (argument ?? {}) : {}) as { url?: unknown };
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^(?:ws|http)s?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new KiteError('argumentError', 'kite.tunnel takes {url}, the ws or wss URL to dial');
  }
  const origin = originOf(url.href);
  if (origins.some((allowed) => originOf(allowed) === origin)) return url.href;
  const dialed = originOf(client.url);
  if (origin !== dialed && origin !== originOf(publicUrl)) {
    throw notAllowed('for tunnels to the proxy itself', 'foreignOrigin');
  }
  return dialed + url.pathname + url.search;
}

/** Returns the origin of a URL, with the scheme `ws` or `wss`. */
function originOf(url: string): string {
  const { protocol, host } = new URL(toWebSocket(url));
  return `${protocol}//${host}`;
}

function notAllowed(when: string, code: 'foreignOrigin' | 'notTheProxy'): KiteError {
  return codedError('authenticationError', code, `kite.tunnel is allowed only ${when}`);
}

/** Adds `kite.tunnel`, which the tunnel proxy calls. */
export function addTunnelMethod(
  kite: MethodHost,
  proxies: { openTunnel(peer: unknown, argument: unknown): Promise<null> },
): void {
  const description = 'Opens a tunnel to the proxy with which this kite has registered.';
  kite.handle<unknown[]>('kite.tunnel', { description }, ({ args, client }) =>
    proxies.openTunnel(client, args[0]),
  );
}
