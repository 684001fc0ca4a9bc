import type { Clock } from '../../util/clock.js';
import { RevokedIds } from '../../keys/revoked-ids.js';
import type { Registry } from '../registry/registry.js';
import { checkUsername } from '../registry/registration-record.js';
import type { CredentialUse, CredentialUses } from '../tokens/credential-uses.js';
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
  /** Null if there is none. */
  readonly lastUse: number | null;
}

/** A kite key or a session of a user, in the result of `kontrol.user`. Times are in milliseconds since 1970. */
export interface UserCredential {
  readonly type: 'kiteKey' | 'session';
  /** The id of the kite key, also of a session that descends from it. */
  readonly id: string;
  readonly issuedAt: number;
  readonly lastUse: number | null;
  /** When a session ends. Null for a kite key. */
  readonly endsAt: number | null;
  readonly revoked: boolean;
}

export interface UsersOptions {
  readonly uses: CredentialUses;
  readonly keyRing: KeyRing;
  readonly registry: Registry;
  readonly clock: Clock;
}

/** The users of Kontrol, as far as this node knows them: by their registered kites, and by the credentials it has seen. */
export class Users {
  readonly #options: UsersOptions;

  constructor(options: UsersOptions) {
    this.#options = options;
  }

  /** Returns the users, sorted by name. */
  list(): readonly UserSummary[] {
    const { uses, registry } = this.#options;
    const kites = new Map<string, number>();
    for (const { kite } of registry.entries()) kites.set(kite.username, (kites.get(kite.username) ?? 0) + 1);
    const credentials = new Map<string, CredentialUse[]>();
    for (const use of uses.list()) {
      const own = credentials.get(use.username);
      if (own) own.push(use);
      else credentials.set(use.username, [use]);
    }
    const usernames = [...new Set([...kites.keys(), ...credentials.keys()])].toSorted();
    return usernames.map((username) =>
      this.#summary(username, kites.get(username) ?? 0, credentials.get(username)),
    );
  }

  /** Returns the kite keys and sessions of a user, the last used one first. */
  credentials(username: string): readonly UserCredential[] {
    const { uses, keyRing } = this.#options;
    const name = checkUsername(username);
    return uses
      .list()
      .filter((use) => use.username === name)
      .map((use) => ({
        type: isSession(use) ? ('session' as const) : ('kiteKey' as const),
        id: use.kiteKeyId,
        issuedAt: use.issuedAt,
        lastUse: use.lastUse ?? null,
        endsAt: isSession(use) ? use.sessionEnd : null,
        revoked: keyRing.isRevoked(use),
      }))
      .toSorted((a, b) => (b.lastUse ?? 0) - (a.lastUse ?? 0));
  }

  /** Revokes every kite key that a user has now, with everything that descends from them. */
  async revoke(username: string): Promise<void> {
    const { keyRing, clock } = this.#options;
    await keyRing.revokeKiteKey(RevokedIds.ofUser(checkUsername(username), clock.now()));
  }

  #summary(username: string, kites: number, uses: readonly CredentialUse[] = []): UserSummary {
    const valid = uses.filter((use) => !this.#options.keyRing.isRevoked(use));
    const sessions = valid.filter(isSession).length;
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

function isSession({ sessionEnd }: CredentialUse): boolean {
  return sessionEnd !== Number.POSITIVE_INFINITY;
}
