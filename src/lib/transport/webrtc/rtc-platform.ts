/* The part of the browser's WebRTC API that data channels use. See `page-platform.ts`. */

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

/** An `RTCConfiguration` of the browser, with the STUN and TURN servers through which pages connect. */
export type RtcConfiguration = Readonly<Record<string, unknown>>;

export interface RtcPlatform {
  /** Undefined in workers, and if it is disabled in the browser. */
  readonly RTCPeerConnection?: (new (configuration?: RtcConfiguration) => RtcConnection) | undefined;
  addEventListener?(type: 'pagehide', listener: () => void): void;
  removeEventListener?(type: 'pagehide', listener: () => void): void;
}
