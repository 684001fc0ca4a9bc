import type { Clock } from '../util/clock.js';
import type { Auth } from './call/client.js';
import type { ConnectAt } from './call/kite-path.js';
import type { Limits } from './limits/kite-limits.js';
import type { Logger } from '../util/logger.js';
import type { ConfigOptions } from './config/kite-config.js';
import type { Channel } from '../transport/channel/channel.js';
import type { ServerAccess } from '../transport/handshake/server-access.js';
import type { MemoryBudgets } from '../transport/channel/memory-budget.js';
import type { SockJsClientScript } from '../transport/server/iframe-page.js';
import type { AcceptTunnel } from './proxied/proxy-member.js';
import type { ErrorPolicy } from './serve/handler-failures.js';
import type { HeartbeatCallers } from './serve/heartbeat-method.js';
import type { Numbers } from './call/message-numbers.js';
import type { MethodHandling } from './serve/method.js';
import type { SystemMethod } from './serve/system-methods.js';
import type { VirtualHosts } from './serve/virtual-hosts.js';
import type { KontrolKeyCheck } from './trust/kontrol-key-decisions.js';
import type { AudienceCheck, CredentialCheck } from './trust/verifier.js';

/** Options of a kite. Options that are omitted come from `KITE_*` environment variables, the kite key or a default. */
export interface KiteOptions extends ConfigOptions {
  /**
   * Identifier of the kite, for a kite that should have the same one after a restart. Kites that run at the same time need
   * different ones: of two with the same user and id, Kontrol lists the one that registered last. Default: a new UUID in each
   * process.
   */
  readonly id?: string | undefined;
  /**
   * Kite key of this kite (a JWT). The kite authenticates callers with the key of Kontrol that it contains. Default:
   * `KITE_KEY`, `KITE_KEY_FILE`, or `kite.key` in `KITE_HOME` or `~/.kite`, if it exists. `false` means no kite key: only
   * methods without authentication can be called.
   */
  readonly kiteKey?: string | false | undefined;
  /** Users whose kite keys are accepted: the user of this kite (`own`, the default), a list of users, or `any`. */
  readonly allowKiteKeysOf?: 'own' | 'any' | readonly string[] | undefined;
  /**
   * Decides whether a token with this audience, such as `/bob/prod/math`, is valid for this kite. Kontrol has signed the token, and
   * it has not expired. Default: the audience has to match the user, the environment and the name of this kite as far as it goes.
   */
  readonly acceptAudience?: AudienceCheck | undefined;
  /**
   * Decides whether kite keys that were signed by the Kontrol with this public key (PEM) are accepted, instead of comparing it with
   * the key in this kite's own kite key. The signature has been verified, and keys that Kontrol has revoked are never accepted. The
   * decision is cached for `verifyTtl`. The users of another Kontrol are not those of this one: see `allowKiteKeysOf`.
   */
  readonly acceptKontrolKey?: KontrolKeyCheck | undefined;
  /**
   * Lets everyone call every method without authentication, except methods with the option `allow`. Default: false; each method can
   * allow it with `disableAuthentication()`.
   */
  readonly disableAuthentication?: boolean | undefined;
  /** Methods that kites dialed by this one may call without authentication; `true` means all. Default: none. */
  readonly trustRemote?: readonly string[] | true | undefined;
  /**
   * Stores the new kite key that Kontrol issues after it has changed its keys. Default: the key is used until the process
   * ends, and is not stored.
   */
  readonly saveKiteKey?: ((jwt: string) => void | Promise<void>) | undefined;
  /** Who may call `kite.heartbeat`: `kontrol` (the default), or `anyone` who is authenticated. */
  readonly heartbeatFrom?: HeartbeatCallers | undefined;
  /** System methods to serve, such as `kite.systemInfo`. They access this machine or its terminal. Default: none. */
  readonly systemMethods?: readonly SystemMethod[] | undefined;
  /** Whether calls of one connection run concurrently. Default: true. */
  readonly concurrent?: boolean | undefined;
  /** Which handler provides the result of a call. Default: `ReturnMethod`. */
  readonly methodHandling?: MethodHandling | undefined;
  /** Paths under which the kite is served. The first is part of its URL. Default: `/kite` and `/<name>-<version>/kite`. */
  readonly prefixes?: readonly [string, ...string[]] | undefined;
  /**
   * Certificates and headers for the servers that this kite connects to: other kites, Kontrol and proxies. A client can replace
   * each. Default: the certificate authorities of Node, no client certificate, and no headers.
   */
  readonly serverAccess?: ServerAccess | undefined;
  /** Sets a JSESSIONID cookie, with which load balancers route a session to one server. Default: false. */
  readonly sessionCookie?: boolean | undefined;
  /**
   * Serves the SockJS iframe page, through which browsers without CORS connect, with this script of `sockjs-client`. The script
   * runs with the origin of this kite. Default: the page is not served.
   */
  readonly sockjsClient?: SockJsClientScript | undefined;
  /**
   * What happens to numbers of peers that JavaScript cannot represent, such as an int64 of Go above 2^53. `exact`: the call that
   * contains one fails with its path. `rounded`: it becomes the closest number, as with `JSON.parse`. `literal`: each number that
   * JavaScript would write differently becomes a `NumberLiteral`. Default: `exact`.
   */
  readonly numbers?: Numbers | undefined;
  /**
   * Names of fields of errors that are sent to callers as the `data` of their error, such as `['status', 'retryAfter']`: of errors
   * of handlers that are not a KiteError, which has data of its own. The stack is never sent. Default: none, because such fields
   * can contain headers and paths.
   */
  readonly errorFields?: readonly string[] | undefined;
  /**
   * What callers see of the failure of a handler: `message`, its message as with the Go kites; `masked`, nothing of anything that
   * is not a KiteError, which can contain paths and addresses; or what a function returns. The log has everything. Default:
   * `message`.
   */
  readonly errors?: ErrorPolicy | undefined;
  /** Limits on the resources that peers can use. Default: `defaultLimits`. */
  readonly limits?: Partial<Limits> | undefined;
  /** Receives log messages. Default: a logger that writes to standard error, from `KITE_LOG_LEVEL` up. */
  readonly logger?: Logger | undefined;
  /** Clock for timers and expiry. Default: the system clock. */
  readonly clock?: Clock | undefined;
  /**
   * Environment variables: those of settings, and those that name the proxy through which connections leave the network, such as
   * `HTTPS_PROXY` and `NO_PROXY`. Default: `process.env`.
   */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

export interface CloseOptions {
  /** Maximum time to wait for running calls, in milliseconds. Default: 10,000. */
  readonly drainTimeout?: number;
  /**
   * How long the kite still serves calls and HTTP requests after it has deregistered, so that balancers and callers notice: in
   * milliseconds, or as text, such as `5s`. Default: 0.
   */
  readonly lameDuck?: number | string;
}

/** The other end of an open channel. */
export interface DialedPeer {
  /** The URL that was dialed. */
  readonly url: string;
  /** The address that it has led to, such as `127.0.0.1:3636`. */
  readonly remoteAddress: string;
}

export type AdmitPeer = (peer: DialedPeer, auth: Auth | null) => void;

/**
 * Parts of a kite that this package replaces in the kites that it creates. Programs cannot: the constructors that take them are
 * internal. The type is not, because declarations that are not exported refer to it.
 */
export interface ReplacedParts {
  /** Serves the tunnels that a proxy requests. Default: each tunnel becomes a connection of the kite. */
  readonly acceptTunnel?: AcceptTunnel | undefined;
  /**
   * Throws if the peer of a channel may not receive these credentials. Called for each channel that this kite opens, before
   * anything is sent. Default: every peer may.
   */
  readonly admitPeer?: AdmitPeer | undefined;
  /** The checks of authentication types whose credentials can be revoked; see `Kite.endRevoked`. */
  readonly credentialChecks?: Readonly<Record<string, CredentialCheck>> | undefined;
  /** Hosts whose requests are not for the kite. Default: none. */
  readonly virtualHosts?: VirtualHosts | undefined;
  /** The budgets that the connections of the kite share with others. Default: budgets of this kite, with its limits. */
  readonly budgets?: MemoryBudgets | undefined;
  /** Returns the channel to use instead of one that the kite has dialed. */
  readonly replaceDialed?: ((channel: Channel) => Channel) | undefined;
  /**
   * Connects to Kontrol or a proxy at a URL. Default: if the URL has no path and no kite is there, connects at `/kite`, with a
   * warning in the log.
   */
  readonly connectAt?: ConnectAt | undefined;
  /** Called when a call has failed because its caller could not be authenticated. */
  readonly authenticationFailed?:
    | ((method: string, remoteAddress: string, error: unknown) => void)
    | undefined;
}
