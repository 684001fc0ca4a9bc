import type { ICompare, IKeyValue, IRangeRequest, IRequestOp } from 'etcd3';
import { parseIdentity } from '../../../protocol/identity.js';
import { record } from '../../../util/record.js';
import type { Registration, StoredInvite, StoredKeyPair } from '../shared/storage.js';

/**
 * What is kept under which keys, all of it JSON:
 *
 *     registrations/<id>   a Registration
 *     groups/<group>       ids of kites that one node refreshes together
 *     alive/<group>        until when these are alive, and which node says so
 *     keys/<pair>          a StoredKeyPair, its private key sealed where there is a secret
 *     revoked/<jti>        nothing
 *     invites/<hash>       a StoredInvite
 *     lease                nothing: it hangs on the lease that all nodes share
 */
export type Kind = 'registrations' | 'groups' | 'alive' | 'keys' | 'revoked' | 'invites' | 'lease';

/** A sign of life of a group of kites. */
export interface Alive {
  readonly expiresAt: number;
  /** The node that gave it. */
  readonly node: string;
}

type Range = Required<Pick<IRangeRequest, 'key' | 'range_end'>>;

/** Names of keys. */
export class KeyLayout {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  key(kind: Kind, name: string): Buffer {
    return Buffer.from(`${this.#prefix}${kind}/${name}`);
  }

  /** The key of the lease that all nodes share. */
  get lease(): Buffer {
    return Buffer.from(`${this.#prefix}lease`);
  }

  /** Everything of a kind. */
  range(kind: Kind): Range {
    return rangeOf(`${this.#prefix}${kind}/`);
  }

  /** Everything. */
  get all(): Range {
    return rangeOf(this.#prefix);
  }

  /** What a key is the key of; undefined for one that is not from here. */
  parse(key: Buffer): { readonly kind: string; readonly name: string } | undefined {
    const text = key.toString('utf8');
    const slash = text.indexOf('/', this.#prefix.length);
    if (!text.startsWith(this.#prefix) || slash === -1) return undefined;
    return { kind: text.slice(this.#prefix.length, slash), name: text.slice(slash + 1) };
  }

  nameOf(key: Buffer): string {
    return this.parse(key)?.name ?? '';
  }
}

/** The range of all keys that begin like this. */
function rangeOf(prefix: string): Range {
  const end = Buffer.from(prefix);
  // No prefix ends in the highest byte there is: it ends in a character.
  end.writeUInt8(end.readUInt8(end.length - 1) + 1, end.length - 1);
  return { key: Buffer.from(prefix), range_end: end };
}

/** Holds where the key is as it was seen; with undefined, where it is not there. */
export function unchanged(key: Buffer, seen: IKeyValue | undefined): ICompare {
  return atRevision(key, seen ? seen.mod_revision : 0);
}

/** Holds where the key was last put at the revision. */
export function atRevision(key: Buffer, revision: string | number): ICompare {
  return { key, target: 'Mod', result: 'Equal', mod_revision: revision };
}

export function isThere(key: Buffer): ICompare {
  return { key, target: 'Mod', result: 'Greater', mod_revision: 0 };
}

/** Holds where nothing in the range was put after the revision. */
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

/** The registration in a value; undefined where it is none. */
export function registrationOf({ value }: IKeyValue): Registration | undefined {
  const { kite, url, keyId, registeredAt, expiresAt } = fieldsOf(value);
  const identity = parseIdentity(kite);
  if (identity.id === '' || !isText(url) || !isText(keyId)) return undefined;
  if (!isNumber(registeredAt) || !isNumber(expiresAt)) return undefined;
  return { kite: identity, url, keyId, registeredAt, expiresAt };
}

export function aliveOf({ value }: IKeyValue): Alive | undefined {
  const { expiresAt, node } = fieldsOf(value);
  return isNumber(expiresAt) && isText(node) ? { expiresAt, node } : undefined;
}

/** The kites of a group. */
export function idsOf({ value }: IKeyValue): readonly string[] {
  const ids = parsed(value);
  return Array.isArray(ids) ? ids.filter(isText) : [];
}

export function pairOf(id: string, { value }: IKeyValue): StoredKeyPair | undefined {
  const { publicKey, privateKey, createdAt, state } = fieldsOf(value);
  if (!isText(publicKey) || !isText(privateKey) || !isNumber(createdAt)) return undefined;
  if (state !== 'active' && state !== 'retired' && state !== 'revoked') return undefined;
  return { id, publicKey, privateKey, createdAt, state };
}

export function inviteOf(hash: string, { value }: IKeyValue): StoredInvite | undefined {
  const { username, expiresAt } = fieldsOf(value);
  return isText(username) && isNumber(expiresAt) ? { hash, username, expiresAt } : undefined;
}

function fieldsOf(value: Buffer): Readonly<Record<string, unknown>> {
  return record(parsed(value));
}

function parsed(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString('utf8'));
  } catch {
    return undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
