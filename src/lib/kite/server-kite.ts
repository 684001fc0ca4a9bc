import { Kite } from './kite.js';
import type { KiteOptions } from './kite-options.js';
import type { TlsOptions } from './serve/http-listener.js';

/** What Kontrol and the proxies, which are kites with methods of their own, take as every kite does. */
export interface ServerKiteOptions
  extends Pick<
    KiteOptions,
    'ip' | 'port' | 'environment' | 'region' | 'version' | 'limits' | 'clock' | 'logger' | 'env'
  > {
  /** Serves `https:` and `wss:`. */
  readonly tls?: TlsOptions | undefined;
}

/** The kite of such a server, with its TLS. `more`: what it decides itself. */
export function makeServerKite(
  name: string,
  { tls, ip, port, environment, region, version, limits, clock, logger, env }: ServerKiteOptions,
  more: KiteOptions,
): Kite {
  const common = { ip, port, environment, region, version, limits, clock, logger, env };
  const kite = new Kite(name, '1.0.0', { ...common, ...more });
  if (tls) kite.useTls(tls);
  return kite;
}
