/**
 * The kinds of links: what flags and variables call them, and what programs call them. SockJS over `WebSocket`,
 * `RawWebSocket` without SockJS, `XHRPolling`, or `auto`: WebSocket, and XHR polling where that cannot pass.
 */
export const TRANSPORT_NAMES = {
  auto: 'auto',
  websocket: 'WebSocket',
  raw: 'RawWebSocket',
  xhr: 'XHRPolling',
} as const;

/** A kind of link, as programs call it. */
export type Transport = (typeof TRANSPORT_NAMES)[keyof typeof TRANSPORT_NAMES];
