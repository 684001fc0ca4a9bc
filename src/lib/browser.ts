/** The library for pages, `kitectl/browser`: a page is a kite that calls kites, and that they call. */
export type { Auth, Client, ClientEvents, Transport } from './kite/call/client.js';
export type { KiteEvents } from './kite/core/kite-core.js';
export type { HandleOptions, KiteDescription } from './kite/serve/method-host.js';
export type { GetKitesOptions, KontrolClient } from './kite/kontrol/kontrol-client.js';
export type { RemoteKite } from './kite/kontrol/remote-kite.js';
export type { RenewToken } from './kite/call/token-renewal.js';
export type { KiteEvent, KiteWatch } from './kite/kontrol/kite-watch.js';
export type {
  FinalFunc,
  Handler,
  Method,
  MethodHandling,
  Middleware,
  Next,
  Outcome,
  ThrottleOptions,
} from './kite/serve/method.js';
export type * from './kite/call/method-types.js';
export type { RemoteFunction } from './kite/call/remote-function.js';
export type * from './kite/call/wire-types.js';
export type { MethodDefinition, TypedMethod, TypedMethods } from './kite/serve/typed-methods.js';
export type { CallerIdentity } from './kite/call/caller-identity.js';
// With a star, so that programs can add properties to it.
export type * from './kite/serve/request-context.js';
export type { ConnectionEvents } from './kite/call/connection-options.js';
export type { CallbackAnswer } from './kite/callbacks/callback-answer.js';
export type { SharedFunction } from './kite/callbacks/shared-function.js';
export { PageKite as Kite } from './kite/page/page-kite.js';
export type {
  PageClientOptions as ClientOptions,
  PageKiteOptions as KiteOptions,
  PageKontrolOptions as KontrolOptions,
} from './kite/page/page-kite-options.js';
export type { CallOptions, Peer } from './kite/call/peer.js';
export type { RemoteStream } from './kite/streams/remote-stream.js';
export type { ParentRequest } from './kite/call/call-fields.js';
export type { Extension, ExtensionSet } from './protocol/extensions.js';
export type { Metadata } from './protocol/metadata.js';
export type { TraceContext } from './protocol/trace-context.js';
export type { Request } from './kite/serve/request.js';
export type { ArgsSchema } from './kite/serve/argument-schema.js';
export type { DialErrorCode, KiteErrorCode, KnownErrorType } from './errors/error-codes.js';
export { type ConfigurationError, type ErrorType, isKiteError, KiteError } from './protocol/errors.js';
export { type KiteIdentity, kitePath } from './protocol/identity.js';
export type { KiteQuery } from './protocol/query.js';
export type { BackoffOptions } from './util/backoff.js';
export type { Clock, Timer } from './util/clock.js';
export type { Channel, ChannelReceiver } from './transport/channel/channel.js';
export type { BasePageKite } from './kite/page/base-page-kite.js';
export type { ConnectionLimits } from './kite/limits/kite-limits.js';
export type { Logger } from './util/logger.js';
