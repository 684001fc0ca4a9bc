import { BrandedError, kindOf } from '../../../errors/branded-error.js';
import type { StorageErrorCode } from '../../../errors/error-codes.js';
import type { KiteIdentity } from '../../../protocol/identity.js';
import type { Clock } from '../../../util/clock.js';
import type { Logger } from '../../../util/logger.js';
import type { LookupAddresses } from '../../../util/loopback.js';

/** What a store is opened with. */
export interface StorageTools {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Finds out whether a host name leads to this machine. Default: as programs on this machine resolve it. */
  readonly lookup?: LookupAddresses;
}

/** A kite as Kontrol knows it. */
export interface Registration {
  readonly kite: KiteIdentity;
  readonly url: string;
  /** The id of the key pair that signed the kite key with which it registered. */
  readonly keyId: string;
  /** Milliseconds since 1970 of the first registration under this id. */
  readonly registeredAt: number;
  /** Milliseconds since 1970 until which the entry counts as alive without another sign of life. */
  readonly expiresAt: number;
}

/** What another node on the same store did. A node also hears its own changes; applying one twice does no harm. */
export type StorageChange =
  | { readonly type: 'put'; readonly registration: Registration }
  | { readonly type: 'delete'; readonly id: string }
  | { readonly type: 'keys' }
  /** The stream was interrupted: whatever changed meanwhile has to be loaded again. */
  | { readonly type: 'reload' };

/** A key pair of Kontrol's. The newest that is not retired signs. */
export interface StoredKeyPair {
  readonly id: string;
  readonly publicKey: string;
  readonly privateKey: string;
  readonly createdAt: number;
  /**
   * `active`: signs. `retired`: signs no more, what it signed stays valid until it expires, and kites get a fresh kite key
   * at their next register. `revoked`: what it signed is refused.
   */
  readonly state: 'active' | 'retired' | 'revoked';
}

export interface StoredInvite {
  /** SHA-256 of the invite, hexadecimal: the invite itself is stored nowhere. */
  readonly hash: string;
  readonly username: string;
  readonly expiresAt: number;
}

/** Why a registration was not taken over. */
export type PutResult = 'ok' | 'taken';

/**
 * Where Kontrol keeps what has to outlive it, and hears of what its sister nodes do. Every node answers from memory; the
 * store is asked at the start, and told of changes.
 *
 * Lifecycle: `open`, anything, `close`. Every call rejects with a StorageError that names the store and the reason when
 * the store cannot be reached, within the deadline it was made with; it never hangs, and it works again once the store is
 * back. Passed through every implementation by one conformance suite.
 */
export interface Storage {
  readonly name: 'memory' | 'file' | 'postgres' | 'etcd';
  /** Whether the store keeps secrets encrypted; `plain` is worth a warning at the start. */
  readonly secrets: 'encrypted' | 'plain' | 'file-mode' | 'memory';
  open(): Promise<void>;
  close(): Promise<void>;
  /** Resolves where the store answers; rejects with the reason where it does not. For readiness. */
  ping(): Promise<void>;

  /** Every registration, the expired ones included. */
  registrations(): Promise<Registration[]>;
  /**
   * Writes a registration, durably when it resolves. `taken`: the id belongs to another user whose entry has not expired
   * at `now`, and nothing was written. The check and the write are one transaction.
   */
  put(registration: Registration, now: number): Promise<PutResult>;
  /** Moves `expiresAt` of entries that are still there. Ids that are not there are left out. */
  refresh(ids: readonly string[], expiresAt: number): Promise<void>;
  /** Removes an entry, where it still is the one that was registered at `url`. */
  delete(id: string, url: string): Promise<void>;
  /** Removes what expired before `now`, so that a store does not fill up when no node lives to clean it. */
  sweep(now: number): Promise<void>;

  keyPairs(): Promise<StoredKeyPair[]>;
  /** Adds a pair or replaces the one with its id. */
  putKeyPair(pair: StoredKeyPair): Promise<void>;
  /**
   * Encrypts with the secret what was encrypted with the former one, or not at all, and returns the ids of those pairs. Where
   * it breaks off, it can be called again. Not there: the store encrypts nothing.
   */
  reseal?(): Promise<string[]>;

  /** Ids (`jti`) of kite keys that were revoked one by one. */
  revokedKiteKeys(): Promise<string[]>;
  revokeKiteKey(jti: string): Promise<void>;

  putInvite(invite: StoredInvite): Promise<void>;
  /** Takes an invite away and returns it, once: of two nodes that try at the same time one gets it. */
  takeInvite(hash: string, now: number): Promise<StoredInvite | undefined>;

  /**
   * Changes from now on, this node's own included, within a second. Stores that only one node can use have nothing to
   * tell and call it for nothing. Returns what stops it.
   */
  watch(listener: (change: StorageChange) => void): () => void;
}

/** The store cannot be reached, or refuses. The message says which store, what was tried and why. */
export class StorageError extends BrandedError {
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super('StorageError', message, options?.cause);
    this.code = code;
  }
}

export function isStorageError(error: unknown): error is StorageError {
  return kindOf(error) === 'StorageError';
}
