import { record } from '../util/record.js';
import { KiteError } from './errors.js';

/** The identity of a kite. The seven fields form its path. */
export interface KiteIdentity {
  readonly name: string;
  readonly username: string;
  /** UUIDv4, generated at each start. */
  readonly id: string;
  readonly environment: string;
  readonly region: string;
  /** Three numbers, such as `1.0.0`. */
  readonly version: string;
  readonly hostname: string;
}

/** The fields, in the order of a path. */
export const IDENTITY_FIELDS = [
  'username',
  'environment',
  'name',
  'version',
  'region',
  'hostname',
  'id',
] as const satisfies readonly (keyof KiteIdentity)[];

/** Returns the path of a kite: `/<username>/<environment>/<name>/<version>/<region>/<hostname>/<id>`. */
export function kitePath(identity: KiteIdentity): string {
  return `/${IDENTITY_FIELDS.map((field) => identity[field]).join('/')}`;
}

/** Parses the identity in a request of a peer. Replaces fields that are not strings with empty strings. */
export function parseIdentity(value: unknown): KiteIdentity {
  const fields = record(value);
  const field = (name: string): string => {
    const content = Object.hasOwn(fields, name) ? fields[name] : undefined;
    return typeof content === 'string' ? content : '';
  };
  return Object.fromEntries(IDENTITY_FIELDS.map((name) => [name, field(name)])) as unknown as KiteIdentity;
}

/**
 * Checks that an identity can be registered: no field is empty, and none contains `/`.
 *
 * @throws KiteError `argumentError` with the name of the field
 */
export function validateIdentity(identity: KiteIdentity): void {
  for (const field of IDENTITY_FIELDS) {
    if (identity[field] === '') throw new KiteError('argumentError', `The kite's ${field} is empty`);
    if (identity[field].includes('/'))
      throw new KiteError('argumentError', `The kite's ${field} contains "/"`);
  }
}
