import type { LogLevel } from '../../util/stderr-logger.js';
import type { Transport } from '../call/client.js';
import { kiteSettings } from './kite-settings.js';
import { type KiteKeyFields, type Setting, settingValue } from './resolve-setting.js';

/** What a kite runs with. Times are in milliseconds. */
export interface Config {
  /** Default: the user of the kite key, else `unknown`. */
  readonly username: string;
  /** Default `unknown`. */
  readonly environment: string;
  /** Default `unknown`. */
  readonly region: string;
  /** The address that is listened at. Default `127.0.0.1`. */
  readonly ip: string;
  /** Default 0: any that is free. */
  readonly port: number;
  /** Where Kontrol is, the first one first. Default: what the kite key says, else none. */
  readonly kontrolUrls: readonly string[];
  /** The proxies to register with, of which one is picked. Default none: those that Kontrol knows. */
  readonly proxyUrls: readonly string[];
  /** How clients connect. Default `auto`. */
  readonly transport: Transport;
  /** How long a call waits for its answer; 0 = for ever. Default 15,000. */
  readonly timeout: number;
  /** How long a connection may take to come about; 0 = for ever. Default 10,000. */
  readonly handshakeTimeout: number;
  /** How long verified credentials are remembered; 0 or less = not at all. Default 300,000. */
  readonly verifyTtl: number;
  /** Default `info`. */
  readonly logLevel: LogLevel;
  /** False: no colours in log lines. Default true: where standard error is a terminal. */
  readonly logColor: boolean;
  /** Origins of pages that may connect, beside those of this server and of loopback; `*` = any. Default none. */
  readonly allowOrigin: readonly string[] | '*';
  /** Host names by which the kite is called; `*` = any. Default: see the option. */
  readonly allowedHosts: readonly string[] | '*' | undefined;
  /** The kite's version, where the environment or an option sets it. */
  readonly version: string | undefined;
}

/** What a program may decide itself; see `Config`. What it decides counts more than the environment. */
export interface ConfigOptions {
  readonly username?: string | undefined;
  readonly environment?: string | undefined;
  readonly region?: string | undefined;
  readonly ip?: string | undefined;
  readonly port?: number | undefined;
  /** One URL, several with commas between them, or a list. */
  readonly kontrolUrl?: string | readonly string[] | undefined;
  /** One URL, several with commas between them, or a list. */
  readonly proxyUrl?: string | readonly string[] | undefined;
  readonly transport?: Transport | undefined;
  readonly timeout?: number | undefined;
  readonly handshakeTimeout?: number | undefined;
  readonly verifyTtl?: number | undefined;
  readonly logLevel?: LogLevel | undefined;
  readonly logColor?: boolean | undefined;
  readonly version?: string | undefined;
  /**
   * Origins of pages that may connect, beside those of this server and of loopback: as a browser sends them,
   * `https://app.example.com`; `*` = any. Default none.
   */
  readonly allowOrigin?: string | readonly string[] | undefined;
  /**
   * Host names by which the kite may be called (the `Host` of a request), beside those of loopback and that of the URL
   * under which it registers; `*` = any, where a proxy in front sees to it. Default: none while it listens at loopback, any
   * while it listens elsewhere. Once they are named, IP addresses are right there too.
   */
  readonly allowedHosts?: string | readonly string[] | undefined;
}

export interface ConfigSources {
  /** Where `KITE_*` is read. An empty variable counts as one that is not set. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly kiteKey?: KiteKeyFields | undefined;
}

/**
 * What a kite runs with: options, else the `KITE_*` environment, else the kite key, else defaults.
 *
 * @throws ConfigurationError with code `badValue` that names the option or variable, its value and what is accepted
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
  };
}
