import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../util/clock.js';
import type { Storage, StoredInvite } from '../storage/shared/storage.js';

/** Default lifetime of an invite in milliseconds: 24 hours. */
export const INVITE_TTL = 24 * 3_600_000;

// 24 random bytes as base64url.
const INVITE_CHARACTERS = 32;

/** Lifetimes in milliseconds. */
export interface InviteLifetimes {
  /** Of the invite. Default: 24 hours. */
  readonly ttl?: number | undefined;
  /** Of the kite key. Default: it does not expire. */
  readonly keyTtl?: number | undefined;
}

/** One-time invites, each of which entitles one user to a kite key. Only their hashes are stored. */
export class Invites {
  readonly #storage: Storage;
  readonly #clock: Clock;

  constructor(storage: Storage, clock: Clock) {
    this.#storage = storage;
    this.#clock = clock;
  }

  /**
   * Creates an invite for `username` that expires after `ttl` milliseconds. `keyTtl`: lifetime of the kite key, if it expires.
   */
  async issue(username: string, { ttl = INVITE_TTL, keyTtl }: InviteLifetimes): Promise<string> {
    const invite = randomBytes(24).toString('base64url');
    await this.#storage.putInvite({
      hash: hashOf(invite),
      username,
      expiresAt: this.#clock.now() + ttl,
      ...(keyTtl !== undefined && { keyTtl }),
    });
    return invite;
  }

  /**
   * Redeems an invite and returns it. Returns undefined if it is unknown, already used, expired or issued for another user. An
   * invite for another user is consumed too.
   */
  async redeem(invite: string, username: string): Promise<StoredInvite | undefined> {
    const trimmed = invite.trim();
    if (trimmed.length !== INVITE_CHARACTERS) return undefined;
    const stored = await this.#storage.takeInvite(hashOf(trimmed), this.#clock.now());
    return stored?.username === username && stored.expiresAt > this.#clock.now() ? stored : undefined;
  }

  /** Deletes the unused invites of a user, and returns their number. */
  deleteAll(username: string): Promise<number> {
    return this.#storage.deleteInvites(username);
  }
}

function hashOf(invite: string): string {
  return createHash('sha256').update(invite).digest('hex');
}
