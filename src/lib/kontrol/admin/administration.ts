import { KiteError } from '../../protocol/errors.js';
import type { KeyPairInfo } from '../tokens/key-ring.js';
import type { UserCredential, UserSummary } from './users.js';

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
  invite(username: string, options?: { readonly ttl?: number }): Promise<string>;
  keyPairs(): readonly KeyPairInfo[];
  rotate(): Promise<KeyPairInfo>;
  revoke(id: string): Promise<KeyPairInfo>;
  revokeKiteKey(jti: string): Promise<void>;
  users(): readonly UserSummary[];
  user(username: string): readonly UserCredential[];
  revokeUser(username: string): Promise<void>;
}

type AdminHandler = (argument: unknown) => unknown;

/**
 * Returns the administrative methods of Kontrol: `kontrol.status()`, `kontrol.invite({username, ttl})` with `ttl` in
 * milliseconds, `kontrol.keys()`, `kontrol.rotateKeys()`, `kontrol.revokeKeyPair({id})`, `kontrol.revokeKiteKey({id})`,
 * `kontrol.users()`, `kontrol.user({username})`, `kontrol.revokeUser({username})`.
 */
export function adminMethods(kontrol: KontrolAdmin): Readonly<Record<string, AdminHandler>> {
  return {
    'kontrol.status': () => kontrol.status(),
    'kontrol.invite': (argument) => {
      const ttl = fieldOf(argument, 'ttl');
      if (ttl !== undefined && !(typeof ttl === 'number' && ttl > 0 && Number.isFinite(ttl)))
        throw new KiteError('argumentError', 'kontrol.invite: ttl must be a number of milliseconds');
      return kontrol.invite(stringField(argument, 'username'), ttl === undefined ? {} : { ttl });
    },
    'kontrol.keys': () => kontrol.keyPairs(),
    'kontrol.rotateKeys': () => kontrol.rotate(),
    'kontrol.revokeKeyPair': (argument) => kontrol.revoke(stringField(argument, 'id')),
    'kontrol.revokeKiteKey': async (argument) => {
      await kontrol.revokeKiteKey(stringField(argument, 'id'));
      return null;
    },
    'kontrol.users': () => kontrol.users(),
    'kontrol.user': (argument) => kontrol.user(stringField(argument, 'username')),
    'kontrol.revokeUser': async (argument) => {
      await kontrol.revokeUser(stringField(argument, 'username'));
      return null;
    },
  };
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
