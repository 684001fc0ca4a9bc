import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { UpgradeHandler } from '../../kite/serve/http-routes.js';
import type { Kite } from '../../kite/kite.js';
import type { CloseOptions } from '../../kite/kite-options.js';
import { isKiteError } from '../../protocol/errors.js';
import { Relay } from '../../transport/relay/relay.js';
import { refuseUpgrade } from '../../transport/server/refuse-upgrade.js';
import { type Refusal, SockJsServer } from '../../transport/server/sockjs-server.js';
import type { Channel } from '../../transport/channel/channel.js';
import type { ProxyLimits } from '../limits/proxy-limits.js';
import { ProxyKite, type ProxyStatus } from '../shared/proxy-kite.js';
import type { ProxyOptions } from '../shared/proxy-options.js';
import type { ProxyEntry } from '../shared/proxy-table.js';
import { CALLERS_PATH, kiteIn, readCallerUrl } from './caller-url.js';
import { TUNNELS_PATH, WaitingCallers } from './waiting-callers.js';

export interface TunnelProxyOptions extends ProxyOptions {
  /**
   * Origins of pages that may call the kites behind it, beside its own and those of loopback; `*` = any. A kite cannot
   * check them itself: it sees the proxy only. Default none.
   */
  readonly allowOrigin?: readonly string[] | '*' | undefined;
}

/**
 * A proxy for kites that cannot be reached, because they are behind NAT or listen nowhere. For each caller it asks the kite
 * to open a tunnel, a connection from the kite to the proxy, and copies messages between the two.
 *
 *     const proxy = new TunnelProxy({ publicHost: 'tunnel.example.com', port: 443, tls: { cert, key } });
 *     await proxy.listen();
 *
 * Lifecycle: the constructor, `listen`, `close`.
 */
export class TunnelProxy {
  readonly #proxy: ProxyKite<string>;
  readonly #limits: ProxyLimits;
  readonly #waiting: WaitingCallers;
  readonly #callers: SockJsServer;
  readonly #tunnels: SockJsServer;
  readonly #relays = new Set<Relay>();
  #draining: (() => void) | undefined;

