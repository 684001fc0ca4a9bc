import { Sealer } from './sealer.js';
import type { StoredKeyPair } from './storage.js';

/** A key pair as it is stored, its private key sealed or not. */
export interface StoredPair {
  readonly pair: StoredKeyPair;
}

/** Where a store keeps key pairs. */
export interface KeyPairTable<Stored extends StoredPair> {
  all(): Promise<readonly Stored[]>;
  put(pair: StoredKeyPair): Promise<void>;
  /** Stores the private key in place of the one that was read, unless another node was faster. */
  replace(stored: Stored, privateKey: string): Promise<void>;
}

/** The key pairs of a store on a server, whose private keys are encrypted where there is a secret. */
export class SealedKeyPairs<Stored extends StoredPair> {
  readonly #table: KeyPairTable<Stored>;
  readonly #sealer: Sealer;

  constructor(
    { secret, formerSecret }: { readonly secret?: string; readonly formerSecret?: string },
    table: KeyPairTable<Stored>,
  ) {
    this.#table = table;
    this.#sealer = new Sealer(secret, formerSecret);
  }

  get secrets(): 'encrypted' | 'plain' {
    return this.#sealer.seals ? 'encrypted' : 'plain';
  }

  /** Every pair, opened. */
  async all(): Promise<StoredKeyPair[]> {
    const stored = await this.#table.all();
    return Promise.all(
      stored.map(async ({ pair }) => ({
        ...pair,
        privateKey: await this.#sealer.open(pair.privateKey, pair.id),
      })),
    );
  }

  async put(pair: StoredKeyPair): Promise<void> {
    await this.#table.put({ ...pair, privateKey: await this.#sealer.seal(pair.privateKey, pair.id) });
  }

  /** Encrypts the private keys that are not. */
  async seal(): Promise<void> {
    await this.#seal(({ privateKey }) => !this.#sealer.isSealed(privateKey));
  }

  /** Encrypts with the secret of now the private keys that are not, or are with another one. Returns the ids of their pairs. */
  reseal(): Promise<string[]> {
    return this.#seal(async ({ id, privateKey }) => !(await this.#sealer.isCurrent(privateKey, id)));
  }

  async #seal(isMeant: (pair: StoredKeyPair) => boolean | Promise<boolean>): Promise<string[]> {
    if (!this.#sealer.seals) return [];
    const ids: string[] = [];
    for (const stored of await this.#table.all()) {
      const { id, privateKey } = stored.pair;
      if (!(await isMeant(stored.pair))) continue;
      const text = await this.#sealer.open(privateKey, id);
      await this.#table.replace(stored, await this.#sealer.seal(text, id));
      ids.push(id);
    }
    return ids;
  }
}
