import { KiteError } from '../../protocol/errors.js';
import { IDENTITY_FIELDS, type KiteIdentity, validateIdentity } from '../../protocol/identity.js';
import { registeredUrl } from '../../protocol/registered-url.js';
import { parseVersion } from '../../protocol/version.js';
import type { Clock } from '../../util/clock.js';
import type { Registration } from '../storage/shared/storage.js';
import { FIELD_LENGTH, URL_LENGTH } from '../limits/kontrol-limits.js';
import type { LeaseTimings } from './lease-timings.js';

/** Which kite is registered, where, since when, and which key pair it trusts. */
export type RegistrationSubject = Pick<Registration, 'kite' | 'url' | 'keyId' | 'registeredAt'>;

/** What the store keeps of a kite that is alive now, until its next refresh is due. */
export function registrationRecord(
  { kite, url, keyId, registeredAt }: RegistrationSubject,
  { clock, timings }: { readonly clock: Clock; readonly timings: LeaseTimings },
): Registration {
  return { kite, url, keyId, registeredAt, expiresAt: clock.now() + timings.storedLease };
}

// Halves of surrogate pairs among them: not every store can keep them.
// oxlint-disable-next-line no-control-regex -- control characters are what this looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\p{Surrogate}]/u;

/**
 * Checks that a kite can be registered as what it says it is.
 *
 * @throws KiteError `argumentError` that names the field
 */
export function checkIdentity(kite: KiteIdentity): void {
  validateIdentity(kite);
  for (const field of IDENTITY_FIELDS) {
    const value = kite[field];
    if (value.length > FIELD_LENGTH) throw refuse(field, `is longer than ${FIELD_LENGTH} characters`);
    if (value === '.' || value === '..') throw refuse(field, 'is not a valid name');
    if (CONTROL.test(value)) throw refuse(field, 'contains control characters or halves of characters');
  }
  if (!parseVersion(kite.version))
    throw refuse('version', 'is not a valid version; it must be three numbers, such as 1.0.0');
}

/**
 * Checks a name that somebody wants to have.
 *
 * @throws KiteError `argumentError`
 */
export function checkUsername(username: string): string {
  if (username === '') throw refuse('username', 'is empty');
  if (username.includes('/')) throw refuse('username', 'contains "/"');
  if (username.length > FIELD_LENGTH) throw refuse('username', `is longer than ${FIELD_LENGTH} characters`);
  if (username === '.' || username === '..' || CONTROL.test(username))
    throw refuse('username', 'is not a valid name');
  return username;
}

/**
 * The URL to register: `{url}`, as kites of Go send it, or the text alone, as `kite.js` does.
 *
 * @throws KiteError `argumentError`
 */
export function urlArgument(argument: unknown): string {
  const given = registeredUrl(argument);
  if (given === undefined || given === null || given === '')
    throw new KiteError('argumentError', 'empty url');
  if (typeof given !== 'string') throw invalidUrl('it is not a string');
  if (given.length > URL_LENGTH) throw invalidUrl(`it is longer than ${URL_LENGTH} characters`);
  if (CONTROL.test(given) || /\s/.test(given)) throw invalidUrl('it contains white space');
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw invalidUrl('it is not a URL like http://127.0.0.1:3636/kite');
  }
  // Pages are reached by WebRTC, by way of Kontrol.
  if (!['http:', 'https:', 'ws:', 'wss:', 'webrtc:'].includes(url.protocol))
    throw invalidUrl('it must begin with http:, https:, ws:, wss: or webrtc:');
  return given;
}

function refuse(field: string, reason: string): KiteError {
  return new KiteError('argumentError', `The kite's ${field} ${reason}`);
}

function invalidUrl(reason: string): KiteError {
  return new KiteError('argumentError', `invalid register URL: ${reason}`);
}
