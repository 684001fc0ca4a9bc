import type { KeyObject } from 'node:crypto';
import { type KiteKey, parseKiteKey } from '../../keys/kite-key.js';
import { parsePublicKey } from '../../keys/pem.js';
import { TOKEN_LEEWAY, TOKEN_TTL } from '../../keys/kite-token.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import type { Verifier } from './verifier.js';

export interface KontrolTrustOptions {
  readonly verifier: Verifier;
  readonly kiteKey: KiteKey | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A key of Kontrol that was in the kite key once. */
interface RetiredKey {
  readonly pem: string;
  readonly end: Timer;
}

/** Which keys of Kontrol a kite trusts, as Kontrol changes and revokes them. */
export class KontrolTrust {
  readonly #verifier: Verifier;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #kiteKey: KiteKey | undefined;
  #ownRevoked = false;
  #former: RetiredKey[] = [];
  #closed = false;

  constructor({ verifier, kiteKey, clock, logger }: KontrolTrustOptions) {
    this.#verifier = verifier;
    this.#kiteKey = kiteKey;
    this.#clock = clock;
    this.#logger = logger;
  }

  /**
   * Has the kite go by this kite key from now on. What callers hold of the pair before stays good until the last token of
   * it has ended, unless Kontrol revokes it.
   *
   * @throws JwtError, or ConfigurationError where a key of Kontrol cannot be read; nothing has changed then
   */
  use(jwt: string): void {
    const kiteKey = parseKiteKey(jwt);
    const before = this.#ownRevoked ? undefined : this.#kiteKey?.kontrolKey;
    const isNew = (pem: string): boolean => isSameKey(pem, kiteKey.kontrolKey);
    const others = [...this.#former.map(({ pem }) => pem), before ?? ''].filter(
      (pem) => pem !== '' && !isNew(pem),
    );
    this.#verifier.useKiteKey(kiteKey, others);
    this.#kiteKey = kiteKey;
    this.#ownRevoked = false;
    this.#forget(isNew);
    if (before !== undefined && others.includes(before)) this.#retire(before);
  }

  /** Trusts none of these any more, public keys as PEM, whatever else they are listed with. */
  revoke(pems: readonly string[]): void {
    const trusted = [...this.#former.map(({ pem }) => pem), this.#kiteKey?.kontrolKey ?? ''];
    const revoked = trusted.filter((pem) => pem !== '' && pems.some((other) => isSameKey(pem, other)));
    this.#forget((pem) => revoked.includes(pem));
    if (!this.#verifier.distrust(revoked)) return;
    this.#ownRevoked ||= this.#kiteKey !== undefined && revoked.includes(this.#kiteKey.kontrolKey);
    if (this.#ownRevoked) this.#logger.error(OWN_REVOKED);
    else
      this.#logger.warn('Kontrol has revoked a key pair that it had before: what it signed is refused now');
  }

  /** Kontrol has revoked the pair that signed the kite's own kite key. */
  revokeOwn(): void {
    if (this.#kiteKey) this.revoke([this.#kiteKey.kontrolKey]);
  }

  /** The kite has closed and verifies nothing more: former keys need no end. */
  close(): void {
    this.#closed = true;
    this.#forget(() => true);
  }

  #retire(pem: string): void {
    if (this.#closed) return;
    const end = this.#clock.setTimeout(() => {
      this.#forget((other) => other === pem);
      this.#verifier.distrust([pem]);
    }, TOKEN_TTL + TOKEN_LEEWAY);
    this.#former.push({ pem, end });
  }

  #forget(which: (pem: string) => boolean): void {
    for (const { pem, end } of this.#former) if (which(pem)) end.cancel();
    this.#former = this.#former.filter(({ pem }) => !which(pem));
  }
}

const OWN_REVOKED =
  "Kontrol has revoked the key pair that signed this kite's own kite key: callers with kite keys and tokens are refused now. Get it a new kite key with: kitectl register";

/** Whether two PEMs are the same key: one is ours, the other may be anything. */
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
