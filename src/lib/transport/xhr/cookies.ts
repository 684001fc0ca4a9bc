import { COOKIES, COOKIE_LENGTH } from '../limits/transport-limits.js';

const COOKIE = /^\s*([!#$%&'*+.^_`|~\w-]+)\s*=([^;]*)/;
const EXPIRED = /;\s*max-age\s*=\s*(?:0|-\d+)\s*(?:;|$)/i;

/**
 * The cookies of one session, by which load balancers route its requests to the server that opened it. All requests go to the
 * same origin, and the cookies end with the session, so attributes other than `Max-Age=0` do not matter.
 */
export class Cookies {
  readonly #values = new Map<string, string>();
  readonly #fixed: readonly string[];

  /** `fixed`: cookies that each request has in addition, such as `a=1; b=2`. */
  constructor(fixed: readonly string[] = []) {
    this.#fixed = fixed;
  }

  /** Takes the cookies of a response. */
  receive(headers: readonly string[] | undefined): void {
    for (const header of headers ?? []) {
      const [, name, value = ''] = COOKIE.exec(header) ?? [];
      if (name === undefined || name.length + value.length > COOKIE_LENGTH) continue;
      this.#values.delete(name);
      if (!EXPIRED.test(header) && this.#values.size < COOKIES) this.#values.set(name, value.trim());
    }
  }

  /** Returns the `Cookie` header of a request. Undefined if there are no cookies. */
  get header(): string | undefined {
    if (this.#values.size === 0 && this.#fixed.length === 0) return undefined;
    return [...this.#fixed, ...Array.from(this.#values, ([name, value]) => `${name}=${value}`)].join('; ');
  }
}
