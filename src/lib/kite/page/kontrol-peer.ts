import { KiteError } from '../../protocol/errors.js';
import type { KiteQuery } from '../../protocol/query.js';
import type { Channel } from '../../transport/channel/channel.js';
import type { PeerLimits } from '../../transport/limits/transport-limits.js';
import type { ConnectionLimits } from '../limits/kite-limits.js';
import {
  type PeerDialOptions,
  WebRtcPeers,
  type WebRtcPeersOptions,
} from '../../transport/webrtc/webrtc-peers.js';
import type { RtcConfiguration, RtcPlatform } from '../../transport/webrtc/rtc-platform.js';
import { parseSignal, type SignalType } from '../../transport/webrtc/signals.js';
import type { Client } from '../call/client.js';
import type { KiteEvent, KiteWatch } from '../kontrol/kite-watch.js';
import { LinkedKontrolClient } from '../kontrol/linked-kontrol-client.js';
import { KontrolLink } from '../kontrol/kontrol-link.js';
import { KontrolRegistrant, type KontrolRegistrantOptions } from '../kontrol/kontrol-registrant.js';
import type { GetKitesOptions, KontrolClient } from '../kontrol/kontrol-client.js';
import type { Registration } from '../kontrol/registration.js';
import type { RemoteKite } from '../kontrol/remote-kite.js';
import type { Request } from '../serve/request.js';

export interface KontrolPeerOptions extends KontrolRegistrantOptions {
  /** Identifier of the kite of this page. */
  readonly id: string;
  readonly limits: ConnectionLimits & PeerLimits;
  readonly platform: RtcPlatform;
  readonly configuration: RtcConfiguration | undefined;
  readonly accept: WebRtcPeersOptions['accept'];
}

/**
 * Kontrol for a page that other pages call: registers the page, and relays the signals with which two pages connect. The other
 * methods are those of `KontrolClient`.
 */
export class KontrolPeer implements KontrolClient {
  readonly #ownUrl: string;
  readonly #link: KontrolLink;
  readonly #client: LinkedKontrolClient;
  readonly #registrant: KontrolRegistrant;
  readonly #peers: WebRtcPeers;
  #closed = false;

  /** @internal */
  constructor(options: KontrolPeerOptions) {
    this.#ownUrl = `webrtc://${options.id}`;
    this.#link = new KontrolLink(options);
    this.#client = new LinkedKontrolClient(options, this.#link);
    this.#registrant = new KontrolRegistrant(options, this.#link);
    const send = (type: SignalType, dst: string, payload: object): Promise<unknown> =>
      this.#send(type, dst, payload);
    this.#peers = new WebRtcPeers({ ...options, signals: { send } });
    this.#link.on('disconnect', () => this.#peers.kontrolDisconnected());
  }

  connect(): Promise<Client> {
    return this.#client.connect();
  }

  getKites(query: KiteQuery, options?: GetKitesOptions): Promise<RemoteKite[]> {
    return this.#client.getKites(query, options);
  }

  getToken(query: KiteQuery, options?: { readonly force?: boolean }): Promise<string> {
    return this.#client.getToken(query, options);
  }

  getKey(): Promise<string> {
    return this.#client.getKey();
  }

  watchKites(query: KiteQuery, listener: (event: KiteEvent) => void): Promise<KiteWatch> {
    return this.#client.watchKites(query, listener);
  }

  renewAuth(): void {
    this.#client.renewAuth();
  }

  /** Registers the page once. The registration ends with the connection. Rejects with the error of Kontrol. */
  register({ url = this.#ownUrl }: { readonly url?: string } = {}): Promise<{ readonly url: string }> {
    return this.#registrant.register(url);
  }

  /**
   * Registers the page so that other pages find and call it, and maintains the registration. Resolves when the page is
   * registered for the first time. Rejects if the kite closes first, or if Kontrol rejects it permanently.
   */
  registerForever({ url = this.#ownUrl }: { readonly url?: string } = {}): Promise<Registration> {
    return this.#registrant.registerForever(url);
  }

  /**
   * Opens a channel to another page that is registered with this Kontrol; `url` is `webrtc://` and its id.
   *
   * @internal
   */
  dialPeer(url: string, options: PeerDialOptions): Promise<Channel> {
    return this.#peers.dial(new URL(url).host, url, options);
  }

  /**
   * Whether a request is from this Kontrol.
   *
   * @internal
   */
  isFrom(request: Request): boolean {
    return this.#link.client?.isConnectedTo(request.client) === true;
  }

  /**
   * Handles a signal that Kontrol has relayed from another page.
   *
   * @internal
   */
  handleSignal(value: unknown): unknown {
    const signal = parseSignal(value);
    if (!signal)
      throw new KiteError('argumentError', 'kite.handleWebRTC takes {type, src, payload: {session}}');
    return this.#peers.receive(signal);
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
    this.#peers.close();
    this.#link.close();
  }

  /** Does not repeat the call if the connection is lost: the other page would handle the signal twice. */
  async #send(type: SignalType, dst: string, payload: object): Promise<unknown> {
    const kontrol = await this.#link.connect();
    // A message waits until the other page reads it, and fails when that page has disconnected.
    const options = type === 'message' ? { timeout: 0 } : {};
    return kontrol.call('kite.handleWebRTC', [{ type, dst, payload }], options);
  }
}
