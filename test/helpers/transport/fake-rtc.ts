import type {
  RtcConnection,
  RtcDataChannel,
  RtcDescription,
  RtcPlatform,
} from '../../../src/lib/transport/webrtc/rtc-platform.js';

type Listener = (event: never) => void;

class Events {
  readonly #listeners: [string, Listener][] = [];

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.push([type, listener]);
  }

  happens(type: string, event: object = {}): void {
    for (const [name, listener] of this.#listeners) if (name === type) listener(event as never);
  }
}

/** One end of a data channel whose other end is in the same process. */
export class FakeDataChannel extends Events implements RtcDataChannel {
  readyState = 'connecting';
  bufferedAmount = 0;
  bufferedAmountLowThreshold = 0;
  other: FakeDataChannel | undefined;
  readonly sent: string[] = [];

  open(): void {
    this.readyState = 'open';
    this.happens('open');
  }

  send(text: string): void {
    this.sent.push(text);
    const { other } = this;
    queueMicrotask(() => other?.happens('message', { data: text }));
  }

  close(): void {
    if (this.readyState === 'closed') return;
    const ends = [this, this.other];
    queueMicrotask(() => {
      for (const end of ends) {
        if (!end || end.readyState === 'closed') continue;
        end.readyState = 'closed';
        end.happens('close');
      }
    });
  }
}

class FakeConnection extends Events implements RtcConnection {
  connectionState = 'new';
  localDescription: RtcDescription | null = null;
  readonly candidates: object[] = [];
  readonly #world: FakeRtc;
  readonly #name: string;
  #data: FakeDataChannel | undefined;
  #remote: string | undefined;

  constructor(world: FakeRtc) {
    super();
    this.#world = world;
    this.#name = `connection ${world.connections.size}`;
    world.connections.set(this.#name, this);
  }

  createDataChannel(): FakeDataChannel {
    this.#data = new FakeDataChannel();
    return this.#data;
  }

  setLocalDescription(): Promise<void> {
    this.localDescription = { type: this.#data ? 'offer' : 'answer', sdp: this.#name };
    this.happens('icecandidate', { candidate: { toJSON: () => ({ candidate: `of ${this.#name}` }) } });
    this.happens('icecandidate', { candidate: null });
    return Promise.resolve();
  }

  setRemoteDescription({ type, sdp }: { type: string; sdp: string }): Promise<void> {
    const other = this.#world.connections.get(sdp);
    if (!other) return Promise.reject(new Error('no description'));
    this.#remote = sdp;
    if (type === 'answer' && this.#world.reachable) this.#meet(other);
    return Promise.resolve();
  }

  addIceCandidate(candidate: object): Promise<void> {
    if (this.#remote === undefined) return Promise.reject(new Error('too early'));
    this.candidates.push(candidate);
    return Promise.resolve();
  }

  fail(): void {
    this.connectionState = 'failed';
    this.happens('connectionstatechange');
  }

  close(): void {
    this.connectionState = 'closed';
    this.#data?.close();
  }

  #meet(other: FakeConnection): void {
    const [near, far] = [this.#data ?? new FakeDataChannel(), new FakeDataChannel()];
    near.other = far;
    far.other = near;
    other.#data = far;
    other.happens('datachannel', { channel: far });
    far.open();
    near.open();
    this.#world.channels.push(near, far);
  }
}

/** WebRTC in one process: every connection reaches every other while `reachable`. */
export class FakeRtc {
  reachable = true;
  readonly connections = new Map<string, FakeConnection>();
  /** The open data channels in pairs: first that of the side that offered. */
  readonly channels: FakeDataChannel[] = [];

  readonly platform: RtcPlatform;

  constructor() {
    const newConnection = (): FakeConnection => this.connect();
    this.platform = {
      // `new` with a function that returns an object returns that object.
      RTCPeerConnection: function connect() {
        return newConnection();
      } as unknown as NonNullable<RtcPlatform['RTCPeerConnection']>,
    };
  }

  /** Creates another connection, of a hostile page. */
  connect(): FakeConnection {
    return new FakeConnection(this);
  }
}
