/** The library for pages, `kitectl/browser`: a page is a kite that calls kites, and that they call. */
export * from './page-exports.js';
export type { Transport } from './kite/call/client.js';
export type { GetKitesOptions, KontrolClient } from './kite/kontrol/kontrol-client.js';
export type { RemoteKite } from './kite/kontrol/remote-kite.js';
export type { RenewToken } from './kite/call/token-renewal.js';
export type { KiteEvent, KiteWatch } from './kite/kontrol/kite-watch.js';
export { PageKite as Kite } from './kite/page/page-kite.js';
export type {
  PageClientOptions as ClientOptions,
  PageKiteOptions as KiteOptions,
  PageKontrolOptions as KontrolOptions,
} from './kite/page/page-kite-options.js';
export type { KiteQuery } from './protocol/query.js';
