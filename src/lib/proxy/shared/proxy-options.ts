import { type KiteKey } from '../../keys/index.js';
import { findKiteKey } from '../../kite/config/find-kite-key.js';
import type { TlsOptions } from '../../kite/serve/http-listener.js';
import { Kite } from '../../kite/kite.js';
import type { ProxyName } from '../../kite/proxied/proxy-link.js';
import { ConfigurationError } from '../../protocol/errors.js';
import type { Clock } from '../../util/clock.js';
import type { Limits } from '../../util/limits.js';
import type { Logger } from '../../util/logger.js';
import { parsePublicHost, type PublicAddress } from './public-address.js';

/** What a proxy of either kind runs with. */
export interface ProxyOptions {
  /**
   * Under which others reach it: `proxy.example.com`, `localhost:3999`, or with the scheme of what ends TLS in front of it,
   * `https://proxy.example.com`. Default: where it listens.
   */
  readonly publicHost?: string | undefined;
  /** Default: what `publicHost` says, else where it listens. */
  readonly publicPort?: number | undefined;
  /** Serves `https:` and `wss:`. */
  readonly tls?: TlsOptions | undefined;
  /** By which it knows the kites of its Kontrol, and registers there. Default: where every kite looks. */
  readonly kiteKey?: string | undefined;
  /** Keeps the fresh kite key that Kontrol hands out after it has changed its keys. Default: it goes with the process. */
  readonly saveKiteKey?: ((jwt: string) => void | Promise<void>) | undefined;
  /** Default: what the kite key says. */
  readonly kontrolUrl?: string | readonly string[] | undefined;
  /** Default `KITE_IP`, else 127.0.0.1. */
  readonly ip?: string | undefined;
  /** Default 3999; 0 = any that is free. */
  readonly port?: number | undefined;
  /** Default `KITE_ENVIRONMENT`, else none: it serves the kites of all environments that have no proxy of their own. */
  readonly environment?: string | undefined;
  readonly region?: string | undefined;
  /** Default 1.0.0. */
  readonly version?: string | undefined;
  readonly limits?: Partial<Limits> | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
  /** Where `KITE_*` is read. Default `process.env`. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/** @throws ConfigurationError where there is no kite key, or none that can be used */
export function keyOf({ kiteKey, env = process.env }: ProxyOptions): KiteKey {
  const key = findKiteKey(kiteKey, env);
  if (key) return key;
  throw new ConfigurationError(
    'noKiteKey',
    'A proxy needs a kite key, by which it knows the kites of its Kontrol; get one with: kitectl register',
  );
}

/** @throws ConfigurationError */
export function addressOf({ publicHost, publicPort }: ProxyOptions): PublicAddress | undefined {
  const address = publicHost === undefined ? undefined : parsePublicHost(publicHost);
  if (publicPort === undefined) return address;
  if (address) return { ...address, port: publicPort };
  throw new ConfigurationError('badValue', 'A public port needs a public host');
}

/** The kite that a proxy is, with its TLS. */
export function makeKite(name: ProxyName, key: KiteKey, options: ProxyOptions): Kite {
  const { ip, port = 3999, kontrolUrl, environment, region, env, limits, clock, logger, tls } = options;
  const { saveKiteKey } = options;
  const kite = new Kite(name, options.version ?? '1.0.0', {
    username: key.username,
    kiteKey: key.jwt,
    // Every user of this Kontrol may have kites behind it.
    allowKiteKeysOf: 'any',
    port,
    ...(saveKiteKey && { saveKiteKey }),
    ...(ip !== undefined && { ip }),
    ...(kontrolUrl !== undefined && { kontrolUrl }),
    ...(environment !== undefined && { environment }),
    ...(region !== undefined && { region }),
    ...(env && { env }),
    ...(limits && { limits }),
    ...(clock && { clock }),
    ...(logger && { logger }),
  });
  if (tls) kite.useTls(tls);
  return kite;
}
