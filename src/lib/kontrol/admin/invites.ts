import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../util/clock.js';
import type { Storage } from '../storage/shared/storage.js';

/** Milliseconds that an invite is good for: 24 hours. */
export const INVITE_TTL = 24 * 3_600_000;

// 24 random bytes as base64url.
const LENGTH = 32;

/** Invites to get a kite key for one user, each once. Only their hashes are stored. */
export class Invites {
  readonly #storage: Storage;
  readonly #clock: Clock;

  constructor(storage: Storage, clock: Clock) {
    this.#storage = storage;
    this.#clock = clock;
  }

  /** A new invite for `username`, good for `ttl` milliseconds. */
  async issue(username: string, ttl: number = INVITE_TTL): Promise<string> {
    const invite = randomBytes(24).toString('base64url');
    await this.#storage.putInvite({ hash: hashOf(invite), username, expiresAt: this.#clock.now() + ttl });
    return invite;
  }

  /** Uses up an invite. False where it is none, is used up or expired, or is for somebody else: then it is used up too. */
  async redeem(invite: string, username: string): Promise<boolean> {
    const text = invite.trim();
    if (text.length !== LENGTH) return false;
    const stored = await this.#storage.takeInvite(hashOf(text), this.#clock.now());
    return stored !== undefined && stored.username === username && stored.expiresAt > this.#clock.now();
  }
}

function hashOf(invite: string): string {
  return createHash('sha256').update(invite).digest('hex');
}
