import { createHash, type KeyObject, randomUUID } from 'node:crypto';
import { generateKeyPair, type KeyPair, newKiteKey, parseKeyPair, parsePublicKey } from '../../keys/index.js';
import { ConfigurationError } from '../../protocol/errors.js';
import type { Clock } from '../../util/clock.js';
import { Emitter } from '../../util/emitter.js';
import type { Storage, StoredKeyPair } from '../storage/shared/storage.js';
import { QUOTED_LENGTH } from '../../protocol/protocol-limits.js';

/** A key pair that is ready for use. */
export interface RingPair {
  readonly id: string;
  /** PEM. */
  readonly publicKey: string;
  readonly verifyKey: KeyObject;
  readonly signKey: KeyObject;
  readonly createdAt: number;
  readonly state: StoredKeyPair['state'];
}

/** What people may see of a key pair. */
export type KeyPairInfo = Pick<RingPair, 'id' | 'publicKey' | 'createdAt' | 'state'>;

export interface KeyRingOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  /** The user that runs Kontrol. */
  readonly kontrolUser: string;
  /** Where Kontrol is, for the kite keys it signs. */
  readonly kontrolUrl: () => string;
  /** The pair to begin with, from files. Default: the store's, or a new one where it has none. */
  readonly initial?: KeyPair | undefined;
}

export type KeyRingEvents = {
  /** Pairs or revoked kite keys have changed, here or on another node. */
  change: [];
};

/**
 * The key pairs of Kontrol. One signs: the newest that is active. What retired ones signed is still accepted, and they
 * go on signing tokens for kites that know no newer one. What a revoked pair signed is refused, all of it.
 */
export class KeyRing extends Emitter<KeyRingEvents> {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #kontrolUser: string;
  readonly #kontrolUrl: () => string;
  readonly #initial: KeyPair | undefined;
  #pairs = new Map<string, RingPair>();
  #revokedKiteKeys = new Set<string>();
  #signing: RingPair | undefined;

  constructor(options: KeyRingOptions) {
    super();
    this.#storage = options.storage;
    this.#clock = options.clock;
    this.#kontrolUser = options.kontrolUser;
    this.#kontrolUrl = options.kontrolUrl;
    this.#initial = options.initial;
  }

