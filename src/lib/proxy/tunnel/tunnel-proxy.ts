/// <reference lib="esnext.disposable" preserve="true" />

import { errorText } from '../../util/message-of.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TlsOptions } from '../../kite/serve/http-listener.js';
import type { UpgradeHandler } from '../../kite/serve/http-routes.js';
import type { Kite } from '../../kite/kite.js';
import type { CloseOptions, ReplacedParts } from '../../kite/kite-options.js';
import { isKiteError } from '../../protocol/errors.js';
import { Relay } from '../../transport/relay/relay.js';
import { refuseUpgrade } from '../../transport/server/refuse-upgrade.js';
import { type Refusal, type SessionTarget, SockJsServer } from '../../transport/server/sockjs-server.js';
import type { Channel } from '../../transport/channel/channel.js';
import type { ProxyLimits } from '../limits/proxy-limits.js';
import { ProxyKite, type ProxyKind, type ProxyStatus } from '../shared/proxy-kite.js';
import type { ProxyOptions } from '../shared/proxy-options.js';
import type { ProxyEntry } from '../shared/proxy-table.js';
import { CALLERS_PATH, parseCallerUrl } from './caller-url.js';
import { TUNNELS_PATH, WaitingCallers } from './waiting-callers.js';
import { BAD_GATEWAY_CODE, GO_AWAY_CODE, GO_AWAY_REASON } from '../../transport/channel/close-code.js';
import { toWebSocket } from '../../util/web-url.js';
import { respondText } from '../../transport/server/respond.js';

export interface TunnelProxyOptions extends ProxyOptions {
  /**
   * Origins of pages that may call the kites behind the proxy, in addition to its own and those of loopback hosts. `*` allows
   * any origin. A kite cannot check origins itself, because it is connected to the proxy only. Default: none.
   */
  readonly allowOrigin?: readonly string[] | '*' | undefined;
}

