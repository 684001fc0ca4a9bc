/** The library for pages that call each other over WebRTC, `kitectl/browser/webrtc`: `kitectl/browser` with another `Kite`. */
export * from './browser.js';
export type { Registration } from './kite/kontrol/registration.js';
export type { KontrolPeer } from './kite/page/kontrol-peer.js';
export {
  WebRtcKite as Kite,
  type WebRtcKiteOptions as KiteOptions,
  type WebRtcKontrolOptions as KontrolOptions,
} from './kite/page/webrtc-kite.js';
export type { PeerLimits } from './transport/limits/transport-limits.js';
export type { RtcConfiguration } from './transport/webrtc/rtc-platform.js';
