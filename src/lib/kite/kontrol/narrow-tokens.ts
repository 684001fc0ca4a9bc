import { readClaims, stringClaim } from '../../keys/jwt-claims.js';
import { isKiteError } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import { exactQuery, type KiteQuery } from '../../protocol/query.js';
import type { Clock } from '../../util/clock.js';
import { LruMap } from '../../util/lru-map.js';
import { NARROW_TOKENS } from '../limits/kite-limits.js';
import type { KiteRecord } from './kontrol-responses.js';

/** Milliseconds for which a token is used for other results as well. It is renewed when its client needs it. */
const TOKEN_USE = 10 * 60_000;

/**
 * Replaces tokens that cover more than the kites with the name of theirs. Kontrol in Go issues the tokens of `getKites` for all
 * kites of the query that it was sent, which is wider than the query of the caller if that contains globs.
 */
export class NarrowTokens {
  readonly #getToken: (query: KiteQuery) => Promise<string>;
  readonly #tokens: LruMap<string>;

  constructor(getToken: (query: KiteQuery) => Promise<string>, clock: Clock) {
    this.#getToken = getToken;
    this.#tokens = new LruMap(NARROW_TOKENS, clock);
  }

  /** Returns the kites, each with a token for the kites of its name, or without a token if Kontrol does not issue one. */
  async narrow(kites: readonly KiteRecord[]): Promise<readonly KiteRecord[]> {
    const narrowed: KiteRecord[] = [];
    // One after the other, because the kites of most results have few different names.
    for (const found of kites)
      narrowed.push(hasWideToken(found) ? { ...found, token: await this.#tokenFor(found) } : found);
    return narrowed;
  }

  async #tokenFor({ kite }: KiteRecord): Promise<string> {
    const name = nameOf(kite);
    const known = this.#tokens.get(name);
    if (known !== undefined) return known;
    try {
      const token = await this.#getToken(exactQuery(kite));
      this.#tokens.set(name, token, TOKEN_USE);
      return token;
    } catch (error) {
      // The kite has deregistered meanwhile, or cannot be called. Without a connection, the other tokens fail as well.
      if (isKiteError(error, 'genericError') || isKiteError(error, 'authenticationError')) return '';
      throw error;
    }
  }
}

/** Whether the token of a kite is also valid for kites of other names. */
export function hasWideToken({ kite, token }: Pick<KiteRecord, 'kite' | 'token'>): boolean {
  if (token === '') return false;
  const audience = stringClaim(readClaims(token), 'aud') ?? '';
  const name = nameOf(kite);
  return audience !== name && !audience.startsWith(`${name}/`);
}

function nameOf({ username, environment, name }: KiteIdentity): string {
  return `/${username}/${environment}/${name}`;
}
