import { createHash, type KeyObject, randomUUID } from 'node:crypto';
import {
  generateKeyPair,
  type KeyPair,
  newKiteKey,
  parseKeyPair,
  parseKiteKey,
  parsePublicKey,
} from '../../keys/index.js';
import { descentOfKiteKey } from '../../keys/kite-key.js';
import { TOKEN_LEEWAY } from '../../keys/jwt-claims.js';
import { type Descent, RevokedIds } from '../../keys/revoked-ids.js';
import { ConfigurationError } from '../../protocol/errors.js';
import type { Clock } from '../../util/clock.js';
import { Emitter } from '../../util/emitter.js';
import type { Logger } from '../../util/logger.js';
import type { Caller } from './caller.js';
import type { Storage, StoredKeyPair } from '../storage/shared/storage.js';
import { QUOTED_LENGTH } from '../../protocol/protocol-limits.js';

/** A parsed key pair of the key ring. */
export interface RingPair {
  readonly id: string;
  /** The public key as PEM. */
  readonly publicKey: string;
  readonly verifyKey: KeyObject;
  readonly signKey: KeyObject;
  readonly createdAt: number;
  readonly state: StoredKeyPair['state'];
}

interface UnsignedKiteKey {
  readonly username: string;
  readonly id?: string;
  readonly issuedAt?: number;
  readonly ttl: number | undefined;
}

/** The public part of a key pair. */
export type KeyPairInfo = Pick<RingPair, 'id' | 'publicKey' | 'createdAt' | 'state'>;

export interface KeyRingOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The user that runs Kontrol. */
  readonly kontrolUser: string;
  /** Returns the URL of Kontrol for the kite keys it signs. */
  readonly kontrolUrl: () => string;
  /** The initial key pair, read from files. Default: the one in the store, or a new one if the store does not have one. */
  readonly initial?: KeyPair | undefined;
}

export type KeyRingEvents = {
  /** Key pairs or revoked kite keys have changed, on this node or another. */
  change: [];
  /** This node has issued or renewed a kite key. */
  issue: [key: Caller];
};

/**
 * The key pairs of Kontrol. The newest active pair signs. Signatures of retired pairs are accepted, and retired pairs still
 * sign tokens for kites that do not trust a newer pair yet. Signatures of revoked pairs are refused.
 */
export class KeyRing extends Emitter<KeyRingEvents> {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #kontrolUser: string;
  readonly #kontrolUrl: () => string;
  readonly #initial: KeyPair | undefined;
  #pairs = new Map<string, RingPair>();
  readonly #revoked = new RevokedIds();
  #signing: RingPair | undefined;

  constructor(options: KeyRingOptions) {
    super(options.logger);
    this.#storage = options.storage;
    this.#clock = options.clock;
    this.#kontrolUser = options.kontrolUser;
    this.#kontrolUrl = options.kontrolUrl;
    this.#initial = options.initial;
  }

