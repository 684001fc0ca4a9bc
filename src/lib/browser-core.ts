/**
 * The smallest library for pages, `kitectl/browser/core`: a page is a kite that calls kites, and that they call, over WebSockets.
 * It has neither a client of Kontrol nor XHR polling.
 */
export * from './page-exports.js';
export {
  WebSocketKite as Kite,
  type WebSocketClientOptions as ClientOptions,
  type WebSocketKiteOptions as KiteOptions,
  type WebSocketTransport as Transport,
} from './kite/page/web-socket-kite.js';
