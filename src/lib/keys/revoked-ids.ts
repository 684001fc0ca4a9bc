/** The kite key from which a credential descends: the key itself, or a token that was issued for it. */
export interface Descent {
  readonly username: string;
  /** The id (`jti`) of the kite key. Empty if it is unknown. */
  readonly kiteKeyId: string;
  /** When the kite key was issued, in milliseconds since 1970. 0 if it is unknown. */
  readonly issuedAt: number;
}

/** Whether two credentials descend from the same kite key. */
export function hasSameKiteKey(one: Descent, other: Descent): boolean {
  const { username, kiteKeyId, issuedAt } = one;
  return username === other.username && kiteKeyId === other.kiteKeyId && issuedAt === other.issuedAt;
}

const USER = /^user:(\d{1,15}):(.+)$/s;

/**
 * The ids that Kontrol has revoked. An id is that of a kite key, or `user:SECONDS:NAME` for every kite key of a user that was
 * issued until then. Ids are only added: a revocation is permanent.
 */
export class RevokedIds {
  readonly #ids = new Set<string>();
  /** By user: until when kite keys are revoked, in milliseconds since 1970. */
  readonly #users = new Map<string, number>();

  /** Returns the id that revokes every kite key that a user has now. */
  static ofUser(username: string, now: number): string {
    return `user:${Math.floor(now / 1000)}:${username}`;
  }

  get all(): readonly string[] {
    return [...this.#ids];
  }

  get size(): number {
    return this.#ids.size;
  }

  /** Adds ids, and returns those that were not revoked before. */
  add(ids: readonly string[]): readonly string[] {
    const added = ids.filter((id) => id !== '' && !this.#ids.has(id));
    for (const id of added) {
      this.#ids.add(id);
      const [, seconds, username] = USER.exec(id) ?? [];
      if (username !== undefined)
        this.#users.set(username, Math.max(Number(seconds) * 1000, this.revokedUntil(username)));
    }
    return added;
  }

  /** Returns until when kite keys of a user are revoked, in milliseconds since 1970. -1 if none are. */
  revokedUntil(username: string): number {
    return this.#users.get(username) ?? -1;
  }

  /** Whether a credential descends from a revoked kite key. */
  includes({ username, kiteKeyId, issuedAt }: Descent): boolean {
    return (kiteKeyId !== '' && this.#ids.has(kiteKeyId)) || issuedAt <= this.revokedUntil(username);
  }
}
