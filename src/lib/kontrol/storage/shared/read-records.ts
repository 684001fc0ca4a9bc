import { parseIdentity } from '../../../protocol/identity.js';
import type { Registration, StoredCredential, StoredInvite, StoredKeyPair } from './storage.js';

type Fields = Readonly<Record<string, unknown>>;

/** Returns a registration that was stored as JSON; undefined if it is malformed. */
export function readRegistration(fields: Fields): Registration | undefined {
  const { kite, url, keyId, registeredAt, expiresAt, silentSince, node } = fields;
  const identity = parseIdentity(kite);
  if (identity.id === '' || !isString(url) || !isString(keyId)) return undefined;
  if (!isNumber(registeredAt) || !isNumber(expiresAt)) return undefined;
  const silent = isNumber(silentSince) && { silentSince };
  const held = isString(node) && { node };
  return { kite: identity, url, keyId, registeredAt, expiresAt, ...silent, ...held };
}

/** Returns a key pair that was stored as JSON; undefined if it is malformed. */
export function readKeyPair({
  id,
  publicKey,
  privateKey,
  createdAt,
  state,
}: Fields): StoredKeyPair | undefined {
  if (!isString(id) || !isString(publicKey) || !isString(privateKey) || !isNumber(createdAt))
    return undefined;
  if (state !== 'active' && state !== 'retired' && state !== 'revoked') return undefined;
  return { id, publicKey, privateKey, createdAt, state };
}

/** Returns an invite that was stored as JSON; undefined if it is malformed. */
export function readInvite({ hash, username, expiresAt, keyTtl }: Fields): StoredInvite | undefined {
  if (!isString(hash) || !isString(username) || !isNumber(expiresAt)) return undefined;
  return { hash, username, expiresAt, ...(isNumber(keyTtl) && { keyTtl }) };
}

/** Returns a credential that was stored as JSON; undefined if it is malformed. */
export function readCredential(fields: Fields): StoredCredential | undefined {
  const { id, type, username, kiteKeyId, issuedAt, lastUse, endsAt } = fields;
  if (type !== 'kiteKey' && type !== 'session') return undefined;
  if (!isString(id) || !isString(username) || !isString(kiteKeyId) || !isNumber(issuedAt)) return undefined;
  return {
    id,
    type,
    username,
    kiteKeyId,
    issuedAt,
    ...(isNumber(lastUse) && { lastUse }),
    ...(isNumber(endsAt) && { endsAt }),
  };
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
