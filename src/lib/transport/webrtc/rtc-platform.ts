/* The part of WebRTC in a browser that data channels need; see `sockjs/browser/platform.ts`. */

export interface RtcDescription {
  readonly type: string;
  readonly sdp?: string;
}

export interface RtcDataChannel {
  readonly readyState: string;
  readonly bufferedAmount: number;
  bufferedAmountLowThreshold: number;
  send(text: string): void;
  close(): void;
  addEventListener(type: 'open' | 'close' | 'bufferedamountlow', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

export interface RtcConnection {
  readonly connectionState: string;
  readonly localDescription: RtcDescription | null;
  createDataChannel(label: string): RtcDataChannel;
  setLocalDescription(): Promise<void>;
  setRemoteDescription(description: { readonly type: string; readonly sdp: string }): Promise<void>;
  addIceCandidate(candidate: object): Promise<void>;
  close(): void;
  addEventListener(type: 'connectionstatechange', listener: () => void): void;
  addEventListener(
    type: 'icecandidate',
    listener: (event: { readonly candidate: { toJSON(): object } | null }) => void,
  ): void;
  addEventListener(
    type: 'datachannel',
    listener: (event: { readonly channel: RtcDataChannel }) => void,
  ): void;
}

/** What a browser is told about servers that help two pages to reach each other: an `RTCConfiguration`. */
export type RtcConfiguration = Readonly<Record<string, unknown>>;

export interface RtcPlatform {
  /** Missing in workers, and where the browser has it switched off. */
  readonly RTCPeerConnection?: (new (configuration?: RtcConfiguration) => RtcConnection) | undefined;
  addEventListener?(type: 'pagehide', listener: () => void): void;
  removeEventListener?(type: 'pagehide', listener: () => void): void;
}
