import { codedError, isKiteError, type KiteError } from '../../protocol/errors.js';
import { type KiteQuery, formatQueryPath, queryMatcher } from '../../protocol/query.js';
import { toWireQuery, type WireQuery } from '../../protocol/wire-query.js';
import type { KiteRecord } from './kontrol-responses.js';

/**
 * The errors of a Kontrol that knows no globs, for a query without a username, without fields, or without a query: Kontrol in Go on
 * PostgreSQL has another message for the second one, and ends a call without a query by recovering.
 */
const NO_FIELDS =
  /^(?:Empty username field$|all query fields are empty$|Invalid query\. It must be an object|runtime error:)/;

/** A query for Kontrol, which may not know globs. */
export class KontrolQuery {
  readonly #wire: WireQuery;
  readonly #matches: (found: KiteRecord) => boolean;

  /** @throws QueryError if it is invalid */
  constructor(query: KiteQuery) {
    this.#wire = toWireQuery(query);
    const { glob } = this.#wire;
    const matches = glob && queryMatcher(glob);
    this.#matches = matches ? ({ kite }) => matches(kite) : () => true;
  }

  /** Whether it contains globs. */
  get hasGlobs(): boolean {
    return this.#wire.glob !== undefined;
  }

  /** The arguments of `getKites`. With `who`, Kontrol must know globs: it asks one of the kites that match. */
  argsOf({ who, ...others }: { readonly who?: unknown; readonly watchCallback?: unknown }): unknown[] {
    const { query, glob } = this.#wire;
    if (who === undefined) return [{ ...this.#wire, ...others }];
    return [{ ...(glob ? { glob } : { query }), who }];
  }

  /** The argument of `getToken`. A Kontrol that does not know globs fails, because it finds no field that is set. */
  tokenArgs(force: boolean): unknown[] {
    const { query, glob } = this.#wire;
    return [{ ...(glob ? { glob } : query), ...(force && { force }) }];
  }

  /** Whether a kite that Kontrol has returned matches. A Kontrol that does not know globs returns others as well. */
  matches(found: KiteRecord): boolean {
    return this.#matches(found);
  }

  /** Whether an error means that Kontrol does not know globs, and could not answer a wider query either. */
  isUnknownGlob(error: unknown): error is KiteError {
    return this.hasGlobs && isKiteError(error, 'genericError') && NO_FIELDS.test(error.message);
  }

  /** Throws an error of Kontrol, or one that says what it cannot do. */
  readonly rethrow = (error: unknown): never => {
    if (!this.isUnknownGlob(error)) throw error;
    const path = formatQueryPath(this.#wire.glob ?? {});
    const message = `This Kontrol does not know globs: write the username of ${path}, and with who all fields`;
    throw codedError('genericError', 'noGlobs', message);
  };
}
