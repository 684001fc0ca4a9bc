import type { LogLevel } from '../../util/stderr-logger.js';
import type { Transport } from '../call/client.js';
import { kiteSettings } from './kite-settings.js';
import { type KiteKeyFields, type Setting, settingValue } from './resolve-setting.js';

/** The resolved configuration of a kite. Durations are in milliseconds. */
export interface Config {
  /** Default: the user of the kite key, else `unknown`. */
  readonly username: string;
  /** Default: `unknown`. */
  readonly environment: string;
  /** Default: `unknown`. */
  readonly region: string;
  /** Address to listen on. Default: `127.0.0.1`. */
  readonly ip: string;
  /** Port to listen on; 0 means any free port. Default: 0. */
  readonly port: number;
  /** URLs of Kontrol, in order of preference. Default: that of the kite key, else none. */
  readonly kontrolUrls: readonly string[];
  /** URLs of proxies, of which the kite selects one at random. If empty, it finds a proxy through Kontrol. Default: none. */
  readonly proxyUrls: readonly string[];
  /** Transport of clients. Default: `auto`. */
  readonly transport: Transport;
  /** Timeout of calls; 0 means none. Default: 15,000. */
  readonly timeout: number;
  /** Timeout of connecting; 0 means none. Default: 10,000. */
  readonly handshakeTimeout: number;
  /** How long verified credentials are cached; 0 or less disables the cache. Default: 300,000. */
  readonly verifyTtl: number;
  /** Default: `info`. */
  readonly logLevel: LogLevel;
  /** Whether log lines have colors if standard error is a terminal. Default: true. */
  readonly logColor: boolean;
  /** Origins of pages that may connect, in addition to those of this server and of loopback; `*` means any. Default: none. */
  readonly allowOrigin: readonly string[] | '*';
  /** Host names of the kite; `*` means any. Default: see the option. */
  readonly allowedHosts: readonly string[] | '*' | undefined;
  /** Addresses and networks of proxies that are trusted to name the caller. Default: none. */
  readonly trustedProxies: readonly string[];
  /** Version of the kite, if an option or the environment sets it. */
  readonly version: string | undefined;
}

/** Options that configure a kite; see `Config` for units and defaults. They take precedence over the environment. */
export interface ConfigOptions {
  readonly username?: string | undefined;
  readonly environment?: string | undefined;
  readonly region?: string | undefined;
  readonly ip?: string | undefined;
  readonly port?: number | undefined;
  /** A URL, several separated by commas, or a list. */
  readonly kontrolUrl?: string | readonly string[] | undefined;
  /** A URL, several separated by commas, or a list. */
  readonly proxyUrl?: string | readonly string[] | undefined;
  readonly transport?: Transport | undefined;
  readonly timeout?: number | undefined;
  readonly handshakeTimeout?: number | undefined;
  readonly verifyTtl?: number | undefined;
  readonly logLevel?: LogLevel | undefined;
  readonly logColor?: boolean | undefined;
  readonly version?: string | undefined;
  /**
   * Origins of pages that may connect, in addition to those of this server and of loopback, such as
   * `https://app.example.com`; `*` means any. Default: none.
   */
  readonly allowOrigin?: string | readonly string[] | undefined;
  /**
   * Host names that requests may have in their `Host` header, in addition to loopback names and the host of the registered
   * URL; `*` means any, for kites behind a proxy that checks them. Default: none if the kite listens on loopback only, else
   * any. If set, a kite that does not listen on loopback only also accepts IP addresses.
   */
  readonly allowedHosts?: string | readonly string[] | undefined;
  /**
   * Addresses and networks, such as `10.1.0.0/16`, of load balancers and proxies in front of this kite. The caller of a request
   * from one of them is the one that its header `X-Forwarded-For` or `Forwarded` names, for `remoteAddress`, limits by address
   * and logs. Default: none.
   */
  readonly trustedProxies?: string | readonly string[] | undefined;
}

export interface ConfigSources {
  /** Environment variables. An empty variable is treated as not set. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly kiteKey?: KiteKeyFields | undefined;
}

/**
 * Resolves the configuration of a kite from options, `KITE_*` variables, the kite key and defaults, in this order.
 *
 * @throws ConfigurationError with code `badValue` that has the option or variable, its value and the accepted values
 */
export function resolveConfig(options: ConfigOptions, { env, kiteKey }: ConfigSources): Config {
  const valueOf = <Value, Default>(
    setting: Setting<Value, Default> & { readonly option: keyof ConfigOptions },
  ): Value | Default => {
    const { option: name } = setting;
    const explicit = { source: { type: 'option' as const, name }, value: options[name] };
    return settingValue(setting, { explicit, env, kiteKey });
  };
  return {
    username: valueOf(kiteSettings.username),
    environment: valueOf(kiteSettings.environment),
    region: valueOf(kiteSettings.region),
    version: valueOf(kiteSettings.version),
    ip: valueOf(kiteSettings.ip),
    port: valueOf(kiteSettings.port),
    kontrolUrls: valueOf(kiteSettings.kontrol),
    proxyUrls: valueOf(kiteSettings.proxy),
    transport: valueOf(kiteSettings.transport),
    timeout: valueOf(kiteSettings.timeout),
    handshakeTimeout: valueOf(kiteSettings.handshakeTimeout),
    verifyTtl: valueOf(kiteSettings.verifyTtl),
    logLevel: valueOf(kiteSettings.logLevel),
    logColor: valueOf(kiteSettings.logColor),
    allowOrigin: valueOf(kiteSettings.allowedOrigins),
    allowedHosts: valueOf(kiteSettings.allowedHosts),
    trustedProxies: valueOf(kiteSettings.trustedProxies),
  };
}
