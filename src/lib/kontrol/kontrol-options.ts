import type { KeyPair } from '../keys/index.js';
import type { ServerKiteOptions } from '../kite/server-kite.js';
import { ConfigurationError } from '../protocol/errors.js';
import { type LookupAddresses, resolvesToLoopback } from '../util/loopback.js';
import type { KontrolLimits } from './limits/kontrol-limits.js';
import type { RegistrationMode } from './admin/machine-registration.js';
import type { Policy } from './policy/policy.js';
import type { Storage } from './storage/shared/storage.js';
import type { LeaseTimings } from './registry/lease-timings.js';

/** What a Kontrol runs with. */
export interface KontrolOptions extends ServerKiteOptions {
  /** Where it keeps what has to outlive it. Opened by `listen`, closed by `close`. */
  readonly storage: Storage;
  /** The user that runs it. Default `kontrol`. */
  readonly username?: string | undefined;
  /** Where kites find it, as it stands in kite keys. Default: where it listens. */
  readonly url?: string | undefined;
  /** Under which URL it registers itself. Default `url`. */
  readonly registerUrl?: string | undefined;
  /** The key pair to begin with. Default: the store's, or a new one where it has none. */
  readonly keyPair?: KeyPair | undefined;
  /** Who may do what. Default `ownPolicy`. */
  readonly policy?: Policy | undefined;
  /** How people come to a kite key: with an invite (the default), or `open`, for development. */
  readonly registration?: RegistrationMode | undefined;
  /** Allows `registration: 'open'` also where others than this machine can connect. Default false. */
  readonly forceOpenRegistration?: boolean | undefined;
  /** Whether it passes on what kites tell each other to connect over WebRTC. Default false. */
  readonly webrtc?: boolean | undefined;
  /**
   * Folder with the files of its page, which is then at `/` and lets people sign in: `dist/ui` of this package. Default: no
   * page.
   */
  readonly page?: string | undefined;
  readonly timings?: Partial<LeaseTimings> | undefined;
  /** Milliseconds that a token is good for. Default 48 hours. */
  readonly tokenTtl?: number | undefined;
  /** Default 4000; 0 = any that is free. */
  readonly port?: number | undefined;
  /** Origins of pages that may use it, beside those of this server and of loopback; `*` = any. Default none. */
  readonly allowOrigin?: string | readonly string[] | undefined;
  /**
   * Host names by which it may be called, beside those of loopback, of `url` and of `registerUrl`; `*` = any. Default: none
   * while it listens at loopback, any while it listens elsewhere.
   */
  readonly allowedHosts?: string | readonly string[] | undefined;
  /** What a peer can make this Kontrol spend. See docs/limits.md. */
  readonly limits?: Partial<KontrolLimits> | undefined;
}

/** Rejects with a ConfigurationError where anybody on the network could get a kite key for any name. */
export async function refuseOpenRegistration(
  options: KontrolOptions,
  ip: string,
  lookup: LookupAddresses,
): Promise<void> {
  if (options.registration !== 'open' || options.forceOpenRegistration) return;
  if (await resolvesToLoopback(ip, lookup)) return;
  const message = `With open registration anybody who reaches ${ip} gets a kite key for any user. Listen at 127.0.0.1, use invites, or force it if you mean it`;
  throw new ConfigurationError('openRegistration', message);
}
