import { BrandedError, kindOf } from '../../../errors/branded-error.js';
import type { StorageErrorCode } from '../../../errors/error-codes.js';
import type { KiteIdentity } from '../../../protocol/identity.js';
import type { Clock } from '../../../util/clock.js';
import type { Logger } from '../../../util/logger.js';
import type { LookupAddresses } from '../../../util/loopback.js';

/** The dependencies of a store. */
export interface StorageTools {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Resolves host names, to check whether a host is this machine. Default: the resolver of the system. */
  readonly lookup?: LookupAddresses;
}

/** A registered kite. */
export interface Registration {
  readonly kite: KiteIdentity;
  readonly url: string;
  /** Id of the key pair that signed the kite key with which the kite registered. */
  readonly keyId: string;
  /** Time of the first registration under this id, in milliseconds since 1970. */
  readonly registeredAt: number;
  /** Time at which the entry expires without another heartbeat, in milliseconds since 1970. */
  readonly expiresAt: number;
  /** When the connection of the kite to Kontrol dropped, in milliseconds since 1970. Undefined while it is connected. */
  readonly silentSince?: number | undefined;
  /** Id of the node that the kite has registered at. Undefined if an earlier version has written the entry. */
  readonly node?: string | undefined;
}

/** A registration to delete. */
export interface HeldEntry {
  readonly url: string;
  /** See `Registration`. */
  readonly node?: string | undefined;
}

/** A registered kite whose connection to Kontrol has dropped. */
export interface SilentMark {
  readonly id: string;
  /** See `Registration`. */
  readonly silentSince: number;
  /** When the entry expires, as far as the node knows that has lost the connection. */
  readonly expiresAt: number;
  /** Id of the node that has lost the connection. */
  readonly node?: string | undefined;
}

/** A change made by a node. A node is notified of its own changes too, so applying a change must be idempotent. */
export type StorageChange =
  | { readonly type: 'put'; readonly registration: Registration }
  | { readonly type: 'delete'; readonly id: string }
  | { readonly type: 'keys' }
  /** The stream of changes was interrupted: everything has to be loaded again. */
  | { readonly type: 'reload' };

/** A key pair of Kontrol. The newest active one signs. */
export interface StoredKeyPair {
  readonly id: string;
  readonly publicKey: string;
  readonly privateKey: string;
  readonly createdAt: number;
  /**
   * `active`: signs. `retired`: no longer signs kite keys; its signatures stay valid until they expire, and kites get a
   * new kite key when they next register. `revoked`: its signatures are refused.
   */
  readonly state: 'active' | 'retired' | 'revoked';
}

export interface StoredInvite {
  /** SHA-256 of the invite, in hexadecimal. The invite itself is not stored. */
  readonly hash: string;
  readonly username: string;
  readonly expiresAt: number;
  /** Lifetime of the kite key that the invite is for, in milliseconds. Undefined if the key does not expire. */
  readonly keyTtl?: number | undefined;
}

/** A kite key, or a session of a page or program that calls Kontrol with tokens. Times are in milliseconds since 1970. */
export interface StoredCredential {
  /** A hash of what identifies it. */
  readonly id: string;
  readonly type: 'kiteKey' | 'session';
  readonly username: string;
  /** The id (`jti`) of the kite key, also of a session that descends from it. Empty if the key does not have one. */
  readonly kiteKeyId: string;
  /** When the kite key was issued. */
  readonly issuedAt: number;
  /** When it was last used, to the hour. Undefined if it has not been used yet. */
  readonly lastUse?: number | undefined;
  /** When it ends. Undefined if it does not end by itself. */
  readonly endsAt?: number | undefined;
}

/** `taken`: the id belongs to another user, or only an absent entry was to be written. */
export type PutResult = 'ok' | 'taken';

