import { ConfigurationError, KiteError } from '../../protocol/errors.js';
import { type PeerLimits, peerLimits } from '../../transport/limits/transport-limits.js';
import type { ConnectionLimits } from '../limits/kite-limits.js';
import type { RtcConfiguration, RtcPlatform } from '../../transport/webrtc/rtc-platform.js';
import type { Auth, Dialer } from '../call/client.js';
import type { KiteCore } from '../core/kite-core.js';
import { applyFreshKey } from '../kontrol/apply-fresh-key.js';
import { addHeartbeatMethod } from '../serve/heartbeat-method.js';
import { KontrolPeer } from './kontrol-peer.js';
import type { AnyMethods } from '../call/method-types.js';
import { composePageKite } from './compose-page-kite.js';
import { PageKite } from './page-kite.js';
import type { PageKiteOptions, PageKontrolOptions } from './page-kite-options.js';

export interface WebRtcKiteOptions extends Omit<PageKiteOptions, 'limits'> {
  /** What a peer, or another page, may make this page spend. */
  readonly limits?: Partial<ConnectionLimits & PeerLimits>;
  /** Servers that help two pages to reach each other: what `RTCPeerConnection` takes. Default: none, for one network. */
  readonly rtc?: RtcConfiguration;
}

export interface WebRtcKontrolOptions extends PageKontrolOptions {
  /** Gets the fresh kite key that Kontrol hands out at a registration, after it has changed its keys. */
  readonly saveKiteKey?: (jwt: string) => void | Promise<void>;
}

/**
 * A page as a kite that other pages reach too: over WebRTC, without a server between them, once they have found each other
 * at Kontrol.
 *
 *     const kontrol = kite.kontrol({ url, auth });
 *     await kontrol.registerForever();
 *     const [other] = await kontrol.getKites({ username: 'bob', environment: 'prod', name: 'chat' });
 *     await other.client().dial();
 */
export class WebRtcKite<Methods = AnyMethods> extends PageKite<Methods> {
  readonly #core: KiteCore;
  readonly #rtc: RtcConfiguration | undefined;
  readonly #peers: Set<KontrolPeer>;
  readonly #limits: PeerLimits;

  constructor(name: string, version: string, options: WebRtcKiteOptions = {}) {
    const peers = new Set<KontrolPeer>();
    const core = composePageKite(name, version, options, (own) => dialPeersBy(peers, own));
    super(name, version, options, core);
    this.#core = core;
    this.#rtc = options.rtc;
    this.#limits = { ...peerLimits, ...options.limits };
    this.#peers = peers;
    addHeartbeatMethod(core, core.host.clock);
    core.handle<unknown[]>('kite.handleWebRTC', (request) => {
      const kontrol = [...peers].find((peer) => peer.isFrom(request));
      if (kontrol) return kontrol.handleSignal(request.args[0]);
      throw new KiteError('authenticationError', 'kite.handleWebRTC is for Kontrol only');
    });
  }

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

/** Dials pages by way of the Kontrol that was asked for last. */
function dialPeersBy(peers: ReadonlySet<KontrolPeer>, own: Dialer): Dialer {
  return (url, options) => {
    if (!url.startsWith('webrtc:')) return own(url, options);
    const kontrol = [...peers].filter((peer) => !peer.closed).at(-1);
    if (kontrol) return kontrol.dialPeer(url, options);
    const message = `${url} is a page, which can only be reached through Kontrol: call kontrol() first`;
    return Promise.reject(new ConfigurationError('noKontrol', message));
  };
}
