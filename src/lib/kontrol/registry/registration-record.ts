import { KiteError } from '../../protocol/errors.js';
import { IDENTITY_FIELDS, type KiteIdentity, validateIdentity } from '../../protocol/identity.js';
import { nameProblem } from '../../protocol/identity-name.js';
import { registeredUrl } from '../../protocol/registered-url.js';
import { parseVersion } from '../../protocol/version.js';
import type { Clock } from '../../util/clock.js';
import type { Registration } from '../storage/shared/storage.js';
import { FIELD_LENGTH, KEY_TTL, URL_LENGTH } from '../limits/kontrol-limits.js';
import type { LeaseTimings } from './lease-timings.js';

/** A registration without its expiry time. */
export type RegistrationSubject = Pick<Registration, 'kite' | 'url' | 'keyId' | 'registeredAt'>;

/** Returns the record to store for a kite that is alive now on a node. */
export function registrationRecord(
  { kite, url, keyId, registeredAt }: RegistrationSubject,
  { clock, timings, node }: { readonly clock: Clock; readonly timings: LeaseTimings; readonly node: string },
): Registration {
  return { kite, url, keyId, registeredAt, expiresAt: clock.now() + timings.storedLease, node };
}

// Of URLs. Includes lone surrogates, which not every store can represent.
// oxlint-disable-next-line no-control-regex -- matches control characters on purpose
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\p{Surrogate}]/u;

/**
 * Checks the identity under which a kite registers.
 *
 * @throws KiteError `argumentError` with the name of the field
 */
export function checkIdentity(kite: KiteIdentity): void {
  validateIdentity(kite);
  for (const field of IDENTITY_FIELDS) {
    const value = kite[field];
    if (value.length > FIELD_LENGTH) throw invalidField(field, `is longer than ${FIELD_LENGTH} characters`);
    if (value === '.' || value === '..') throw invalidField(field, 'is not a valid name');
  }
  // The path of a kite is a query for this kite only, whatever its other names are.
  if (/[*?]/.test(kite.id)) throw invalidField('id', 'contains * or ?, which match other ids in a query');
  if (!parseVersion(kite.version))
    throw invalidField('version', 'is not a valid version; it must be three numbers, such as 1.0.0');
}

/**
 * Checks a username and returns it.
 *
 * @throws KiteError `argumentError`
 */
export function checkUsername(username: string): string {
  if (username.length > FIELD_LENGTH)
    throw invalidField('username', `is longer than ${FIELD_LENGTH} characters`);
  const problem = nameProblem(username);
  if (problem !== undefined) throw invalidField('username', problem);
  if (username === '.' || username === '..') throw invalidField('username', 'is not a valid name');
  return username;
}

/** The shortest lifetime of a kite key, so that kites renew it in time, in milliseconds. */
const MIN_KEY_TTL = 60_000;

/**
 * Checks the lifetime of a kite key in milliseconds, and returns it. Undefined: the key does not expire.
 *
 * @throws KiteError `argumentError`
 */
export function checkKeyTtl(ttl: number | undefined): number | undefined {
  if (ttl === undefined || (ttl >= MIN_KEY_TTL && ttl <= KEY_TTL)) return ttl;
  throw new KiteError('argumentError', 'The lifetime of a kite key must be one minute to 100 years');
}

/**
 * Parses the URL to register: `{url}`, as sent by kites in Go, or a string, as sent by `kite.js`.
 *
 * @throws KiteError `argumentError`
 */
export function parseUrlArgument(argument: unknown): string {
  const value = registeredUrl(argument);
  if (value === undefined || value === null || value === '')
    throw new KiteError('argumentError', 'empty url');
  if (typeof value !== 'string') throw invalidUrl('it is not a string');
  if (value.length > URL_LENGTH) throw invalidUrl(`it is longer than ${URL_LENGTH} characters`);
  if (CONTROL_CHARACTER.test(value) || /\s/.test(value)) throw invalidUrl('it contains white space');
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    throw invalidUrl('it is not a URL like http://127.0.0.1:3636/kite');
  }
  // Pages are reached over WebRTC, with Kontrol as the signalling server.
  if (!['http:', 'https:', 'ws:', 'wss:', 'webrtc:'].includes(url.protocol))
    throw invalidUrl('it must begin with http:, https:, ws:, wss: or webrtc:');
  return value;
}

function invalidField(field: string, reason: string): KiteError {
  return new KiteError('argumentError', `The kite's ${field} ${reason}`);
}

function invalidUrl(reason: string): KiteError {
  return new KiteError('argumentError', `invalid register URL: ${reason}`);
}
