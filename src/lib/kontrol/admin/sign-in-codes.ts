import { createHash, randomBytes } from 'node:crypto';
import type { Caller } from '../tokens/caller.js';
import type { Clock } from '../../util/clock.js';
import type { AdmissionLimits } from '../limits/kontrol-limits.js';

export type SignInCodeLimits = Pick<AdmissionLimits, 'signInCodes' | 'signInCodesPerUser' | 'signInCodeTtl'>;

// 24 random bytes as base64url.
const CODE_LENGTH = 32;

interface IssuedCode {
  readonly caller: Caller;
  readonly expiresAt: number;
}

/**
 * One-time codes with which a page signs in as the user that requested the code. Only their hashes are stored, in the memory
 * of this node, so the time of a lookup does not reveal anything about valid codes.
 */
export class SignInCodes {
  readonly #clock: Clock;
  readonly #limits: SignInCodeLimits;
  /** By hash, oldest first. */
  readonly #codes = new Map<string, IssuedCode>();

  constructor(clock: Clock, limits: SignInCodeLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Lifetime of a code in milliseconds. */
  get ttl(): number {
    return this.#limits.signInCodeTtl;
  }

  get size(): number {
    return this.#codes.size;
  }

  /** Creates a code for a user with this kite key. */
  issue(caller: Caller): string {
    this.#evict(caller.username);
    const code = randomBytes(24).toString('base64url');
    this.#codes.set(hashOf(code), { caller, expiresAt: this.#clock.monotonic() + this.ttl });
    return code;
  }

  /** Redeems a code and returns who requested it. Returns undefined if the code is unknown, already used or expired. */
  redeem(code: string): Caller | undefined {
    if (code.length !== CODE_LENGTH) return undefined;
    const hash = hashOf(code);
    const issued = this.#codes.get(hash);
    this.#codes.delete(hash);
    return issued && issued.expiresAt > this.#clock.monotonic() ? issued.caller : undefined;
  }

  #evict(username: string): void {
    const { signInCodes, signInCodesPerUser } = this.#limits;
    const own: string[] = [];
    const now = this.#clock.monotonic();
    for (const [hash, issued] of this.#codes) {
      if (issued.expiresAt <= now) this.#codes.delete(hash);
      else if (issued.caller.username === username) own.push(hash);
    }
    for (const hash of own.slice(0, Math.max(0, own.length - signInCodesPerUser + 1)))
      this.#codes.delete(hash);
    const [oldest] = this.#codes.keys();
    if (this.#codes.size >= signInCodes && oldest !== undefined) this.#codes.delete(oldest);
  }
}

function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('base64url');
}
