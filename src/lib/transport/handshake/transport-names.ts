/**
 * The transports, by their names in flags and variables, with their names in programs. `WebSocket` carries SockJS,
 * `RawWebSocket` does not. `auto` is `WebSocket` with a fallback to `XHRPolling`.
 */
export const TRANSPORT_NAMES = {
  auto: 'auto',
  websocket: 'WebSocket',
  raw: 'RawWebSocket',
  xhr: 'XHRPolling',
} as const;

/** The name of a transport in programs. */
export type Transport = (typeof TRANSPORT_NAMES)[keyof typeof TRANSPORT_NAMES];
