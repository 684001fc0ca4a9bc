import type { KeyObject } from 'node:crypto';
import { parsePublicKey } from '../../keys/pem.js';
import { KEY_ENCODINGS } from '../limits/kite-limits.js';

interface TrustedKey {
  readonly pem: string;
  readonly key: KeyObject;
}

/** The public keys of Kontrol that a kite trusts. Immutable. */
export class TrustedKeys {
  readonly keys: readonly KeyObject[];
  readonly #trusted: readonly TrustedKey[];
  readonly #byPem: Map<string, KeyObject>;

  constructor(trusted: readonly TrustedKey[]) {
    this.#trusted = trusted;
    this.keys = trusted.map(({ key }) => key);
    this.#byPem = new Map(trusted.map(({ pem, key }) => [pem, key]));
  }

  /** Returns the keys without those of these PEMs, which must be the strings that were passed to the constructor. */
  without(pems: readonly string[]): TrustedKeys {
    return new TrustedKeys(this.#trusted.filter(({ pem }) => !pems.includes(pem)));
  }

  /** Returns the PEM of a trusted key, as it was passed to the constructor. */
  pemOf(key: KeyObject): string {
    return this.#trusted.find((trusted) => trusted.key === key)?.pem ?? '';
  }

  /**
   * Returns the trusted key that `pem` encodes; PEM allows different line breaks and headers. Undefined if it is not trusted,
   * or not a key.
   */
  find(pem: string): KeyObject | undefined {
    const cached = this.#byPem.get(pem);
    if (cached) return cached;
    let key: KeyObject;
    try {
      key = parsePublicKey(pem);
    } catch {
      return undefined;
    }
    const trusted = this.keys.find((candidate) => candidate.equals(key));
    // Only a few encodings of trusted keys are cached, because callers can produce any number of them.
    if (trusted && this.#byPem.size < this.keys.length + KEY_ENCODINGS) this.#byPem.set(pem, trusted);
    return trusted;
  }
}
