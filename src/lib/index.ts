/** The library, `kitectl`: kites that call each other's methods, in both directions. */
export {
  type Auth,
  type Client,
  type ClientEvents,
  type ClientOptions,
  type Transport,
} from './kite/call/client.js';
export type { KiteEvents } from './kite/core/kite-core.js';
export type { Config, ConfigOptions } from './kite/config/kite-config.js';
export type { ConnectionEvents } from './kite/call/connection-options.js';
export type { HandleOptions, KiteDescription } from './kite/serve/method-host.js';
export type { ErrorPolicy } from './kite/serve/handler-failures.js';
export type { HealthOptions } from './kite/serve/health-routes.js';
export type { ListenError, TlsOptions } from './kite/serve/http-listener.js';
export type { HttpHandler, HttpRouteOptions, UpgradeHandler } from './kite/serve/http-routes.js';
export type { HeartbeatCallers } from './kite/serve/heartbeat-method.js';
export type { GetKitesOptions } from './kite/kontrol/kontrol-client.js';
export type { RegisterOptions } from './kite/kontrol/kontrol-member.js';
export type { Registration } from './kite/kontrol/registration.js';
export type { RemoteKite } from './kite/kontrol/remote-kite.js';
export type { RenewToken } from './kite/call/token-renewal.js';
export type { KiteEvent, KiteWatch } from './kite/kontrol/kite-watch.js';
export type {
  RegisterToProxyOptions,
  RegisterToTunnelOptions,
  ThroughProxyOptions,
} from './kite/proxied/proxy-member.js';
export type { ProxyRegistration } from './kite/proxied/proxy-registration.js';
export type { Balance } from './kite/service/balancing.js';
export type { ServiceKite, ServiceKiteState } from './kite/service/endpoint.js';
export type { Service } from './kite/service/service.js';
export type { ServiceCalls } from './kite/service/service-calls.js';
export type {
  ServiceAnswer,
  ServiceEvents,
  ServiceMetrics,
  ServiceOptions,
  ServiceTarget,
} from './kite/service/service-options.js';
export { Kite } from './kite/kite.js';
export type { CloseOptions, KiteOptions } from './kite/kite-options.js';
export type { LocalOptions } from './kite/local-peer.js';
export type {
  CallRate,
  FinalFunc,
  Handler,
  Method,
  MethodDescription,
  MethodHandling,
  Middleware,
  Next,
  Outcome,
  ThrottleOptions,
} from './kite/serve/method.js';
export type * from './kite/call/method-types.js';
export type { RemoteFunction } from './kite/call/remote-function.js';
export type * from './kite/call/wire-types.js';
export type * from './kite/serve/typed-methods.js';
export type { Allow, AllowCheck, AllowRule, ClaimValue, RequiredClaims } from './kite/serve/allow-rule.js';
export type { CallerIdentity } from './kite/call/caller-identity.js';
export type { KontrolKeyCheck } from './kite/trust/kontrol-key-decisions.js';
export type { AuthCheck, CheckedIdentity } from './kite/trust/auth-check.js';
export type { AudienceCheck } from './kite/trust/verifier.js';
// With a star, so that programs can add properties to it.
export type * from './kite/serve/request-context.js';
export type { CallbackAnswer } from './kite/callbacks/callback-answer.js';
export type { SharedFunction } from './kite/callbacks/shared-function.js';
export type { CallOptions, Peer } from './kite/call/peer.js';
export type { RemoteStream } from './kite/streams/remote-stream.js';
export type { FieldOptions, ParentRequest } from './kite/call/call-fields.js';
export type { Extension, ExtensionSet } from './protocol/extensions.js';
export type { Metadata } from './protocol/metadata.js';
export type { TraceContext } from './protocol/trace-context.js';
export type { Numbers } from './kite/call/message-numbers.js';
export type { Request } from './kite/serve/request.js';
export type { ArgsSchema, JsonSchema, SchemaIssue, SchemaResult } from './kite/serve/argument-schema.js';
export type { SystemInfo, SystemMethod } from './kite/serve/system-methods.js';
export type {
  ConfigurationCode,
  DialErrorCode,
  KiteErrorCode,
  KnownErrorType,
} from './errors/error-codes.js';
export {
  type ConfigurationError,
  type ErrorType,
  isConfigurationError,
  isKiteError,
  KiteError,
  type KiteErrorOptions,
} from './protocol/errors.js';
export type { BrandedError } from './errors/branded-error.js';
export { type DialError, isDialError } from './transport/handshake/dial-error.js';
export { type KiteIdentity, kitePath } from './protocol/identity.js';
export type { KiteQuery } from './protocol/query.js';
export { type ConnectionLimits, defaultLimits, type Limits } from './kite/limits/kite-limits.js';
export type {
  ChannelLimits,
  PeerLimits,
  RelayLimits,
  ServerLimits,
} from './transport/limits/transport-limits.js';
export type { DnodeLimits } from './dnode/dnode-limits.js';
export type { StreamLimits } from './kite/limits/stream-limits.js';
export type { ErrorLimits, MetadataLimits } from './protocol/protocol-limits.js';
export type { ServerAccess } from './transport/handshake/server-access.js';
export type { Channel, ChannelReceiver } from './transport/channel/channel.js';
export type {
  BytesMessage,
  Encode,
  Fragment,
  Message,
  Piece,
} from './transport/channel/outgoing-message.js';
export type { SockJsClientScript } from './transport/server/iframe-page.js';
export type { BackoffOptions } from './util/backoff.js';
export type { Clock, Timer } from './util/clock.js';
export type { Emitter } from './util/emitter.js';
export type { LogLevel } from './util/stderr-logger.js';
export type { Logger } from './util/logger.js';
export { isNumberLiteral } from './util/is-number-literal.js';
export { NumberLiteral } from './util/number-literal.js';
