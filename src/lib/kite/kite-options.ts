import type { Clock } from '../util/clock.js';
import type { Limits } from './limits/kite-limits.js';
import type { Logger } from '../util/logger.js';
import type { ConfigOptions } from './config/kite-config.js';
import type { AcceptTunnel } from './proxied/proxy-member.js';
import type { HeartbeatCallers } from './serve/heartbeat-method.js';
import type { MethodHandling } from './serve/method.js';
import type { SystemMethod } from './serve/system-methods.js';

/** What a program may decide about its kite. Options that it leaves out come from `KITE_*`, the kite key or a default. */
export interface KiteOptions extends ConfigOptions {
  /**
   * The kite key (a JWT) by which callers are authenticated. Default: `KITE_KEY`, `KITE_KEY_FILE`, or `kite.key` in
   * `KITE_HOME` or `~/.kite`, where there is one. `false`: none; only methods without authentication can be called.
   */
  readonly kiteKey?: string | false | undefined;
  /** Whose kite keys are accepted: those of this kite's own user (`own`, the default), of the named users, or of `any`. */
  readonly allowKiteKeysOf?: 'own' | 'any' | readonly string[] | undefined;
  /** Methods that a kite dialled from here may call back without authentication; `true` = all. Default none. */
  readonly trustRemote?: readonly string[] | true | undefined;
  /**
   * Stores the fresh kite key that Kontrol issues after it has changed its keys, for the next start. Default: it is used,
   * and forgotten when the process ends.
   */
  readonly saveKiteKey?: ((jwt: string) => void | Promise<void>) | undefined;
  /** Whose `kite.heartbeat` is answered: that of `kontrol` (the default), or of `anyone` who is authenticated. */
  readonly heartbeatFrom?: HeartbeatCallers | undefined;
  /** Default methods that reach the machine or the person at it, off by default: `['kite.systemInfo']`. */
  readonly systemMethods?: readonly SystemMethod[] | undefined;
  /** Whether calls of one connection run side by side. Default true. */
  readonly concurrent?: boolean | undefined;
  /** Which handler's value is a call's result. Default `ReturnMethod`. */
  readonly methodHandling?: MethodHandling | undefined;
  /** Paths under which the kite is served. The first is part of its URL. Default `/kite` and `/<name>-<version>/kite`. */
  readonly prefixes?: readonly [string, ...string[]] | undefined;
  /** Sets a JSESSIONID cookie, by which balancers route a session to one server. Default false. */
  readonly sessionCookie?: boolean | undefined;
  /** Bounds on what a peer can make this process spend. */
  readonly limits?: Partial<Limits> | undefined;
  /** Where log lines go. Default standard error, from `KITE_LOG_LEVEL` up. */
  readonly logger?: Logger | undefined;
  readonly clock?: Clock | undefined;
  /** Where `KITE_*` is read. Default `process.env`. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

export interface CloseOptions {
  /** Milliseconds that running calls have to finish. Default 10,000. */
  readonly drainTimeout?: number;
}

/**
 * Parts of a kite that this package replaces in its own kites.
 *
 * @internal
 */
export interface ReplacedParts {
  /** Takes over the tunnels that a proxy asks for. Default: each is a connection of the kite. */
  readonly acceptTunnel?: AcceptTunnel | undefined;
}
