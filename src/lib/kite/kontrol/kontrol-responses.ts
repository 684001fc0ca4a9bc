import { isKiteError, KiteError } from '../../protocol/errors.js';
import { type KiteIdentity, parseIdentity } from '../../protocol/identity.js';
import { record } from '../../util/record.js';
import { KONTROL_STRINGS, REVOKED_IDS } from '../limits/kite-limits.js';

/** A kite in a response of Kontrol. */
export interface KiteRecord {
  readonly kite: KiteIdentity;
  readonly url: string;
  /** Token to call the kite. Empty if the caller may find the kite but not call it. */
  readonly token: string;
  /** Identifier of the key pair of Kontrol that the kite trusts. Empty if Kontrol does not report it. */
  readonly keyId: string;
  /** Time of the registration in milliseconds since 1970. Undefined if Kontrol does not report it. */
  readonly registeredAt?: number | undefined;
  /** When the connection of the kite to Kontrol dropped, in milliseconds since 1970. Undefined while it is connected. */
  readonly silentSince?: number | undefined;
}

/** A response to `getKites`. */
export interface KitesResponse {
  readonly kites: readonly KiteRecord[];
  readonly watcherId: string | undefined;
}

/** A response to `register`. */
export interface RegisterResponse {
  /** The registered URL. */
  readonly url: string;
  /** Interval of heartbeats over HTTP, in seconds. */
  readonly heartbeatInterval: number;
  /** A fresh kite key that replaces the current one. */
  readonly kiteKey: string | undefined;
  /** Public keys that Kontrol has revoked, in PEM. */
  readonly revokedKeys: readonly string[];
  /** Ids of kite keys that Kontrol has revoked. */
  readonly revokedKiteKeys: readonly string[];
}

/** @throws KiteError `invalidResponse` */
export function readKites(response: unknown): KitesResponse {
  const { kites, watcherID } = record(response);
  if (!Array.isArray(kites)) throw invalidKontrolResponse('getKites');
  return { kites: kites.map(readFoundKite), watcherId: stringOrEmpty(watcherID) || undefined };
}

export function readFoundKite(value: unknown): KiteRecord {
  const { kite, url, token, keyId, registeredAt, silentSince } = record(value);
  return {
    kite: parseIdentity(kite),
    url: stringOrEmpty(url),
    token: stringOrEmpty(token),
    keyId: stringOrEmpty(keyId),
    registeredAt: numberOrUndefined(registeredAt),
    silentSince: numberOrUndefined(silentSince),
  };
}

function numberOrUndefined(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/**
 * Whether an error of Kontrol means that no kite matches. Kontrol in Go also passes on the message of etcd for a missing key.
 */
export function isNoKitesFound(error: unknown): boolean {
  if (!isKiteError(error, 'genericError')) return false;
  return error.message === 'no kites found' || error.message.startsWith('100: Key not found');
}

/** Returns an empty response if the error means that no kite matches; throws any other error. */
export function emptyIfNoKites(error: unknown): object {
  if (isNoKitesFound(error)) return { kites: [] };
  throw error;
}

/** @throws KiteError `invalidResponse` */
export function readRegisterResponse(response: unknown): RegisterResponse {
  const { url, heartbeatInterval, kiteKey, revokedKeys, revokedKiteKeys } = record(response);
  if (typeof url !== 'string') throw invalidKontrolResponse('register');
  return {
    url,
    heartbeatInterval: typeof heartbeatInterval === 'number' ? heartbeatInterval : 0,
    kiteKey: stringOrEmpty(kiteKey) || undefined,
    revokedKeys: readStrings(revokedKeys),
    revokedKiteKeys: readRevokedIds(revokedKiteKeys),
  };
}

/** Returns the strings of a list. Empty if the value is not a list. */
export function readStrings(value: unknown, max = KONTROL_STRINGS): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string').slice(0, max) : [];
}

/** Returns the ids of revoked kite keys in a list. */
export function readRevokedIds(value: unknown): readonly string[] {
  return readStrings(value, REVOKED_IDS);
}

/** @throws KiteError `invalidResponse` */
export function readString(method: string, response: unknown): string {
  if (typeof response !== 'string' || response === '') throw invalidKontrolResponse(method);
  return response;
}

function stringOrEmpty(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function invalidKontrolResponse(method: string): KiteError {
  return new KiteError('invalidResponse', `Invalid response of Kontrol to "${method}"`);
}
