import { codedError, KiteError } from '../../protocol/errors.js';
import { Cancellation } from '../../util/abortable.js';
import type { Channel } from '../../transport/channel/channel.js';
import type { Client, Dialer } from '../call/client.js';
import type { MethodHost } from '../serve/method-host.js';

export interface TunnelsOptions {
  readonly dialer: Dialer;
  /** Milliseconds in which a tunnel must stand. */
  readonly handshakeTimeout: number;
  /** Most tunnels at a time. */
  readonly max: number;
  /** Takes over a tunnel, as a channel that a stranger has opened. `ended` is to be called when it has ended. */
  readonly accept: (channel: Channel, ended: () => void) => void;
}

/** A tunnel proxy that this kite registers with. */
export interface TunnelProxyConnection {
  readonly client: Client;
  /** The public URL that the proxy has answered with. Rejects where it has not. */
  readonly publicUrl: Promise<string>;
  /** Origins that are dialled as they are, beside the proxy's own. */
  readonly origins: readonly string[];
  readonly ca: string | undefined;
}

/**
 * The tunnels of a kite. A tunnel is opened for the proxy that this kite has registered with, on the connection over which
 * it has, and leads to the address at which that proxy was dialled: whoever else asks for one, or for one to elsewhere,
 * would have the kite connect to what only the kite can reach.
 */
export class Tunnels {
  readonly #options: TunnelsOptions;
  readonly #proxies = new Set<TunnelProxyConnection>();
  readonly #dialling = new Set<Cancellation>();
  #count = 0;
  #closed = false;

  constructor(options: TunnelsOptions) {
    this.#options = options;
  }

  /** Tunnels that are open, or being opened. */
  get count(): number {
    return this.#count;
  }

  /** This proxy may ask for tunnels, as long as the connection to it lasts. */
  allow(proxy: TunnelProxyConnection): void {
    this.#proxies.add(proxy);
    proxy.client.once('disconnect', () => this.#proxies.delete(proxy));
    proxy.publicUrl.catch(() => this.#proxies.delete(proxy));
  }

  /** Ends what is being opened. What is open belongs to whoever has taken it over. */
  close(): void {
    this.#closed = true;
    this.#proxies.clear();
    for (const cancellation of this.#dialling) cancellation.cancel(new Error('The kite is closing'));
  }

  /**
   * Does what a call of `kite.tunnel` asks for.
   *
   * @param peer who calls
   * @throws KiteError where it may not, or where the tunnel cannot be opened
   */
  async open(peer: unknown, argument: unknown): Promise<null> {
    const proxy = [...this.#proxies].find(({ client }) => client.isConnectedTo(peer));
    if (!proxy)
      throw notAllowed('only to the tunnel proxy that this kite has registered with', 'notTheProxy');
    const url = tunnelUrl(argument, proxy, await proxy.publicUrl);
    if (this.#count >= this.#options.max) {
      throw codedError(
        'genericError',
        'tunnelLimit',
        `This kite has ${this.#count} tunnels, and opens no more`,
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

  async #dial(url: string, { ca }: TunnelProxyConnection): Promise<Channel> {
    const { dialer, handshakeTimeout } = this.#options;
    const signal = new Cancellation();
    this.#dialling.add(signal);
    try {
      return await dialer(url, { transport: 'Session', handshakeTimeout, signal, ca });
    } catch (error) {
      // What stands in the way may tell of this kite's network; the proxy need not know more than that it failed.
      throw codedError('genericError', 'tunnelFailed', 'The tunnel cannot be opened', error);
    } finally {
      this.#dialling.delete(signal);
    }
  }
}

/**
 * Where to dial: the proxy's public host may not be what this kite reaches it by, so that path and query are taken from
 * what it says, and the address from what was dialled. Any other host is refused, unless it was named.
 */
function tunnelUrl(argument: unknown, { client, origins }: TunnelProxyConnection, publicUrl: string): string {
  const { url: text } = (typeof argument === 'object' ? (argument ?? {}) : {}) as { url?: unknown };
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^(?:ws|http)s?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new KiteError('argumentError', 'kite.tunnel takes {url}, the ws or wss URL to dial');
  }
  const origin = originOf(url.href);
  if (origins.some((named) => originOf(named) === origin)) return url.href;
  const dialled = originOf(client.url);
  if (origin !== dialled && origin !== originOf(publicUrl)) {
    throw notAllowed('only for tunnels to the proxy itself', 'foreignOrigin');
  }
  return dialled + url.pathname + url.search;
}

/** `ws://host:port` of any URL of a kite. */
function originOf(url: string): string {
  const { protocol, host } = new URL(url.replace(/^http/i, 'ws'));
  return `${protocol}//${host}`;
}

function notAllowed(when: string, code: 'foreignOrigin' | 'notTheProxy'): KiteError {
  return codedError('authenticationError', code, `kite.tunnel is obeyed ${when}`);
}

/** Adds `kite.tunnel`, which the tunnel proxy calls. `openTunnel` answers a call by `peer`. */
export function addTunnelMethod(
  kite: MethodHost,
  proxies: { openTunnel(peer: unknown, argument: unknown): Promise<null> },
): void {
  const description = 'Opens a tunnel to the proxy that this kite registered with.';
  kite.handle<unknown[]>('kite.tunnel', { description }, ({ args, client }) =>
    proxies.openTunnel(client, args[0]),
  );
}
