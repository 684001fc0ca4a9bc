import { type KiteKey } from '../../keys/index.js';
import { findKiteKey } from '../../kite/config/find-kite-key.js';
import type { Kite } from '../../kite/kite.js';
import type { KiteOptions } from '../../kite/kite-options.js';
import { makeServerKite, type ServerKiteOptions } from '../../kite/server-kite.js';
import type { ProxyName } from '../../kite/proxied/proxy-link.js';
import { ConfigurationError } from '../../protocol/errors.js';
import type { ProxyLimits } from '../limits/proxy-limits.js';
import { parsePublicHost, type PublicAddress } from './public-address.js';

/** What a proxy of either kind runs with. */
export interface ProxyOptions extends ServerKiteOptions, Pick<KiteOptions, 'saveKiteKey' | 'kontrolUrl'> {
  /**
   * Under which others reach it: `proxy.example.com`, `localhost:3999`, or with the scheme of what ends TLS in front of it,
   * `https://proxy.example.com`. Default: where it listens.
   */
  readonly publicHost?: string | undefined;
  /** Default: what `publicHost` says, else where it listens. */
  readonly publicPort?: number | undefined;
  /** By which it knows the kites of its Kontrol, and registers there. Default: where every kite looks. */
  readonly kiteKey?: string | undefined;
  /** Default 3999; 0 = any that is free. */
  readonly port?: number | undefined;
  /** Default `KITE_ENVIRONMENT`, else none: it serves the kites of all environments that have no proxy of their own. */
  readonly environment?: string | undefined;
  /** What a peer can make this proxy spend. See docs/limits.md. */
  readonly limits?: Partial<ProxyLimits> | undefined;
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
export function makeProxyKite(name: ProxyName, key: KiteKey, options: ProxyOptions): Kite {
  const { port = 3999, kontrolUrl, saveKiteKey } = options;
  return makeServerKite(name, options, {
    username: key.username,
    kiteKey: key.jwt,
    // Every user of this Kontrol may have kites behind it.
    allowKiteKeysOf: 'any',
    port,
    kontrolUrl,
    saveKiteKey,
  });
}
