import { KiteError } from '../../protocol/errors.js';
import type { KeyPairInfo } from '../tokens/key-ring.js';
import type { InviteLifetimes } from './invites.js';
import type { KeyRevocation, UserCredential, UserRevocation, UserSummary } from './users.js';

/** The status of a Kontrol: the result of `kontrol.status`. */
export interface KontrolStatus {
  readonly url: string;
  readonly version: string;
  /** Kites in the registry. */
  readonly kites: number;
  /** Kites that are connected to this node. */
  readonly connected: number;
  readonly watchers: number;
  readonly storage: { readonly name: string; readonly online: boolean; readonly problem?: string };
  readonly policy: string;
  readonly registration: string;
  /** Seconds since Kontrol began to listen. */
  readonly uptime: number;
  /** Id of the key pair that signs new kite keys. */
  readonly keyId: string;
}

/** Administrative operations, which only the user that runs Kontrol can call. */
export interface KontrolAdmin {
  status(): KontrolStatus;
  invite(username: string, options?: InviteLifetimes): Promise<string>;
  keyPairs(): readonly KeyPairInfo[];
  rotate(): Promise<KeyPairInfo>;
  revoke(id: string): Promise<KeyPairInfo>;
  revokeKiteKey(jti: string): Promise<KeyRevocation>;
  users(): Promise<readonly UserSummary[]>;
  user(username: string): Promise<readonly UserCredential[]>;
  revokeUser(username: string): Promise<UserRevocation>;
}

type AdminHandler = (argument: unknown) => unknown;

/**
 * Returns the administrative methods of Kontrol: `kontrol.status()`, `kontrol.invite({username, ttl, keyTtl})` with
 * `ttl` and `keyTtl` in milliseconds, `kontrol.keys()`, `kontrol.rotateKeys()`, `kontrol.revokeKeyPair({id})`,
 * `kontrol.revokeKiteKey({id})`, `kontrol.users()`, `kontrol.user({username})`, `kontrol.revokeUser({username})`.
 */
export function adminMethods(kontrol: KontrolAdmin): Readonly<Record<string, AdminHandler>> {
  return {
    'kontrol.status': () => kontrol.status(),
    'kontrol.invite': (argument) => {
      const [ttl, keyTtl] = [lifetimeField(argument, 'ttl'), lifetimeField(argument, 'keyTtl')];
      return kontrol.invite(stringField(argument, 'username'), { ttl, keyTtl });
    },
    'kontrol.keys': () => kontrol.keyPairs(),
    'kontrol.rotateKeys': () => kontrol.rotate(),
    'kontrol.revokeKeyPair': (argument) => kontrol.revoke(stringField(argument, 'id')),
    'kontrol.revokeKiteKey': (argument) => kontrol.revokeKiteKey(stringField(argument, 'id')),
    'kontrol.users': () => kontrol.users(),
    'kontrol.user': (argument) => kontrol.user(stringField(argument, 'username')),
    'kontrol.revokeUser': (argument) => kontrol.revokeUser(stringField(argument, 'username')),
  };
}

/** Returns a field that is a lifetime in milliseconds. Undefined if it is missing. */
function lifetimeField(argument: unknown, name: string): number | undefined {
  const value = fieldOf(argument, name);
  if (value === undefined || (typeof value === 'number' && value > 0 && Number.isFinite(value))) return value;
  throw new KiteError('argumentError', `kontrol.invite: ${name} must be a number of milliseconds`);
}

function fieldOf(argument: unknown, name: string): unknown {
  if (typeof argument !== 'object' || argument === null) return undefined;
  return Object.hasOwn(argument, name)
    ? ((argument as Record<string, unknown>)[name] ?? undefined)
    : undefined;
}

/** Returns the field `name` of the argument, or the argument itself if it is a string. */
function stringField(argument: unknown, name: string): string {
  const value = typeof argument === 'string' ? argument : fieldOf(argument, name);
  if (typeof value === 'string' && value !== '') return value;
  throw new KiteError('argumentError', `${name} must be a string`);
}
