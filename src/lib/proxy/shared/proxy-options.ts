import { type KiteKey } from '../../keys/index.js';
import { findKiteKey } from '../../kite/config/find-kite-key.js';
import type { Kite } from '../../kite/kite.js';
import type { KiteOptions, ReplacedParts } from '../../kite/kite-options.js';
import { makeServerKite, type ServerKiteOptions } from '../../kite/server-kite.js';
import type { ProxyName } from '../../kite/proxied/proxy-link.js';
import { ConfigurationError } from '../../protocol/errors.js';
import type { ProxyLimits } from '../limits/proxy-limits.js';
import { parsePublicHost, type PublicAddress } from './public-address.js';

/** Options of both proxies. */
export interface ProxyOptions extends ServerKiteOptions, Pick<KiteOptions, 'saveKiteKey' | 'kontrolUrl'> {
  /**
   * The host under which callers and kites reach the proxy: `proxy.example.com`, `localhost:3999`, or with a scheme if a load
   * balancer terminates TLS, `https://proxy.example.com`. Default: the address at which it listens.
   */
  readonly publicHost?: string | undefined;
  /** The port under which they reach it. Default: the port in `publicHost`, or the one at which it listens. */
  readonly publicPort?: number | undefined;
  /** The kite key with which the proxy authenticates kites and registers with Kontrol. Default: found like that of any kite. */
  readonly kiteKey?: string | undefined;
  /** Port to listen at. 0 selects a free port. Default: 3999. */
  readonly port?: number | undefined;
  /** Default: `KITE_ENVIRONMENT`, or empty: the proxy serves kites of all environments that do not have a proxy. */
  readonly environment?: string | undefined;
  /** Bounds on what a peer can make this proxy spend. See docs/limits.md. */
  readonly limits?: Partial<ProxyLimits> | undefined;
}

/** @throws ConfigurationError if no kite key is found, or it cannot be used */
export function requireKiteKey({ kiteKey, env = process.env }: ProxyOptions): KiteKey {
  const key = findKiteKey(kiteKey, env);
  if (key) return key;
  throw new ConfigurationError(
    'noKiteKey',
    'A proxy needs a kite key to authenticate kites; get one with: kitectl register',
  );
}

/** @throws ConfigurationError */
export function publicAddressOf({ publicHost, publicPort }: ProxyOptions): PublicAddress | undefined {
  const address = publicHost === undefined ? undefined : parsePublicHost(publicHost);
  if (publicPort === undefined) return address;
  if (address) return { ...address, port: publicPort };
  throw new ConfigurationError('badValue', 'A public port requires a public host');
}

/** Creates the kite of a proxy. */
export function makeProxyKite(
  name: ProxyName,
  key: KiteKey,
  options: ProxyOptions,
  replaced: ReplacedParts,
): Kite {
  const { port = 3999, kontrolUrl, saveKiteKey } = options;
  const overrides: KiteOptions = {
    username: key.username,
    kiteKey: key.jwt,
    // Kites of every user of this Kontrol may register.
    allowKiteKeysOf: 'any',
    port,
    kontrolUrl,
    saveKiteKey,
  };
  return makeServerKite(name, options, overrides, replaced);
}