  /**
   * Loads the key pairs from the store, and creates one if none of them is active.
   *
   * @throws StorageError, or ConfigurationError if the initial pair cannot be used
   */
  async open(): Promise<void> {
    await this.reload();
    if (this.#initial) await this.#importPair(this.#initial);
    else if (!this.#signing) await this.rotate();
  }

  /** Loads the key pairs from the store again. Pairs that are already in the key ring are not parsed again. */
  async reload(): Promise<void> {
    const [stored, revoked] = await Promise.all([this.#storage.keyPairs(), this.#storage.revokedKiteKeys()]);
    const pairs = stored.map((pair) => this.#parse(pair));
    this.#revoked.add(revoked);
    this.#setPairs(pairs);
  }

  /** The key pair that signs. */
  get signing(): RingPair {
    if (!this.#signing) throw new Error('The key ring has not been opened');
    return this.#signing;
  }

  /** All key pairs, newest first. */
  get pairs(): readonly RingPair[] {
    return [...this.#pairs.values()].toSorted(newestFirst);
  }

  /** The key pairs whose signatures are accepted, newest first. */
  get accepted(): readonly RingPair[] {
    return this.pairs.filter(({ state }) => state !== 'revoked');
  }

  get(id: string): RingPair | undefined {
    return this.#pairs.get(id);
  }

  /** The revoked ids of kite keys, in the order in which this node has learned of them. */
  get revokedIds(): readonly string[] {
    return this.#revoked.all;
  }

  /** Whether a credential descends from a revoked kite key. */
  isRevoked(descent: Descent): boolean {
    return this.#revoked.includes(descent);
  }

  /** Whether what was made with a key pair and a kite key is revoked. `kiteKey`: undefined if it is not known. */
  isRevokedBy(keyId: string, kiteKey: Descent | undefined): boolean {
    return this.get(keyId)?.state === 'revoked' || (kiteKey !== undefined && this.isRevoked(kiteKey));
  }

  /** Until when all kite keys of a user are revoked, in milliseconds since 1970. -1 if they are not. */
  revokedUntil(username: string): number {
    return this.#revoked.revokedUntil(username);
  }

  /** Creates a kite key for a user, signed with the current key pair. `ttl`: its lifetime, if it expires. */
  newKiteKey(username: string, ttl?: number): string {
    // A key that is issued in the second of a revocation is not covered by it.
    const issuedAt = Math.max(this.#clock.now(), this.#revoked.revokedUntil(username) + 1000);
    return this.#signKiteKey({ username, id: randomUUID(), issuedAt, ttl });
  }

  /**
   * Signs a kite key again with the current key pair. It keeps its id and its issue time, so a revocation reaches all forms
   * of a key, and signing it several times returns the same one. A key that expires gets its lifetime again.
   */
  renewKiteKey({
    username,
    kiteKeyId,
    issuedAt,
    keyTtl,
  }: Descent & { readonly keyTtl?: number | undefined }): string {
    return this.#signKiteKey({
      username,
      ttl: keyTtl,
      ...(kiteKeyId !== '' && { id: kiteKeyId }),
      ...(issuedAt > 0 && { issuedAt }),
    });
  }

  #signKiteKey({ ttl, ...key }: UnsignedKiteKey): string {
    const jwt = newKiteKey({
      ...key,
      ...(ttl !== undefined && { ttl }),
      kontrolUser: this.#kontrolUser,
      kontrolUrl: this.#kontrolUrl(),
      keyPair: { publicKey: this.signing.publicKey, privateKey: this.signing.signKey },
      clock: this.#clock,
    });
    const signed = parseKiteKey(jwt);
    const { expiresAt = Number.POSITIVE_INFINITY } = signed;
    this.emit('issue', {
      ...descentOfKiteKey(signed),
      type: 'kiteKey',
      // As long as the key is accepted.
      sessionEnd: expiresAt + TOKEN_LEEWAY,
    });
    return jwt;
  }

  /** Creates a key pair that signs from now on, and retires the others. */
  async rotate(): Promise<KeyPairInfo> {
    return infoOf(await this.#install(await generateKeyPair()));
  }

  /**
   * Revokes a key pair: its signatures are refused from now on. Creates a new pair if this was the only active one.
   *
   * @throws ConfigurationError `unknownKeyPair`
   */
  async revoke(id: string): Promise<KeyPairInfo> {
    const pair = this.#pairs.get(id);
    if (!pair) {
      const message = `Kontrol has no key pair with the id ${JSON.stringify(id.slice(0, QUOTED_LENGTH))}`;
      throw new ConfigurationError('unknownKeyPair', message);
    }
    if (pair.state === 'revoked') return infoOf(pair);
    const othersSign = this.pairs.some((other) => other.state === 'active' && other.id !== id);
    if (pair.state === 'active' && !othersSign) await this.rotate();
    return infoOf(await this.#store(pair, 'revoked'));
  }

  /** Revokes one kite key by its `jti`. */
  async revokeKiteKey(jti: string): Promise<void> {
    await this.#storage.revokeKiteKey(jti);
    this.#revoked.add([jti]);
    this.emit('change');
  }

  /** Adds the key pair from files as the signing one, unless the store already contains it. */
  async #importPair(pair: KeyPair): Promise<void> {
    const { publicKey } = parseKeyPair(pair);
    const existing = this.pairs.find(({ verifyKey }) => verifyKey.equals(publicKey));
    if (existing?.state === 'revoked') {
      const message = `The key pair in the files was revoked (id ${existing.id}). Start Kontrol without the files to use the newer pair in its store`;
      throw new ConfigurationError('keyPairRevoked', message);
    }
    if (!existing) await this.#install(pair, deterministicId(publicKey));
    else if (!this.#signing) await this.rotate();
  }

  async #install(pair: KeyPair, id: string = randomUUID()): Promise<RingPair> {
    const others = this.accepted.filter(({ state }) => state === 'active');
    // Distinct times, so that the order of the pairs is unambiguous.
    const createdAt = Math.max(this.#clock.now(), ...this.pairs.map((other) => other.createdAt + 1));
    const stored = { id, ...pair, createdAt, state: 'active' } as const;
    const ready = this.#parse(stored);
    await this.#storage.putKeyPair(stored);
    this.#setPairs([...this.#pairs.values(), ready]);
    for (const other of others) await this.#store(other, 'retired');
    return ready;
  }

  async #store(pair: RingPair, state: RingPair['state']): Promise<RingPair> {
    const { id, publicKey, signKey, createdAt } = pair;
    const privateKey = signKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await this.#storage.putKeyPair({ id, publicKey, privateKey, createdAt, state });
    const changed = { ...pair, state };
    this.#setPairs([...this.#pairs.values()].map((other) => (other.id === id ? changed : other)));
    return changed;
  }

  #setPairs(pairs: readonly RingPair[]): void {
    this.#pairs = new Map(pairs.map((pair) => [pair.id, pair]));
    this.#signing = pairs.toSorted(newestFirst).find(({ state }) => state === 'active');
    this.emit('change');
  }

  #parse(stored: StoredKeyPair): RingPair {
    const existing = this.#pairs.get(stored.id);
    if (existing && existing.publicKey === stored.publicKey) return { ...existing, state: stored.state };
    const { id, publicKey, createdAt, state } = stored;
    const { publicKey: verifyKey, privateKey: signKey } = parseKeyPair(stored);
    return { id, publicKey, verifyKey, signKey, createdAt, state };
  }

  /** Returns the key pair with this public key, even if its PEM is formatted differently. */
  findByPublicKey(pem: string): RingPair | undefined {
    for (const pair of this.#pairs.values()) if (pair.publicKey === pem) return pair;
    let key: KeyObject;
    try {
      key = parsePublicKey(pem);
    } catch {
      return undefined;
    }
    return this.pairs.find(({ verifyKey }) => verifyKey.equals(key));
  }
}

/** A UUID derived from the public key, so that nodes that import the same files use the same id. */
function deterministicId(publicKey: KeyObject): string {
  const hash = createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' }));
  const hex = hash.digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function newestFirst(a: RingPair, b: RingPair): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1);
}

export function infoOf({ id, publicKey, createdAt, state }: RingPair): KeyPairInfo {
  return { id, publicKey, createdAt, state };
}