/**
 * A proxy for kites that cannot be reached, because they are behind NAT or do not listen. For each caller, it requests the
 * kite to open a tunnel, a connection from the kite to the proxy, and relays messages between the two.
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
  #onDrained: (() => void) | undefined;

  /** @throws ConfigurationError if an option is invalid or no kite key is found */
  constructor(options: TunnelProxyOptions);
  /** @internal `replaced`: parts that this package replaces in the kite of the proxy. */
  constructor(options: TunnelProxyOptions, replaced: ReplacedParts);
  constructor(options: TunnelProxyOptions, replaced: ReplacedParts = {}) {
    const kind: ProxyKind<string> = {
      name: 'tunnelproxy',
      admit: ({ client }) => client.remoteAddress,
      publicUrl: ({ kite: { id } }, origin) => `${origin}${CALLERS_PATH}?kiteID=${id}`,
      describe: (address) => address,
    };
    const proxy = new ProxyKite<string>(options, kind, replaced);
    const { kite, clock, limits, budgets, logger } = proxy;
    this.#proxy = proxy;
    this.#limits = limits;
    this.#waiting = new WaitingCallers({
      limits,
      clock,
      onTimeout: (relay) => this.#fail(relay, 'timeout', 'The kite did not open its tunnel in time'),
    });
    this.#callers = new SockJsServer({
      prefixes: [CALLERS_PATH],
      limits,
      clock,
      budgets,
      logger,
      ...(options.allowOrigin && { allowOrigin: options.allowOrigin }),
      admit: (_, { scope: kiteId }) => this.#admit(kiteId),
      onSession: (channel, _, target) => this.#openRelay(channel, target),
    });
    this.#tunnels = new SockJsServer({
      prefixes: [TUNNELS_PATH],
      limits,
      clock,
      budgets,
      logger,
      // Tunnels are authenticated by a token. Kites in Go send an Origin that may not match the host behind a load balancer.
      allowOrigin: '*',
      admit: ({ url = '' }) => (this.#waiting.has(url) ? undefined : NO_TUNNEL),
      onSession: (channel, request) => {
        channel.authenticated?.();
        this.#joinTunnel(channel, request);
      },
    });
    this.#addRoutes(kite);
  }

  /** The proxy's own kite. */
  get kite(): Kite {
    return this.#proxy.kite;
  }

  /** The URL that the proxy registers with Kontrol. Empty before `listen`. */
  get url(): string {
    return this.#proxy.url;
  }

  /** Number of callers that wait for a kite to open a tunnel. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Replaces the TLS certificate for new connections. Throws if it cannot be used; the previous one then stays in use. */
  useTls(tls: TlsOptions): void {
    this.kite.useTls(tls);
  }

  /** Starts listening, and registers with Kontrol in the background, with retries. Rejects if the proxy cannot listen. */
  listen(): Promise<void> {
    return this.#proxy.listen();
  }

  /** Refuses new sessions, asks kites to use another proxy, and waits for open sessions to end, at most `drainTimeout`. */
  async close(options?: CloseOptions): Promise<void> {
    await this.#proxy.close(options);
    for (const relay of this.#relays) relay.close(GO_AWAY_CODE, GO_AWAY_REASON);
    await Promise.all([this.#callers.close(), this.#tunnels.close()]);
  }

  /** Calls `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Returns the status of the proxy and its kites. */
  status(): ProxyStatus {
    return this.#proxy.status();
  }

  #addRoutes(kite: Kite): void {
    // Both SockJS servers check origins themselves.
    const open = { anyOrigin: true };
    for (const path of [CALLERS_PATH, `${CALLERS_PATH}/`]) {
      kite.handleHttp(path, (request, response) => this.#handleRequest(request, response), open);
      kite.handleUpgrade(path, (request, socket, head) => this.#handleUpgrade(request, socket, head), open);
    }
    const openTunnel: UpgradeHandler = (request, socket, head) => {
      this.#tunnels.handleUpgrade(request, socket, head);
    };
    kite.handleUpgrade(`${TUNNELS_PATH}/`, openTunnel, open);
    kite.beforeClose(() => this.#drain());
  }

  #handleRequest(request: IncomingMessage, response: ServerResponse): void {
    const target = sessionTarget(request);
    if (target) {
      this.#callers.handleRequest(request, response, target);
    } else {
      respondText(response, 404, {}, NO_KITE_ID);
    }
  }

  #handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const target = sessionTarget(request);
    if (target) {
      this.#callers.handleUpgrade(request, socket, head, target);
    } else {
      refuseUpgrade(socket, 404, NO_KITE_ID);
    }
  }

  #admit(kiteId: string): Refusal | undefined {
    const entry = this.#proxy.table.get(kiteId);
    const refusal = this.#onDrained ? SHUTTING_DOWN : entry ? this.#waiting.isFull(entry) && BUSY : NO_KITE;
    if (!refusal) return undefined;
    this.#proxy.metrics.failed(refusal.reason);
    return refusal;
  }

  #openRelay(channel: Channel, { scope: kiteId, path }: SessionTarget): void {
    const entry = this.#proxy.table.get(kiteId);
    // The kite may have disconnected since `admit`.
    if (!entry) {
      channel.close();
      return;
    }
    const session = entry.openSession();
    const relay: Relay = new Relay(channel, {
      limits: this.#limits,
      input: this.#proxy.budgets.input,
      countBytes: (toKite, fromKite) => session.count(toKite, fromKite),
      ended: () => {
        this.#waiting.delete(caller.tunnel);
        this.#relays.delete(relay);
        session.end();
        if (this.#relays.size === 0) this.#onDrained?.();
      },
    });
    this.#relays.add(relay);
    const caller = this.#waiting.add(entry, relay, SESSION_PATH.exec(path)?.[1]);
    this.#requestTunnel(entry, caller.tunnel, caller.path, relay);
  }

  #requestTunnel(entry: ProxyEntry<string>, tunnel: number, path: string, relay: Relay): void {
    const url = toWebSocket(this.#proxy.origin) + path;
    const timeout = this.#limits.tunnelTimeout;
    entry.client.call('kite.tunnel', [{ url }], { timeout }).catch((error: unknown) => {
      if (isKiteError(error, 'timeout') || !this.#waiting.delete(tunnel)) return;
      const disconnected = isKiteError(error, 'disconnect');
      const [reason, message] = disconnected
        ? (['gone', 'The kite has disconnected'] as const)
        : REFUSED_FAILURE;
      this.#proxy.logger.debug(`The kite ${entry.kite.id} did not open a tunnel: ${errorText(error)}`);
      this.#fail(relay, reason, message);
    });
  }

  #fail(relay: Relay, reason: string, message: string): void {
    this.#proxy.metrics.failed(reason);
    relay.close(BAD_GATEWAY_CODE, message);
  }

  /** Joins a tunnel that a kite has opened with its caller. */
  #joinTunnel(channel: Channel, { url = '' }: IncomingMessage): void {
    const relay = this.#waiting.take(url);
    if (relay) relay.join(channel);
    else channel.close();
  }

  /** Refuses new callers. Resolves once all sessions have ended. */
  #drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained = resolve;
      if (this.#relays.size === 0) resolve();
    });
  }
}

/** The session that a caller's request belongs to, scoped by the id of the kite. */
function sessionTarget({ url = '' }: IncomingMessage): SessionTarget | undefined {
  const route = parseCallerUrl(url);
  return route && { path: route.path, scope: route.kiteId };
}

const REFUSED_FAILURE = ['refused', 'The kite did not open a tunnel'] as const;

const NO_TUNNEL: Refusal = {
  status: 404,
  text: 'No caller waits for this tunnel, or its token was already used.\n',
};
const NO_KITE_ID = 'The kite id is missing: /proxy?kiteID=ID\n';
const NO_KITE = {
  status: 404,
  text: 'No kite with this id is registered with this proxy.\n',
  reason: 'unknown',
};
const BUSY = { status: 503, text: 'Too many callers are waiting for this kite.\n', reason: 'busy' };
const SHUTTING_DOWN = { status: 503, text: 'This proxy is shutting down.\n', reason: 'ending' };

/** Captures the server and session ids of a caller's path, if the session id does not need encoding. */
const SESSION_PATH = new RegExp(`^${CALLERS_PATH}(/\\d{1,3}/[\\w-]{1,128})/`);