  /** @throws ConfigurationError for an option that is wrong, and where there is no kite key */
  constructor(options: TunnelProxyOptions) {
    const proxy = new ProxyKite<string>(options, {
      name: 'tunnelproxy',
      admit: ({ client }) => client.remoteAddress,
      publicUrl: (id, origin) => `${origin}${CALLERS_PATH}?kiteID=${id}`,
      describe: (address) => address,
    });
    const { kite, clock, limits } = proxy;
    this.#proxy = proxy;
    this.#limits = limits;
    this.#waiting = new WaitingCallers({
      limits,
      clock,
      late: (relay) => this.#fail(relay, 'timeout', 'The kite did not open its tunnel in time'),
    });
    this.#callers = new SockJsServer({
      prefixes: [CALLERS_PATH],
      limits,
      clock,
      ...(options.allowOrigin && { allowOrigin: options.allowOrigin }),
      admit: (request) => this.#admit(request),
      scope: ({ url }) => kiteIn(url),
      onSession: (channel, request) => this.#called(channel, request),
    });
    this.#tunnels = new SockJsServer({
      prefixes: [TUNNELS_PATH],
      limits,
      clock,
      // A kite's token says more than its Origin, which kites in Go send and which something in front may not expect.
      allowOrigin: '*',
      admit: ({ url = '' }) => (this.#waiting.has(url) ? undefined : NO_TUNNEL),
      onSession: (channel, request) => this.#dialled(channel, request),
    });
    this.#serve(kite);
  }

  /** Its own kite. */
  get kite(): Kite {
    return this.#proxy.kite;
  }

  /** Under which kites find it at Kontrol. Empty before `listen`. */
  get url(): string {
    return this.#proxy.url;
  }

  /** Callers for whom a kite has been asked to open a tunnel, and has yet to. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Opens the port, and registers at Kontrol, as long as that takes. Rejects with what stands in the way of listening. */
  listen(): Promise<void> {
    return this.#proxy.listen();
  }

  /** Takes nothing new, sends the kites to another proxy, and lets sessions end by themselves, at most `drainTimeout`. */
  async close(options?: CloseOptions): Promise<void> {
    await this.#proxy.close(options);
    for (const relay of this.#relays) relay.close(GO_AWAY_CODE, GO_AWAY_REASON);
    await Promise.all([this.#callers.close(), this.#tunnels.close()]);
  }

  /** Who is behind it. */
  status(): ProxyStatus {
    return this.#proxy.status();
  }

  #serve(kite: Kite): void {
    // Each of the two servers says itself which pages it lets in.
    const open = { anyOrigin: true };
    for (const path of [CALLERS_PATH, `${CALLERS_PATH}/`]) {
      kite.handleHttp(path, (request, response) => this.#request(request, response), open);
      kite.handleUpgrade(path, (request, socket, head) => this.#upgrade(request, socket, head), open);
    }
    const dialled: UpgradeHandler = (request, socket, head) => {
      this.#tunnels.handleUpgrade(request, socket, head);
    };
    kite.handleUpgrade(`${TUNNELS_PATH}/`, dialled, open);
    kite.beforeClose(() => this.#drained());
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const caller = readCallerUrl(request.url ?? '');
    if (caller) {
      request.url = caller.url;
      this.#callers.handleRequest(request, response);
    } else {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(NO_KITE_NAMED);
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const caller = readCallerUrl(request.url ?? '');
    if (caller) {
      request.url = caller.url;
      this.#callers.handleUpgrade(request, socket, head);
    } else {
      refuseUpgrade(socket, 404, NO_KITE_NAMED);
    }
  }

  #admit({ url }: IncomingMessage): Refusal | undefined {
    const entry = this.#proxy.table.get(kiteIn(url));
    const refusal = this.#draining ? ENDING : entry ? this.#waiting.isFull(entry) && BUSY : NO_KITE;
    if (!refusal) return undefined;
    this.#proxy.metrics.failed(refusal.reason);
    return refusal;
  }

  /** A caller has come. */
  #called(channel: Channel, { url }: IncomingMessage): void {
    const entry = this.#proxy.table.get(kiteIn(url));
    // It was admitted a moment ago.
    if (!entry) {
      channel.close();
      return;
    }
    const session = entry.openSession();
    const relay: Relay = new Relay(channel, {
      limits: this.#limits,
      countBytes: (toKite, fromKite) => session.count(toKite, fromKite),
      ended: () => {
        this.#waiting.delete(caller.tunnel);
        this.#relays.delete(relay);
        session.end();
        if (this.#relays.size === 0) this.#draining?.();
      },
    });
    this.#relays.add(relay);
    const caller = this.#waiting.add(entry, relay, SESSION.exec(url ?? '')?.[1]);
    this.#askForTunnel(entry, caller.tunnel, caller.path, relay);
  }

  #askForTunnel(entry: ProxyEntry<string>, tunnel: number, path: string, relay: Relay): void {
    const url = this.#proxy.origin.replace(/^http/, 'ws') + path;
    const timeout = this.#limits.tunnelTimeout;
    entry.client.call('kite.tunnel', [{ url }], { timeout }).catch((error: unknown) => {
      if (isKiteError(error, 'timeout') || !this.#waiting.delete(tunnel)) return;
      const gone = isKiteError(error, 'disconnect');
      const [reason, text] = gone ? (['gone', 'The kite is gone'] as const) : REFUSED;
      this.#proxy.logger.debug(`The kite ${entry.kite.id} opened no tunnel: ${String(error)}`);
      this.#fail(relay, reason, text);
    });
  }

  #fail(relay: Relay, reason: string, text: string): void {
    this.#proxy.metrics.failed(reason);
    relay.close(BAD_GATEWAY_CODE, text);
  }

  /** A kite has opened a tunnel. */
  #dialled(channel: Channel, { url = '' }: IncomingMessage): void {
    const relay = this.#waiting.take(url);
    if (relay) relay.join(channel);
    else channel.close();
  }

  /** Nobody new comes in. Resolves once there is no session any more. */
  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#draining = resolve;
      if (this.#relays.size === 0) resolve();
    });
  }
}

/** Of WebSocket: a gateway had no good answer from what is behind it. */
const BAD_GATEWAY_CODE = 1014;
const GO_AWAY_CODE = 3000;
const GO_AWAY_REASON = 'Go away!';

const REFUSED = ['refused', 'The kite opened no tunnel'] as const;

const NO_TUNNEL: Refusal = { status: 404, text: 'Nobody waits for this tunnel, or its token is used up.\n' };
const NO_KITE_NAMED = 'Name a kite: /proxy?kiteID=ID\n';
const NO_KITE = { status: 404, text: 'No kite of this id is behind this proxy.\n', reason: 'unknown' };
const BUSY = { status: 503, text: 'Too many callers wait for this kite already.\n', reason: 'busy' };
const ENDING = { status: 503, text: 'This proxy is ending.\n', reason: 'ending' };

/** What a caller calls its session, where that can stand in a URL as it is. */
const SESSION = new RegExp(`^${CALLERS_PATH}(/\\d{1,3}/[\\w-]{1,128})/`);
