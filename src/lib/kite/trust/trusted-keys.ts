import type { KeyObject } from 'node:crypto';
import { parsePublicKey } from '../../keys/pem.js';
import { KEY_ENCODINGS } from '../limits/kite-limits.js';

interface TrustedKey {
  readonly pem: string;
  readonly key: KeyObject;
}

/** The public keys of Kontrol that a kite trusts, parsed once. */
export class TrustedKeys {
  readonly keys: readonly KeyObject[];
  readonly #trusted: readonly TrustedKey[];
  readonly #byText: Map<string, KeyObject>;

  constructor(trusted: readonly TrustedKey[]) {
    this.#trusted = trusted;
    this.keys = trusted.map(({ key }) => key);
    this.#byText = new Map(trusted.map(({ pem, key }) => [pem, key]));
  }

  /** The same without these, PEM as they were given. */
  without(pems: readonly string[]): TrustedKeys {
    return new TrustedKeys(this.#trusted.filter(({ pem }) => !pems.includes(pem)));
  }

  /**
   * The trusted key that `pem` is, however it was written down: PEM has line breaks and headers of many kinds. Undefined
   * where it is none of them, or no key at all.
   */
  find(pem: string): KeyObject | undefined {
    const known = this.#byText.get(pem);
    if (known) return known;
    let key: KeyObject;
    try {
      key = parsePublicKey(pem);
    } catch {
      return undefined;
    }
    const trusted = this.keys.find((candidate) => candidate.equals(key));
    // Only ways to write a trusted key are kept, and only a few: a caller could think of any number of them.
    if (trusted && this.#byText.size < this.keys.length + KEY_ENCODINGS) this.#byText.set(pem, trusted);
    return trusted;
  }
}
