import { KiteError } from '../../protocol/errors.js';
import type { KeyPairInfo } from '../tokens/key-ring.js';

/** How a Kontrol is. */
export interface KontrolStatus {
  readonly url: string;
  readonly version: string;
  /** Kites in the registry. */
  readonly kites: number;
  /** Those of them that are connected to this node. */
  readonly connected: number;
  readonly watchers: number;
  readonly storage: { readonly name: string; readonly online: boolean; readonly problem?: string };
  readonly policy: string;
  readonly registration: string;
  /** Seconds since it listens. */
  readonly uptime: number;
  /** Id of the key pair that signs. */
  readonly keyId: string;
}

/** What its own user can have Kontrol do. */
export interface Administered {
  status(): KontrolStatus;
  invite(username: string, options?: { readonly ttl?: number }): Promise<string>;
  keyPairs(): readonly KeyPairInfo[];
  rotate(): Promise<KeyPairInfo>;
  revoke(id: string): Promise<KeyPairInfo>;
  revokeKiteKey(jti: string): Promise<void>;
}

type AdminHandler = (argument: unknown) => unknown;

/**
 * The methods of Kontrol for the user that runs it: `kontrol.status()`, `kontrol.invite({username, ttl})` (milliseconds),
 * `kontrol.keys()`, `kontrol.rotateKeys()`, `kontrol.revokeKeyPair({id})`, `kontrol.revokeKiteKey({id})`.
 */
export function adminMethods(kontrol: Administered): Readonly<Record<string, AdminHandler>> {
  return {
    'kontrol.status': () => kontrol.status(),
    'kontrol.invite': (argument) => {
      const ttl = field(argument, 'ttl');
      if (ttl !== undefined && !(typeof ttl === 'number' && ttl > 0 && Number.isFinite(ttl)))
        throw new KiteError('argumentError', 'kontrol.invite: ttl must be a number of milliseconds');
      return kontrol.invite(text(argument, 'username'), ttl === undefined ? {} : { ttl });
    },
    'kontrol.keys': () => kontrol.keyPairs(),
    'kontrol.rotateKeys': () => kontrol.rotate(),
    'kontrol.revokeKeyPair': (argument) => kontrol.revoke(text(argument, 'id')),
    'kontrol.revokeKiteKey': async (argument) => {
      await kontrol.revokeKiteKey(text(argument, 'id'));
      return null;
    },
  };
}

function field(argument: unknown, name: string): unknown {
  if (typeof argument !== 'object' || argument === null) return undefined;
  return Object.hasOwn(argument, name)
    ? ((argument as Record<string, unknown>)[name] ?? undefined)
    : undefined;
}

/** The field of the argument, or the argument itself where it is a text. */
function text(argument: unknown, name: string): string {
  const value = typeof argument === 'string' ? argument : field(argument, name);
  if (typeof value === 'string' && value !== '') return value;
  throw new KiteError('argumentError', `${name} must be a text`);
}
