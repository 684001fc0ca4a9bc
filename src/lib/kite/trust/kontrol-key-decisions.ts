import type { Clock } from '../../util/clock.js';
import { isThenable } from '../../util/is-thenable.js';
import { LruMap } from '../../util/lru-map.js';
import { KONTROL_KEY_DECISIONS } from '../limits/kite-limits.js';

/** Whether kite keys that were signed by the Kontrol with this public key (PEM) are accepted. Anything but `true` rejects them. */
export type KontrolKeyCheck = (publicKey: string) => boolean | Promise<boolean>;

/** Decides with a check of the program which Kontrols' kite keys are accepted. The decisions are cached. */
export class KontrolKeyDecisions {
  readonly #check: KontrolKeyCheck;
  readonly #ttl: number;
  readonly #decisions: LruMap<boolean>;

  /** `ttl`: how long decisions are cached, in milliseconds; 0 or less disables the cache. */
  constructor(check: KontrolKeyCheck, ttl: number, clock: Clock) {
    this.#check = check;
    this.#ttl = ttl;
    this.#decisions = new LruMap(KONTROL_KEY_DECISIONS, clock);
  }

  /** Returns the decision about a public key, in PEM as this process encodes it. Throws or rejects if the check fails. */
  accepts(publicKey: string): boolean | Promise<boolean> {
    const cached = this.#decisions.get(publicKey);
    if (cached !== undefined) return cached;
    const decided = (result: unknown): boolean => {
      const accepted = result === true;
      if (this.#ttl > 0) this.#decisions.set(publicKey, accepted, this.#ttl);
      return accepted;
    };
    const result: unknown = this.#check(publicKey);
    return isThenable(result) ? Promise.resolve(result).then(decided) : decided(result);
  }
}
