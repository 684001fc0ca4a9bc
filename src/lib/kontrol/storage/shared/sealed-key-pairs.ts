import { Sealer } from './sealer.js';
import type { StoredKeyPair } from './storage.js';

/** A key pair as stored, with its private key sealed or not. */
export interface KeyPairRecord {
  readonly pair: StoredKeyPair;
}

/** The key pairs in a store. */
export interface KeyPairTable<Stored extends KeyPairRecord> {
  all(): Promise<readonly Stored[]>;
  put(pair: StoredKeyPair): Promise<void>;
  /** Replaces the private key that was read, unless another node has changed it meanwhile. */
  replace(stored: Stored, privateKey: string): Promise<void>;
}

/** The key pairs of a store on a server. Their private keys are encrypted if there is a secret. */
export class SealedKeyPairs<Stored extends KeyPairRecord> {
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
    return this.#sealer.canSeal ? 'encrypted' : 'plain';
  }

  /** Returns all key pairs, decrypted. */
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

  /** Encrypts the private keys that are not encrypted yet. */
  async seal(): Promise<void> {
    await this.#sealWhere(({ privateKey }) => !this.#sealer.isSealed(privateKey));
  }

  /** Encrypts the private keys that are not encrypted with the current secret. Returns the ids of their pairs. */
  reseal(): Promise<string[]> {
    return this.#sealWhere(async ({ id, privateKey }) => !(await this.#sealer.isCurrent(privateKey, id)));
  }

  async #sealWhere(shouldSeal: (pair: StoredKeyPair) => boolean | Promise<boolean>): Promise<string[]> {
    if (!this.#sealer.canSeal) return [];
    const ids: string[] = [];
    for (const stored of await this.#table.all()) {
      const { id, privateKey } = stored.pair;
      if (!(await shouldSeal(stored.pair))) continue;
      const opened = await this.#sealer.open(privateKey, id);
      await this.#table.replace(stored, await this.#sealer.seal(opened, id));
      ids.push(id);
    }
    return ids;
  }
}
