import type { ICompare, IKeyValue, IRangeRequest, IRequestOp } from 'etcd3';
import { record } from '../../../util/record.js';
import { readCredential, readInvite, readKeyPair, readRegistration } from '../shared/read-records.js';
import type { Registration, StoredCredential, StoredInvite, StoredKeyPair } from '../shared/storage.js';
import { parseJson } from '../../../util/parse-json.js';

/**
 * The kinds of keys, and their values in JSON:
 *
 *     registrations/<id>   a Registration
 *     groups/<bucket>      ids of kites that one node refreshes together
 *     alive/<bucket>       the last heartbeat of these kites: when they expire, and the node that wrote it
 *     keys/<pair>          a StoredKeyPair, with its private key sealed if there is a secret
 *     revoked/<jti>        nothing
 *     invites/<hash>       a StoredInvite
 *     credentials/<id>     a StoredCredential
 *     lease                nothing; attached to the lease that all nodes share
 */
export type KeyKind =
  | 'registrations'
  | 'groups'
  | 'alive'
  | 'keys'
  | 'revoked'
  | 'invites'
  | 'credentials'
  | 'lease';

/** The heartbeat of a bucket of kites. */
export interface HeartbeatValue {
  readonly expiresAt: number;
  /** The node that wrote it. */
  readonly node: string;
}

type Range = Required<Pick<IRangeRequest, 'key' | 'range_end'>>;

/** Builds and parses keys. */
export class KeyLayout {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  key(kind: KeyKind, name: string): Buffer {
    return Buffer.from(`${this.#prefix}${kind}/${name}`);
  }

  /** The key of the lease that all nodes share. */
  get lease(): Buffer {
    return Buffer.from(`${this.#prefix}lease`);
  }

  /** Returns the range of all keys of a kind. */
  range(kind: KeyKind): Range {
    return rangeOf(`${this.#prefix}${kind}/`);
  }

  /** The range of all keys. */
  get all(): Range {
    return rangeOf(this.#prefix);
  }

  /** Parses a key. Returns undefined if it does not have this layout. */
  parse(key: Buffer): { readonly kind: string; readonly name: string } | undefined {
    const path = key.toString('utf8');
    const slash = path.indexOf('/', this.#prefix.length);
    if (!path.startsWith(this.#prefix) || slash === -1) return undefined;
    return { kind: path.slice(this.#prefix.length, slash), name: path.slice(slash + 1) };
  }

  nameOf(key: Buffer): string {
    return this.parse(key)?.name ?? '';
  }
}

/** Returns the range of all keys with this prefix. */
function rangeOf(prefix: string): Range {
  const end = Buffer.from(prefix);
  // The last byte cannot overflow, because a prefix ends with a character in UTF-8.
  end.writeUInt8(end.readUInt8(end.length - 1) + 1, end.length - 1);
  return { key: Buffer.from(prefix), range_end: end };
}

/** True if the key still has the value that was read; with undefined, if it does not exist. */
export function unchanged(key: Buffer, read: IKeyValue | undefined): ICompare {
  return hasRevision(key, read ? read.mod_revision : 0);
}

/** True if the key was last put at the revision. */
export function hasRevision(key: Buffer, revision: string | number): ICompare {
  return { key, target: 'Mod', result: 'Equal', mod_revision: revision };
}

export function exists(key: Buffer): ICompare {
  return { key, target: 'Mod', result: 'Greater', mod_revision: 0 };
}

/** True if no key in the range was put after the revision. */
export function unchangedSince(range: Range, revision: number): ICompare {
  return { ...range, target: 'Mod', result: 'Less', mod_revision: revision + 1 };
}

export function putOp(key: Buffer, value: unknown, lease?: string): IRequestOp {
  return {
    request_put: { key, value: Buffer.from(JSON.stringify(value)), ...(lease !== undefined && { lease }) },
  };
}

export function deleteOp(key: Buffer): IRequestOp {
  return { request_delete_range: { key } };
}

/** Parses a registration. Returns undefined if the value is malformed. */
export function parseRegistration({ value }: IKeyValue): Registration | undefined {
  return readRegistration(parseFields(value));
}

export function parseHeartbeat({ value }: IKeyValue): HeartbeatValue | undefined {
  const { expiresAt, node } = parseFields(value);
  return typeof expiresAt === 'number' && typeof node === 'string' ? { expiresAt, node } : undefined;
}

/** Parses the ids of the kites in a bucket. */
export function parseIds({ value }: IKeyValue): readonly string[] {
  const ids = parseJson(value.toString('utf8'));
  return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
}

export function parseStoredPair(id: string, { value }: IKeyValue): StoredKeyPair | undefined {
  return readKeyPair({ ...parseFields(value), id });
}

export function parseInvite(hash: string, { value }: IKeyValue): StoredInvite | undefined {
  return readInvite({ ...parseFields(value), hash });
}

export function parseCredential(id: string, { value }: IKeyValue): StoredCredential | undefined {
  return readCredential({ ...parseFields(value), id });
}

function parseFields(value: Buffer): Readonly<Record<string, unknown>> {
  return record(parseJson(value.toString('utf8')));
}
