import type { PeerLimits } from '../limits/transport-limits.js';
import type { RtcConfiguration, RtcConnection, RtcDataChannel, RtcPlatform } from './rtc-platform.js';
import type { Signal, Signals } from './signals.js';

export interface RtcAttemptOptions {
  readonly platform: RtcPlatform;
  readonly configuration: RtcConfiguration | undefined;
  readonly limits: PeerLimits;
  readonly signals: Signals;
  /** The id of the kite in the other page. */
  readonly peer: string;
  /** The id of the session. */
  readonly session: string;
  /** Called when the data channel is open. Called at most once, and not after `stop`. */
  readonly opened: (connection: RtcConnection, data: RtcDataChannel) => void;
  /** Called when the attempt has failed. Called at most once, and not after `stop`. */
  readonly failed: (error: unknown) => void;
}

/** An attempt to open a data channel, at either end. Exchanges descriptions and candidates until the channel is open. */
export class RtcAttempt {
  readonly #options: RtcAttemptOptions;
  readonly #connection: RtcConnection;
  /** Candidates of the peer that arrived before its description. */
  #remoteCandidates: object[] | undefined = [];
  /** Candidates of this page, which are sent after its description. */
  #localCandidates: object[] | undefined = [];
  #candidateCount = 0;
  #ended = false;

  /** Throws if the browser does not support WebRTC, or rejects the configuration. */
  constructor(options: RtcAttemptOptions) {
    const { platform, configuration } = options;
    if (!platform.RTCPeerConnection) throw new Error('WebRTC is not available in this browser');
    this.#options = options;
    const connection = new platform.RTCPeerConnection(configuration);
    this.#connection = connection;
    connection.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate) this.#sendCandidate(candidate.toJSON());
    });
    connection.addEventListener('connectionstatechange', () => {
      if (connection.connectionState === 'failed')
        this.fail(new Error('the pages cannot connect to each other'));
    });
  }

  /** Starts the attempt as the page that dials. */
  offer(): void {
    this.#whenOpen(this.#connection.createDataChannel('kite'));
    this.#run(async () => {
      await this.#connection.setLocalDescription();
      await this.#sendDescription('offer');
    });
  }

  /** Starts the attempt as the page that received an offer. */
  answer(offer: Signal): void {
    this.#connection.addEventListener('datachannel', ({ channel }) => this.#whenOpen(channel));
    this.#run(async () => {
      await this.#setRemoteDescription('offer', offer);
      await this.#connection.setLocalDescription();
      await this.#sendDescription('answer');
    });
  }

  /** Handles a signal of the peer. */
  receive(signal: Signal): void {
    if (this.#ended) return;
    if (signal.type === 'answer') {
      this.#run(() => this.#setRemoteDescription('answer', signal));
    } else if (signal.type === 'candidate') {
      const { candidate } = signal.payload;
      // The browser tries to connect to each candidate.
      if (++this.#candidateCount > this.#options.limits.candidates) return;
      if (typeof candidate === 'object' && candidate !== null) this.#addCandidate(candidate);
    }
  }

  /** Ends the attempt and calls `failed`. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.stop();
    this.#options.failed(error);
  }

  /** Ends the attempt. Neither `opened` nor `failed` is called afterwards. */
  stop(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#connection.close();
  }

  #whenOpen(data: RtcDataChannel): void {
    const open = (): void => {
      if (this.#ended) return;
      this.#ended = true;
      this.#options.opened(this.#connection, data);
    };
    if (data.readyState === 'open') open();
    else data.addEventListener('open', open);
  }

  async #setRemoteDescription(type: 'offer' | 'answer', { payload: { sdp } }: Signal): Promise<void> {
    if (typeof sdp !== 'string' || sdp.length > this.#options.limits.descriptionLength)
      throw new Error("the peer's session description is not supported");
    await this.#connection.setRemoteDescription({ type, sdp });
    const candidates = this.#remoteCandidates ?? [];
    this.#remoteCandidates = undefined;
    for (const candidate of candidates) this.#addCandidate(candidate);
  }

  #addCandidate(candidate: object): void {
    if (this.#remoteCandidates) this.#remoteCandidates.push(candidate);
    // An invalid candidate does not affect the others.
    else this.#connection.addIceCandidate(candidate).catch(() => undefined);
  }

  async #sendDescription(type: 'offer' | 'answer'): Promise<void> {
    const { signals, peer, session } = this.#options;
    await signals.send(type, peer, { session, sdp: this.#connection.localDescription?.sdp });
    const candidates = this.#localCandidates ?? [];
    this.#localCandidates = undefined;
    for (const candidate of candidates) this.#sendCandidate(candidate);
  }

  #sendCandidate(candidate: object): void {
    const { signals, peer, session } = this.#options;
    if (this.#localCandidates) this.#localCandidates.push(candidate);
    else if (!this.#ended)
      signals.send('candidate', peer, { session, candidate }).catch((error: unknown) => this.fail(error));
  }

  #run(step: () => Promise<void>): void {
    step().catch((error: unknown) => this.fail(error));
  }
}
