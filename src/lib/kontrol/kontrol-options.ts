import type { AuditEntry } from './admin/audit-log.js';
import type { KeyPair } from '../keys/index.js';
import type { ServerKiteOptions } from '../kite/server-kite.js';
import { ConfigurationError } from '../protocol/errors.js';
import { type LookupAddresses, resolvesToLoopback } from '../util/loopback.js';
import type { KontrolLimits } from './limits/kontrol-limits.js';
import type { RegistrationMode } from './admin/machine-registration.js';
import type { Policy } from './policy/policy.js';
import type { Storage } from './storage/shared/storage.js';
import type { LeaseTimings } from './registry/lease-timings.js';

/** Options of a Kontrol. */
export interface KontrolOptions extends ServerKiteOptions {
  /** Persistent storage of registrations, key pairs and invites. Opened by `listen`, closed by `close`. */
  readonly storage: Storage;
  /** The user that runs Kontrol. Default: `kontrol`. */
  readonly username?: string | undefined;
  /** The URL under which kites reach Kontrol, as written in kite keys. Default: the URL at which it listens. */
  readonly url?: string | undefined;
  /** The URL under which Kontrol registers its own kite. Default: `url`. */
  readonly registerUrl?: string | undefined;
  /** The initial key pair. Default: the one in the store, or a new one if the store does not have one. */
  readonly keyPair?: KeyPair | undefined;
  /** Decides which users can register, find and call which kites. Default: `ownPolicy`. */
  readonly policy?: Policy | undefined;
  /** Whether users need an invite to get a kite key. Default: `invite`. Use `open` for development only. */
  readonly registration?: RegistrationMode | undefined;
  /** Allows `registration: 'open'` even if other machines can connect. Default: false. */
  readonly forceOpenRegistration?: boolean | undefined;
  /** Whether Kontrol forwards WebRTC signals between kites. Default: false. */
  readonly webrtc?: boolean | undefined;
  /**
   * Folder with the files of Kontrol's page, such as `dist/ui` of this package. The page is served at `/`, and users can sign
   * in to it. Default: no page is served.
   */
  readonly page?: string | undefined;
  readonly timings?: Partial<LeaseTimings> | undefined;
  /** Lifetime of a token in milliseconds. Default: 48 hours. */
  readonly tokenTtl?: number | undefined;
  /** Port to listen at. 0 selects a free port. Default: 4000. */
  readonly port?: number | undefined;
  /**
   * Origins of pages that may call Kontrol, in addition to its own and those of loopback hosts. `*` allows any origin.
   * Default: none.
   */
  readonly allowOrigin?: string | readonly string[] | undefined;
  /**
   * Host names under which Kontrol may be called, in addition to loopback and the hosts of `url` and `registerUrl`. `*` allows
   * any host name. Default: none if Kontrol listens at loopback, otherwise any.
   */
  readonly allowedHosts?: string | readonly string[] | undefined;
  /** Receives the entries of the audit log. Default: none is written. */
  readonly audit?: ((entry: AuditEntry) => void) | undefined;
  /** Bounds on what a peer can make this Kontrol spend. See docs/limits.md. */
  readonly limits?: Partial<KontrolLimits> | undefined;
}

/** Rejects with a ConfigurationError if other machines could get a kite key for any user. */
export async function checkOpenRegistration(
  options: KontrolOptions,
  ip: string,
  lookup: LookupAddresses,
): Promise<void> {
  if (options.registration !== 'open' || options.forceOpenRegistration) return;
  if (await resolvesToLoopback(ip, lookup)) return;
  const message = `With open registration, everyone who can connect to ${ip} gets a kite key for any user. Listen at 127.0.0.1, use invites, or override this check`;
  throw new ConfigurationError('openRegistration', message);
}
