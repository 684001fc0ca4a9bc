import { isKiteError, KiteError } from '../../protocol/errors.js';
import { type KiteIdentity, parseIdentity } from '../../protocol/identity.js';
import { record } from '../../util/record.js';
import { KONTROL_STRINGS } from '../limits/kite-limits.js';

/** A kite that Kontrol has found, as it came over the wire. */
export interface FoundKite {
  readonly kite: KiteIdentity;
  readonly url: string;
  /** For calling it; empty where it may be found and not called. */
  readonly token: string;
  /** The key pair of Kontrol that it trusts. Empty where Kontrol does not say. */
  readonly keyId: string;
  /** Since when it is registered, in milliseconds since 1970. Undefined where Kontrol does not say. */
  readonly registeredAt?: number | undefined;
}

export interface KitesResponse {
  readonly kites: readonly FoundKite[];
  readonly watcherId: string | undefined;
}

export interface RegisterResponse {
  /** Under which it is registered. */
  readonly url: string;
  /** Seconds between two heartbeats over HTTP. */
  readonly heartbeatInterval: number;
  /** A fresh kite key, to be used from now on. */
  readonly kiteKey: string | undefined;
  /** Public keys of Kontrol, PEM, that it has revoked. */
  readonly revokedKeys: readonly string[];
}

/** @throws KiteError `invalidResponse` */
export function readKites(answer: unknown): KitesResponse {
  const { kites, watcherID } = record(answer);
  if (!Array.isArray(kites)) throw invalidResponse('getKites');
  return { kites: kites.map(readFoundKite), watcherId: stringOrEmpty(watcherID) || undefined };
}

export function readFoundKite(value: unknown): FoundKite {
  const { kite, url, token, keyId, registeredAt: at } = record(value);
  const registeredAt = typeof at === 'number' ? at : undefined;
  return {
    kite: parseIdentity(kite),
    url: stringOrEmpty(url),
    token: stringOrEmpty(token),
    keyId: stringOrEmpty(keyId),
    registeredAt,
  };
}

/**
 * Whether Kontrol's error says that no kite matches: ours and Go's, and what etcd says of a missing key, which a Kontrol of
 * Go passes on.
 */
export function isNoKitesFound(error: unknown): boolean {
  if (!isKiteError(error, 'genericError')) return false;
  return error.message === 'no kites found' || error.message.startsWith('100: Key not found');
}

/** The empty list that an answer to `getKites` means where it is an error that none matches; throws any other. */
export function emptyIfNoKites(error: unknown): object {
  if (isNoKitesFound(error)) return { kites: [] };
  throw error;
}

/** @throws KiteError `invalidResponse` */
export function readRegisterResponse(answer: unknown): RegisterResponse {
  const { url, heartbeatInterval, kiteKey, revokedKeys } = record(answer);
  if (typeof url !== 'string') throw invalidResponse('register');
  return {
    url,
    heartbeatInterval: typeof heartbeatInterval === 'number' ? heartbeatInterval : 0,
    kiteKey: stringOrEmpty(kiteKey) || undefined,
    revokedKeys: readStrings(revokedKeys),
  };
}

/** The texts of a list; none where it is no list. */
export function readStrings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string').slice(0, KONTROL_STRINGS) : [];
}

/** @throws KiteError `invalidResponse` */
export function readString(method: string, answer: unknown): string {
  if (typeof answer !== 'string' || answer === '') throw invalidResponse(method);
  return answer;
}

function stringOrEmpty(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function invalidResponse(method: string): KiteError {
  return new KiteError('invalidResponse', `Kontrol's answer to "${method}" is none that a kite understands`);
}
