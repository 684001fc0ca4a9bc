import { record } from '../util/record.js';
import { KiteError } from './errors.js';
import { nameProblem } from './identity-name.js';

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
 * Checks that every field of an identity is a name (`nameProblem`).
 *
 * @throws KiteError `argumentError` with the name of the field
 */
export function validateIdentity(identity: KiteIdentity): void {
  const problem = identityProblem(identity);
  if (problem !== undefined) throw new KiteError('argumentError', problem);
}

/** Returns a sentence about the first field of an identity that is not a name; undefined if all are. */
export function identityProblem(identity: KiteIdentity): string | undefined {
  for (const field of IDENTITY_FIELDS) {
    const problem = nameProblem(identity[field]);
    if (problem !== undefined) return `The kite's ${field} ${problem}`;
  }
  return undefined;
}
