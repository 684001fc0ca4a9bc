import { ConfigurationError, KiteError } from '../../protocol/errors.js';
import { type PeerLimits, peerLimits } from '../../transport/limits/transport-limits.js';
import { composeLimits, limitsIn } from '../limits/compose-limits.js';
import { type ConnectionLimits, connectionLimits } from '../limits/kite-limits.js';
import type { RtcConfiguration, RtcPlatform } from '../../transport/webrtc/rtc-platform.js';
import type { Auth, Dialer } from '../call/client.js';
import type { KiteCore } from '../core/kite-core.js';
import { applyFreshKey } from '../kontrol/apply-fresh-key.js';
import { addHeartbeatMethod } from '../serve/heartbeat-method.js';
import { KontrolPeer } from './kontrol-peer.js';
import type { AnyMethods } from '../call/method-types.js';
import { composePageKite } from './compose-page-kite.js';
import { PageKite, pageParts } from './page-kite.js';
import type { PageKiteOptions, PageKontrolOptions } from './page-kite-options.js';

/** Options of a kite in a page that other pages call. */
export interface WebRtcKiteOptions extends Omit<PageKiteOptions, 'limits'> {
  /** Limits on the resources that kites and other pages can use. */
  readonly limits?: Partial<ConnectionLimits & PeerLimits>;
  /** Configuration of `RTCPeerConnection`, such as STUN and TURN servers. Default: none, for pages in one network. */
  readonly rtc?: RtcConfiguration;
}

/** Options of a client of Kontrol in a page that other pages call. */
export interface WebRtcKontrolOptions extends PageKontrolOptions {
  /** Stores the fresh kite key that Kontrol issues with a registration after it has changed its keys. Default: not stored. */
  readonly saveKiteKey?: (jwt: string) => void | Promise<void>;
}

/**
 * A kite in a page that other pages call over WebRTC, without a server between them, after they have found it through Kontrol.
 *
 * @example
 *     const kite = new Kite('chat', '1.0.0', { environment: 'prod' });
 *     const kontrol = kite.kontrol({ url, auth });
 *     await kontrol.registerForever();
 *     const [other] = await kontrol.getKites({ username: 'bob', environment: 'prod', name: 'chat' });
 *     await other.client().dial();
 */
// It extends PageKite so that code for `kitectl/browser` accepts it.
export class WebRtcKite<Methods = AnyMethods> extends PageKite<Methods> {
  readonly #core: KiteCore;
  readonly #rtc: RtcConfiguration | undefined;
  readonly #peers: Set<KontrolPeer>;
  readonly #limits: PeerLimits;

  constructor(name: string, version: string, options: WebRtcKiteOptions = {}) {
    const peers = new Set<KontrolPeer>();
    const limits = composeLimits({ ...connectionLimits, ...peerLimits }, options.limits);
    const own = { ...options, limits: limitsIn(connectionLimits, limits) };
    const extendDialer = (dialer: Dialer): Dialer => withPeers(dialer, peers);
    const core = composePageKite(name, version, own, { ...pageParts, extendDialer });
    super(name, version, own, core);
    this.#core = core;
    this.#rtc = options.rtc;
    this.#limits = limits;
    this.#peers = peers;
    addHeartbeatMethod(core, core.host.clock);
    core.handle<unknown[]>('kite.handleWebRTC', (request) => {
      const kontrol = [...peers].find((peer) => peer.isFrom(request));
      if (kontrol) return kontrol.handleSignal(request.args[0]);
      throw new KiteError('authenticationError', 'Only Kontrol may call kite.handleWebRTC');
    });
  }

  /** Returns a client of Kontrol that can also register this page. See `kontrol` of `kitectl/browser`. */
  override kontrol({ url, auth, saveKiteKey, backoff }: WebRtcKontrolOptions): KontrolPeer {
    let credentials: Auth | null = auth;
    const use = (fresh: Auth): void => {
      credentials = fresh;
      kontrol.renewAuth();
    };
    const { logger } = this.#core.host;
    const kontrol = new KontrolPeer({
      ...this.#core.host,
      limits: { ...this.#limits, ...this.#core.host.limits },
      id: this.identity.id,
      platform: globalThis as unknown as RtcPlatform,
      configuration: this.#rtc,
      urls: typeof url === 'string' ? [url] : url,
      auth: () => credentials,
      newClient: (found, options) => this.newClient(found, options),
      accept: (channel, username) => this.accept(channel, username),
      registered: async ({ url: registered, kiteKey }) => {
        if (kiteKey !== undefined) await applyFreshKey(kiteKey, { use, save: saveKiteKey, logger });
        this.#core.emit('register', registered);
      },
      registerFailed: (error) => this.#core.emit('registerFailed', error),
      backoff,
    });
    this.#peers.add(kontrol);
    return kontrol;
  }

  override close(): Promise<void> {
    for (const peer of this.#peers) peer.close();
    return super.close();
  }
}

/** Extends a dialer: it dials pages through the Kontrol that was opened last. */
function withPeers(dialer: Dialer, peers: ReadonlySet<KontrolPeer>): Dialer {
  return (url, options) => {
    if (!url.startsWith('webrtc:')) return dialer(url, options);
    const kontrol = [...peers].filter((peer) => !peer.closed).at(-1);
    if (kontrol) return kontrol.dialPeer(url, options);
    const message = `${url} is a page, which is reached through Kontrol only: call kontrol() first`;
    return Promise.reject(new ConfigurationError('noKontrol', message));
  };
}