  /**
   * Reads the store, and adds the first pair where it has none that signs.
   *
   * @throws StorageError, or ConfigurationError where the given pair cannot be used
   */
  async open(): Promise<void> {
    await this.reload();
    if (this.#initial) await this.#adopt(this.#initial);
    else if (!this.#signing) await this.rotate();
  }

  /** Reads the store again. Keys that are known already are not parsed again. */
  async reload(): Promise<void> {
    const [stored, revoked] = await Promise.all([this.#storage.keyPairs(), this.#storage.revokedKiteKeys()]);
    const pairs = stored.map((pair) => this.#ready(pair));
    this.#revokedKiteKeys = new Set(revoked);
    this.#use(pairs);
  }

  /** The pair that signs. */
  get signing(): RingPair {
    if (!this.#signing) throw new Error('The key ring has not been opened');
    return this.#signing;
  }

  /** Every pair, the newest first. */
  get pairs(): readonly RingPair[] {
    return [...this.#pairs.values()].toSorted(newestFirst);
  }

  /** Pairs whose signatures are accepted, the one that signs first. */
  get accepted(): readonly RingPair[] {
    return this.pairs.filter(({ state }) => state !== 'revoked');
  }

  get(id: string): RingPair | undefined {
    return this.#pairs.get(id);
  }

  isRevokedKiteKey(jti: string): boolean {
    return jti !== '' && this.#revokedKiteKeys.has(jti);
  }

  /** A kite key for a user, signed by the current pair. */
  newKiteKey(username: string): string {
    return newKiteKey({
      username,
      kontrolUser: this.#kontrolUser,
      kontrolUrl: this.#kontrolUrl(),
      keyPair: { publicKey: this.signing.publicKey, privateKey: this.signing.signKey },
      clock: this.#clock,
    });
  }

  /** Has a new pair sign, and retires the others. */
  async rotate(): Promise<KeyPairInfo> {
    return infoOf(await this.#install(await generateKeyPair()));
  }

  /**
   * Refuses from now on what the pair signed. Where it was the one that signs, a new one takes its place.
   *
   * @throws ConfigurationError `unknownKeyPair`
   */
  async revoke(id: string): Promise<KeyPairInfo> {
    const pair = this.#pairs.get(id);
    if (!pair) {
      const message = `Kontrol has no key pair with the id ${JSON.stringify(id.slice(0, QUOTED_LENGTH))}; see them with: kitectl kontrol keys list`;
      throw new ConfigurationError('unknownKeyPair', message);
    }
    if (pair.state === 'revoked') return infoOf(pair);
    const othersSign = this.pairs.some((other) => other.state === 'active' && other.id !== id);
    if (pair.state === 'active' && !othersSign) await this.rotate();
    return infoOf(await this.#store(pair, 'revoked'));
  }

  /** Refuses one kite key from now on, by its `jti`. */
  async revokeKiteKey(jti: string): Promise<void> {
    await this.#storage.revokeKiteKey(jti);
    this.#revokedKiteKeys.add(jti);
    this.emit('change');
  }

  /** Makes a pair from files the one that signs, unless the store knows more about it. */
  async #adopt(given: KeyPair): Promise<void> {
    const { publicKey } = parseKeyPair(given);
    const known = this.pairs.find(({ verifyKey }) => verifyKey.equals(publicKey));
    if (known?.state === 'revoked') {
      const message = `The key pair in the files was revoked (id ${known.id}). Start Kontrol without the files to use the newer pair of its store`;
      throw new ConfigurationError('keyPairRevoked', message);
    }
    if (!known) await this.#install(given, idOf(publicKey));
    else if (!this.#signing) await this.rotate();
  }

  async #install(pair: KeyPair, id: string = randomUUID()): Promise<RingPair> {
    const others = this.accepted.filter(({ state }) => state === 'active');
    // Two pairs of one millisecond would leave open which of them is the newer.
    const createdAt = Math.max(this.#clock.now(), ...this.pairs.map((other) => other.createdAt + 1));
    const stored = { id, ...pair, createdAt, state: 'active' } as const;
    const ready = this.#ready(stored);
    await this.#storage.putKeyPair(stored);
    this.#use([...this.#pairs.values(), ready]);
    for (const other of others) await this.#store(other, 'retired');
    return ready;
  }

  async #store(pair: RingPair, state: RingPair['state']): Promise<RingPair> {
    const { id, publicKey, signKey, createdAt } = pair;
    const privateKey = signKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await this.#storage.putKeyPair({ id, publicKey, privateKey, createdAt, state });
    const changed = { ...pair, state };
    this.#use([...this.#pairs.values()].map((other) => (other.id === id ? changed : other)));
    return changed;
  }

  #use(pairs: readonly RingPair[]): void {
    this.#pairs = new Map(pairs.map((pair) => [pair.id, pair]));
    this.#signing = pairs.toSorted(newestFirst).find(({ state }) => state === 'active');
    this.emit('change');
  }

  #ready(stored: StoredKeyPair): RingPair {
    const known = this.#pairs.get(stored.id);
    if (known && known.publicKey === stored.publicKey) return { ...known, state: stored.state };
    const { id, publicKey, createdAt, state } = stored;
    const { publicKey: verifyKey, privateKey: signKey } = parseKeyPair(stored);
    return { id, publicKey, verifyKey, signKey, createdAt, state };
  }

  /** The pair whose public half `pem` is, however it is written. */
  find(pem: string): RingPair | undefined {
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

/** Nodes that begin with the same files at the same time call the pair the same: a UUID that its public key makes. */
function idOf(publicKey: KeyObject): string {
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
