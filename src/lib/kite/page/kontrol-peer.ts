import { KiteError } from '../../protocol/errors.js';
import type { Channel } from '../../transport/channel/channel.js';
import type { PeerLimits } from '../../transport/limits/transport-limits.js';
import type { ConnectionLimits } from '../limits/kite-limits.js';
import {
  type PeerDialOptions,
  WebRtcPeers,
  type WebRtcPeersOptions,
} from '../../transport/webrtc/webrtc-peers.js';
import type { RtcConfiguration, RtcPlatform } from '../../transport/webrtc/rtc-platform.js';
import { readSignal, type SignalType } from '../../transport/webrtc/signals.js';
import type { Request } from '../serve/request.js';
import { KontrolRegistrant, type KontrolRegistrantOptions } from '../kontrol/kontrol-registrant.js';
import type { Registration } from '../kontrol/registration.js';

export interface KontrolPeerOptions extends KontrolRegistrantOptions {
  /** The id of this page's kite. */
  readonly id: string;
  readonly limits: ConnectionLimits & PeerLimits;
  readonly platform: RtcPlatform;
  readonly configuration: RtcConfiguration | undefined;
  readonly accept: WebRtcPeersOptions['accept'];
}

/** Kontrol for a page that others are to reach: it passes on what the two need to talk directly. */
export class KontrolPeer extends KontrolRegistrant {
  readonly #ownUrl: string;
  readonly #peers: WebRtcPeers;
  #closed = false;

  constructor(options: KontrolPeerOptions) {
    super(options);
    this.#ownUrl = `webrtc://${options.id}`;
    const send = (type: SignalType, dst: string, payload: object): Promise<unknown> =>
      this.#send(type, dst, payload);
    this.#peers = new WebRtcPeers({ ...options, signals: { send } });
    this.link.on('disconnect', () => this.#peers.lost());
  }

  /** Registers once, for as long as the connection lasts. Rejects with what Kontrol has against it. */
  override register({
    url = this.#ownUrl,
  }: {
    readonly url?: string;
  } = {}): Promise<{ readonly url: string }> {
    return super.register({ url });
  }

  /** Registers and stays registered, so that others find this page and reach it. */
  override registerForever({ url = this.#ownUrl }: { readonly url?: string } = {}): Promise<Registration> {
    return super.registerForever({ url });
  }

  /** Opens a channel to another page that is registered here; `url` is `webrtc://` and its id. */
  dialPeer(url: string, options: PeerDialOptions): Promise<Channel> {
    return this.#peers.dial(new URL(url).host, url, options);
  }

  /** Whether a request came from this Kontrol. */
  isFrom(request: Request): boolean {
    return this.link.client?.isConnectedTo(request.client) === true;
  }

  /** Takes in what Kontrol has passed on for another page. */
  handleSignal(value: unknown): unknown {
    const signal = readSignal(value);
    if (!signal)
      throw new KiteError('argumentError', 'kite.handleWebRTC takes {type, src, payload: {session}}');
    return this.#peers.receive(signal);
  }

  get closed(): boolean {
    return this.#closed;
  }

  override close(): void {
    this.#closed = true;
    this.#peers.close();
    super.close();
  }

  /** Not made twice, whatever happens to the connection: the other side would take it for another message. */
  async #send(type: SignalType, dst: string, payload: object): Promise<unknown> {
    const kontrol = await this.link.connect();
    // A message waits for as long as the other side does not read, and fails when it has gone.
    const options = type === 'message' ? { timeout: 0 } : {};
    return kontrol.call('kite.handleWebRTC', [{ type, dst, payload }], options);
  }
}
