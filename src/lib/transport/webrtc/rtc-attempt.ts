import type { PeerLimits } from '../limits/transport-limits.js';
import type { RtcConfiguration, RtcConnection, RtcDataChannel, RtcPlatform } from './rtc-platform.js';
import type { Signal, Signals } from './signals.js';

export interface RtcAttemptOptions {
  readonly platform: RtcPlatform;
  readonly configuration: RtcConfiguration | undefined;
  readonly limits: PeerLimits;
  readonly signals: Signals;
  /** The id of the other page's kite. */
  readonly peer: string;
  readonly session: string;
  /** The data channel is open. Called once, and not after `stop`. */
  readonly opened: (connection: RtcConnection, data: RtcDataChannel) => void;
  /** There will be none. Called once, and not after `stop`. */
  readonly failed: (error: unknown) => void;
}

/** The making of one data channel, on either side: descriptions and candidates go back and forth until it is open. */
export class RtcAttempt {
  readonly #options: RtcAttemptOptions;
  readonly #connection: RtcConnection;
  /** Candidates of the other side that came before its description. */
  #early: object[] | undefined = [];
  /** Candidates of this side that wait for its description to go first. */
  #own: object[] | undefined = [];
  #candidates = 0;
  #over = false;

  /** Throws where the browser has no WebRTC, or refuses the configuration. */
  constructor(options: RtcAttemptOptions) {
    const { platform, configuration } = options;
    if (!platform.RTCPeerConnection) throw new Error('this browser has no WebRTC here');
    this.#options = options;
    const connection = new platform.RTCPeerConnection(configuration);
    this.#connection = connection;
    connection.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate) this.#announce(candidate.toJSON());
    });
    connection.addEventListener('connectionstatechange', () => {
      if (connection.connectionState === 'failed') this.fail(new Error('neither page can reach the other'));
    });
  }

  /** Begins, as the side that wants the channel. */
  offer(): void {
    this.#await(this.#connection.createDataChannel('kite'));
    this.#try(async () => {
      await this.#connection.setLocalDescription();
      await this.#describe('offer');
    });
  }

  /** Begins, as the side that was sent an offer. */
  answer(offer: Signal): void {
    this.#connection.addEventListener('datachannel', ({ channel }) => this.#await(channel));
    this.#try(async () => {
      await this.#setRemote('offer', offer);
      await this.#connection.setLocalDescription();
      await this.#describe('answer');
    });
  }

  /** What the other side has to tell. */
  receive(signal: Signal): void {
    if (this.#over) return;
    if (signal.type === 'answer') {
      this.#try(() => this.#setRemote('answer', signal));
    } else if (signal.type === 'candidate') {
      const { candidate } = signal.payload;
      // Each is an address that this browser tries to reach.
      if (++this.#candidates > this.#options.limits.candidates) return;
      if (typeof candidate === 'object' && candidate !== null) this.#candidate(candidate);
    }
  }

  fail(error: unknown): void {
    if (this.#over) return;
    this.stop();
    this.#options.failed(error);
  }

  /** Gives up. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#connection.close();
  }

  #await(data: RtcDataChannel): void {
    const open = (): void => {
      if (this.#over) return;
      this.#over = true;
      this.#options.opened(this.#connection, data);
    };
    if (data.readyState === 'open') open();
    else data.addEventListener('open', open);
  }

  async #setRemote(type: 'offer' | 'answer', { payload: { sdp } }: Signal): Promise<void> {
    if (typeof sdp !== 'string' || sdp.length > this.#options.limits.descriptionLength)
      throw new Error("the peer's session description is not supported");
    await this.#connection.setRemoteDescription({ type, sdp });
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const candidate of early) this.#candidate(candidate);
  }

  #candidate(candidate: object): void {
    if (this.#early) this.#early.push(candidate);
    // One that is of no use is none the worse for the others.
    else this.#connection.addIceCandidate(candidate).catch(() => undefined);
  }

  async #describe(type: 'offer' | 'answer'): Promise<void> {
    const { signals, peer, session } = this.#options;
    await signals.send(type, peer, { session, sdp: this.#connection.localDescription?.sdp });
    const own = this.#own ?? [];
    this.#own = undefined;
    for (const candidate of own) this.#announce(candidate);
  }

  #announce(candidate: object): void {
    const { signals, peer, session } = this.#options;
    if (this.#own) this.#own.push(candidate);
    else if (!this.#over)
      signals.send('candidate', peer, { session, candidate }).catch((error: unknown) => this.fail(error));
  }

  #try(step: () => Promise<void>): void {
    step().catch((error: unknown) => this.fail(error));
  }
}
