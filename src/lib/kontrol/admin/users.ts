import { TOKEN_LEEWAY } from '../../keys/jwt-claims.js';
import { kiteKeyIdProblem } from '../../keys/kite-key.js';
import { codedError, KiteError } from '../../protocol/errors.js';
import type { Clock } from '../../util/clock.js';
import type { Invites } from './invites.js';
import { RevokedIds } from '../../keys/revoked-ids.js';
import type { Registry } from '../registry/registry.js';
import { checkUsername } from '../registry/registration-record.js';
import type { StoredCredential } from '../storage/shared/storage.js';
import type { CredentialUses } from '../tokens/credential-uses.js';
import type { KeyRing } from '../tokens/key-ring.js';

/** A user in the result of `kontrol.users`. Times are in milliseconds since 1970. */
export interface UserSummary {
  readonly username: string;
  /** Registered kites. */
  readonly kites: number;
  /** Kite keys that are not revoked. */
  readonly keys: number;
  /** Sessions with tokens for Kontrol that have not ended. */
  readonly sessions: number;
  /** To the hour. Null if there is none. */
  readonly lastUse: number | null;
}

/** A kite key or a session of a user, in the result of `kontrol.user`. Times are in milliseconds since 1970. */
export interface UserCredential {
  readonly type: 'kiteKey' | 'session';
  /** The id of the kite key, also of a session that descends from it. */
  readonly id: string;
  readonly issuedAt: number;
  /** To the hour. Null if it has not been used yet. */
  readonly lastUse: number | null;
  /** When a session ends, or a kite key expires. Null for a kite key that does not expire. */
  readonly endsAt: number | null;
  readonly revoked: boolean;
}

/** Returns when a session ends, or a kite key expires by its own claim: Kontrol accepts a key for the leeway longer. */
function expiryOf({ type, endsAt }: StoredCredential): number | undefined {
  return type === 'kiteKey' && endsAt !== undefined ? endsAt - TOKEN_LEEWAY : endsAt;
}

/** What a revocation of a user has reached, besides kite keys. */
export interface UserRevocation {
  /** Whether Kontrol knows the user: a kite key, a session, an invite or a registered kite. */
  readonly known: boolean;
  /** The number of unused invites that were deleted. */
  readonly invites: number;
}

/** What a revocation of a kite key has reached. */
export interface KeyRevocation {
  /** Whether Kontrol has issued the key, or has seen it. */
  readonly known: boolean;
}

export interface UsersOptions {
  readonly uses: CredentialUses;
  readonly invites: Invites;
  readonly keyRing: KeyRing;
  readonly registry: Registry;
  readonly clock: Clock;
}

/** The users of Kontrol: those with registered kites, and those whose credentials the nodes have recorded. */
export class Users {
  readonly #options: UsersOptions;

  constructor(options: UsersOptions) {
    this.#options = options;
  }

  /** Returns the users, sorted by name. Rejects with a StorageError. */
  async list(): Promise<readonly UserSummary[]> {
    const { uses, registry } = this.#options;
    const kites = new Map<string, number>();
    for (const { kite } of registry.entries()) kites.set(kite.username, (kites.get(kite.username) ?? 0) + 1);
    const credentials = new Map<string, StoredCredential[]>();
    for (const use of await uses.list()) {
      const own = credentials.get(use.username);
      if (own) own.push(use);
      else credentials.set(use.username, [use]);
    }
    const usernames = [...new Set([...kites.keys(), ...credentials.keys()])].toSorted();
    return usernames.map((username) =>
      this.#summary(username, kites.get(username) ?? 0, credentials.get(username)),
    );
  }

  /**
   * Returns the kite keys and sessions of a user, the last used one first. Rejects with the KiteError `unknownUser` if there is
   * no kite either, and with a StorageError.
   */
  async credentials(username: string): Promise<readonly UserCredential[]> {
    const name = checkUsername(username);
    const { uses, keyRing } = this.#options;
    const own = await uses.list(name);
    if (own.length === 0 && !this.#hasKites(name)) throw unknownUserError(name);
    return own
      .map((use) => ({
        type: use.type,
        id: use.kiteKeyId,
        issuedAt: use.issuedAt,
        lastUse: use.lastUse ?? null,
        endsAt: expiryOf(use) ?? null,
        revoked: keyRing.isRevoked(use),
      }))
      .toSorted((a, b) => (b.lastUse ?? 0) - (a.lastUse ?? 0));
  }

  /** Revokes every kite key that a user has now, with everything that descends from them, and deletes the user's invites. */
  async revoke(username: string): Promise<UserRevocation> {
    const name = checkUsername(username);
    const { keyRing, invites, uses, clock } = this.#options;
    // First, so that the revocation covers a kite key for which an invite was redeemed meanwhile.
    const deleted = await invites.deleteAll(name);
    await keyRing.revokeKiteKey(RevokedIds.ofUser(name, clock.now()));
    const known = deleted > 0 || this.#hasKites(name) || (await uses.list(name)).length > 0;
    return { known, invites: deleted };
  }

  /**
   * Revokes a kite key by its id.
   *
   * @throws KiteError `argumentError` if no kite key has such an id
   */
  async revokeKey(id: string): Promise<KeyRevocation> {
    const problem = kiteKeyIdProblem(id);
    if (problem !== undefined) throw new KiteError('argumentError', problem);
    const { keyRing, registry, uses } = this.#options;
    const registered = [...registry.entries()].some(({ kiteKey }) => kiteKey?.kiteKeyId === id);
    await keyRing.revokeKiteKey(id);
    return { known: registered || (await uses.list()).some(({ kiteKeyId }) => kiteKeyId === id) };
  }

  #hasKites(username: string): boolean {
    for (const { kite } of this.#options.registry.entries()) if (kite.username === username) return true;
    return false;
  }

  #summary(username: string, kites: number, uses: readonly StoredCredential[] = []): UserSummary {
    const valid = uses.filter((use) => !this.#options.keyRing.isRevoked(use));
    const sessions = valid.filter(({ type }) => type === 'session').length;
    const lastUse = Math.max(0, ...uses.map((use) => use.lastUse ?? 0));
    return {
      username,
      kites,
      keys: valid.length - sessions,
      sessions,
      lastUse: lastUse === 0 ? null : lastUse,
    };
  }
}

function unknownUserError(username: string): KiteError {
  const message = `Kontrol does not know the user ${JSON.stringify(username)}: it has no record of a kite key for this name, or the last one has ended, and no kite is registered under it`;
  return codedError('genericError', 'unknownUser', message);
}
