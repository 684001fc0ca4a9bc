import { Kite } from './kite.js';
import type { KiteOptions, ReplacedParts } from './kite-options.js';
import { limitsIn } from './limits/compose-limits.js';
import { defaultLimits } from './limits/kite-limits.js';
import type { TlsOptions } from './serve/http-listener.js';

/** The options that Kontrol and the proxies share with every kite. */
export interface ServerKiteOptions
  extends Pick<
    KiteOptions,
    | 'ip'
    | 'port'
    | 'environment'
    | 'region'
    | 'version'
    | 'trustedProxies'
    | 'serverAccess'
    | 'limits'
    | 'clock'
    | 'logger'
    | 'env'
  > {
  /** Serves `https:` and `wss:`. */
  readonly tls?: TlsOptions | undefined;
}

/**
 * Creates the kite of Kontrol or of a proxy, with TLS if configured. `overrides` takes precedence over the options. Limits of
 * Kontrol and of proxies are ignored.
 */
export function makeServerKite(
  name: string,
  { tls, limits = {}, ...options }: ServerKiteOptions,
  overrides: KiteOptions,
  replaced: ReplacedParts = {},
): Kite {
  const { ip, port, environment, region, version, trustedProxies, serverAccess } = options;
  const { clock, logger, env } = options;
  const own = limitsIn(defaultLimits, limits);
  const identity = { environment, region, version };
  const common = { ip, port, ...identity, trustedProxies, serverAccess, limits: own, clock, logger, env };
  const kite = new Kite(name, '1.0.0', { ...common, ...overrides }, replaced);
  if (tls) kite.useTls(tls);
  return kite;
}