/**
 * Persistent storage of Kontrol, which also notifies a node of the changes of other nodes. Nodes answer queries from memory:
 * they load the store at the start, and write changes to it.
 *
 * Lifecycle: `open`, any other method, `close`. If the store cannot be reached, every call rejects with a StorageError by its
 * deadline. Calls succeed again once the store can be reached. One conformance suite tests all implementations.
 *
 * A kite that registers at another node moves there: `put` replaces the entry and its `node`. What its former node then writes
 * must not change the entry, so `refresh`, `silence` and `delete` compare the node of the entry, atomically.
 */
export interface Storage {
  readonly name: 'memory' | 'file' | 'postgres' | 'etcd';
  /** Whether several nodes can use the store. */
  readonly shared: boolean;
  /** How private keys are protected in the store. Kontrol warns about `plain` at the start. */
  readonly secrets: 'encrypted' | 'plain' | 'file-mode' | 'memory';
  open(): Promise<void>;
  close(): Promise<void>;
  /**
   * Resolves if the store can be reached, with the time of its clock in milliseconds since 1970, undefined if it has none.
   * Otherwise rejects with the reason.
   */
  ping(): Promise<number | undefined>;

  /** Returns all registrations, including expired ones. */
  registrations(): Promise<Registration[]>;
  /**
   * Writes a registration durably. Resolves with `taken`, without writing, if the id belongs to another user and the entry has
   * not expired at `now`; with `ifAbsent`, also if there is an entry. The check and the write are atomic.
   */
  put(registration: Registration, now: number, ifAbsent?: boolean): Promise<PutResult>;
  /** Sets `expiresAt` of the entries of a node, which are not silent any more. Ignores unknown ids, and entries of other nodes. */
  refresh(ids: readonly string[], expiresAt: number, node?: string): Promise<void>;
  /**
   * Sets `silentSince` of existing entries, each once. Ignores unknown ids, and entries of other nodes or that were put with a
   * later expiry: such a kite has registered again.
   */
  silence(marks: readonly SilentMark[]): Promise<void>;
  /** Deletes an entry if it still has this URL and this node. */
  delete(id: string, held: HeldEntry): Promise<void>;
  /** Deletes entries that expired before `now`. */
  sweep(now: number): Promise<void>;

  keyPairs(): Promise<StoredKeyPair[]>;
  /** Adds a key pair, or replaces the one with its id. */
  putKeyPair(pair: StoredKeyPair): Promise<void>;
  /**
   * Encrypts the private keys that are not encrypted with the current secret, and returns the ids of their pairs. It can be
   * called again after a failure. Not implemented by stores that do not encrypt.
   */
  reseal?(): Promise<string[]>;

  /** Returns the ids (`jti`) of revoked kite keys. */
  revokedKiteKeys(): Promise<string[]>;
  revokeKiteKey(jti: string): Promise<void>;

  /** Returns all invites, including expired ones. */
  invites(): Promise<StoredInvite[]>;
  putInvite(invite: StoredInvite): Promise<void>;
  /** Deletes an invite and returns it. If two nodes do so at the same time, only one of them gets it. */
  takeInvite(hash: string, now: number): Promise<StoredInvite | undefined>;
  /** Deletes the invites of a user, and returns their number. */
  deleteInvites(username: string): Promise<number>;

  /** Returns the credentials of a user, or of all users. */
  credentials(username?: string): Promise<StoredCredential[]>;
  /** Adds credentials. If one exists already, only its `lastUse` and its `endsAt` change, if the new ones are later. */
  putCredentials(credentials: readonly StoredCredential[]): Promise<void>;
  /** Deletes credentials. Unknown ids are ignored. */
  deleteCredentials(ids: readonly string[]): Promise<void>;

  /**
   * Calls `listener` with the changes of all nodes, including this one, within a second. Returns a function that stops it.
   * Stores that only one node can use never call it.
   */
  watch(listener: (change: StorageChange) => void): () => void;
}

/** The store cannot be reached or refuses a request. The message contains the store and the reason. */
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
