import { codedError } from '../../protocol/errors.js';
import type { UserLimits } from '../limits/kontrol-limits.js';

export interface UserQuotaOptions {
  readonly limits: UserLimits;
  readonly name: keyof UserLimits;
  /** What the user has, such as `registered kites`. */
  readonly what: string;
  /** What the user can do to have less, in the imperative. */
  readonly advice: string;
}

/** Counts what each user has, and refuses more than a limit allows. */
export class UserQuota {
  readonly #options: UserQuotaOptions;
  readonly #counts = new Map<string, number>();

  constructor(options: UserQuotaOptions) {
    this.#options = options;
  }

  /**
   * Counts one more. `others`: how many the user has that are not counted here.
   *
   * @throws KiteError `requestLimitError` with code `userLimit`
   */
  take(user: string, others = 0): void {
    const { limits, name, what, advice } = this.#options;
    const count = this.#counts.get(user) ?? 0;
    if (count + others >= limits[name]) {
      const message = `The user ${user} has ${count + others} ${what}, and Kontrol allows ${limits[name]} (limits.${name}): ${advice}, or ask the operator of Kontrol to increase the limit`;
      throw codedError('requestLimitError', 'userLimit', message);
    }
    this.#counts.set(user, count + 1);
  }

  /** Counts one less. */
  release(user: string): void {
    const count = (this.#counts.get(user) ?? 0) - 1;
    if (count > 0) this.#counts.set(user, count);
    else this.#counts.delete(user);
  }
}
