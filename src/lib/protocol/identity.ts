import { record } from '../util/record.js';
import { KiteError } from './errors.js';

/** Who a kite is. The seven fields always travel together; together they are its path. */
export interface KiteIdentity {
  readonly name: string;
  readonly username: string;
  /** UUIDv4, new at each start. */
  readonly id: string;
  readonly environment: string;
  readonly region: string;
  /** Three numbers, `1.0.0`. */
  readonly version: string;
  readonly hostname: string;
}

/** The fields in the order in which they stand in a path. */
export const IDENTITY_FIELDS = [
  'username',
  'environment',
  'name',
  'version',
  'region',
  'hostname',
  'id',
] as const satisfies readonly (keyof KiteIdentity)[];

/** `/<username>/<environment>/<name>/<version>/<region>/<hostname>/<id>` */
export function kitePath(identity: KiteIdentity): string {
  return `/${IDENTITY_FIELDS.map((field) => identity[field]).join('/')}`;
}

/** The identity in the `kite` field of a request: whatever the peer sent, with every field a string. */
export function parseIdentity(value: unknown): KiteIdentity {
  const given = record(value);
  const field = (name: string): string => {
    const content = Object.hasOwn(given, name) ? given[name] : undefined;
    return typeof content === 'string' ? content : '';
  };
  return Object.fromEntries(IDENTITY_FIELDS.map((name) => [name, field(name)])) as unknown as KiteIdentity;
}

/**
 * Checks that an identity can be registered: no field is empty, and none contains `/`.
 *
 * @throws KiteError `argumentError` that names the field
 */
export function validateIdentity(identity: KiteIdentity): void {
  for (const field of IDENTITY_FIELDS) {
    if (identity[field] === '') throw new KiteError('argumentError', `The kite's ${field} is empty`);
    if (identity[field].includes('/'))
      throw new KiteError('argumentError', `The kite's ${field} contains "/"`);
  }
}
