import type { KeyObject } from 'node:crypto';
import { type KiteKey, parseKiteKey } from '../../keys/kite-key.js';
import { parsePublicKey } from '../../keys/pem.js';
import { TOKEN_LEEWAY } from '../../keys/jwt-claims.js';
import { TOKEN_TTL } from '../../keys/kite-token.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import type { Verifier } from './verifier.js';

export interface KontrolTrustOptions {
  readonly verifier: Verifier;
  readonly kiteKey: KiteKey | undefined;
  /** Ends the connections of peers whose credentials are revoked now. */
  readonly endRevoked: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A key of Kontrol that a previous kite key contained. It is trusted until the timer fires. */
interface RetiredKey {
  readonly pem: string;
  readonly expiry: Timer;
}

/** The keys of Kontrol that a kite trusts. Kontrol changes and revokes them. */
export class KontrolTrust {
  readonly #verifier: Verifier;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #endRevoked: () => void;
  #kiteKey: KiteKey | undefined;
  #ownRevoked = false;
  #retiredKeys: RetiredKey[] = [];
  #closed = false;

  constructor({ verifier, kiteKey, endRevoked, clock, logger }: KontrolTrustOptions) {
    this.#verifier = verifier;
    this.#kiteKey = kiteKey;
    this.#clock = clock;
    this.#logger = logger;
    this.#endRevoked = endRevoked;
  }

  /**
   * Replaces the kite key. The previous key of Kontrol stays trusted until the last token that it signed has expired, unless
   * Kontrol revokes it.
   *
   * @throws JwtError or ConfigurationError if the kite key or a key of Kontrol is invalid; nothing has changed then
   */
  use(jwt: string): void {
    const kiteKey = parseKiteKey(jwt);
    const previous = this.#ownRevoked ? undefined : this.#kiteKey?.kontrolKey;
    const isNew = (pem: string): boolean => isSameKey(pem, kiteKey.kontrolKey);
    const others = [...this.#retiredKeys.map(({ pem }) => pem), previous ?? ''].filter(
      (pem) => pem !== '' && !isNew(pem),
    );
    this.#verifier.useKiteKey(kiteKey, others);
    this.#kiteKey = kiteKey;
    this.#ownRevoked = false;
    this.#forget(isNew);
    if (previous !== undefined && others.includes(previous)) this.#retire(previous);
  }

  /** Stops trusting these public keys, in PEM. Strings that are not keys are ignored. */
  revoke(pems: readonly string[]): void {
    const trusted = [...this.#retiredKeys.map(({ pem }) => pem), this.#kiteKey?.kontrolKey ?? ''];
    const revoked = trusted.filter((pem) => pem !== '' && pems.some((other) => isSameKey(pem, other)));
    this.#forget((pem) => revoked.includes(pem));
    // Those that are not trusted too: the check of the program may accept them.
    const isNew = this.#verifier.revokeKeys([...revoked, ...pems]);
    const wasTrusted = this.#verifier.distrust(revoked);
    if (isNew || wasTrusted) this.#endRevoked();
    if (!wasTrusted) return;
    this.#ownRevoked ||= this.#kiteKey !== undefined && revoked.includes(this.#kiteKey.kontrolKey);
    if (this.#ownRevoked) this.#logger.error(OWN_REVOKED);
    else
      this.#logger.warn('Kontrol has revoked a previous key pair: credentials that it signed are rejected');
  }

  /** Stops trusting the key pair that signed the kite key of this kite. */
  revokeOwn(): void {
    if (this.#kiteKey) this.revoke([this.#kiteKey.kontrolKey]);
  }

  /** Rejects everything that descends from these kite keys, and ends the connections that have used it. */
  revokeIds(ids: readonly string[]): void {
    const added = this.#verifier.revokeIds(ids);
    if (added.length === 0) return;
    if (this.#kiteKey && added.includes(this.#kiteKey.id)) this.#logger.error(OWN_KEY_REVOKED);
    this.#endRevoked();
  }

  /** Rejects the kite key of this kite, and everything that descends from it. */
  revokeOwnKey(): void {
    if (this.#kiteKey) this.revokeIds([this.#kiteKey.id]);
  }

  /** Cancels the timers of retired keys when the kite has closed. */
  close(): void {
    this.#closed = true;
    this.#forget(() => true);
  }

  #retire(pem: string): void {
    if (this.#closed) return;
    const expiry = this.#clock.setTimeout(() => {
      this.#forget((other) => other === pem);
      this.#verifier.distrust([pem]);
    }, TOKEN_TTL + TOKEN_LEEWAY);
    this.#retiredKeys.push({ pem, expiry });
  }

  #forget(matches: (pem: string) => boolean): void {
    for (const { pem, expiry } of this.#retiredKeys) if (matches(pem)) expiry.cancel();
    this.#retiredKeys = this.#retiredKeys.filter(({ pem }) => !matches(pem));
  }
}

const OWN_REVOKED =
  "Kontrol has revoked the key pair that signed this kite's kite key: callers with kite keys and tokens are rejected. Get a new kite key with: kitectl register --force";

const OWN_KEY_REVOKED =
  'Kontrol has revoked the kite key of this kite: callers with this key are rejected, and the kite cannot register. Get a new kite key with: kitectl register --force';

/** Whether two PEMs encode the same key. `own` is valid; `other` may be any string. */
function isSameKey(own: string, other: string): boolean {
  if (own === other) return true;
  let key: KeyObject;
  try {
    key = parsePublicKey(other);
  } catch {
    return false;
  }
  return parsePublicKey(own).equals(key);
}
