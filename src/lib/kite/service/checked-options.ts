import { ConfigurationError } from '../../protocol/errors.js';
import { type KiteQuery, parseQuery, parseQueryPath, validateQuery } from '../../protocol/query.js';
import type { ServiceOptions, ServiceTarget } from './service-options.js';

/** What a service serves, checked. */
export type CheckedTarget =
  | { readonly type: 'urls'; readonly urls: readonly string[] }
  | { readonly type: 'query'; readonly query: KiteQuery };

/**
 * Reads the first argument of `service`.
 *
 * @throws QueryError or ConfigurationError that says what is wrong
 */
export function checkedTarget(target: ServiceTarget): CheckedTarget {
  if (typeof target === 'string' && target.startsWith('/')) return checkedQuery(parseQueryPath(target));
  if (typeof target === 'string') return { type: 'urls', urls: [checkedUrl(target)] };
  if (!Array.isArray(target)) return checkedQuery(parseQuery(target));
  const urls = [...new Set(target.map(checkedUrl))];
  if (urls.length === 0) throw invalid('a service needs the URL of at least one kite');
  return { type: 'urls', urls };
}

function checkedQuery(query: KiteQuery): CheckedTarget {
  validateQuery(query);
  return { type: 'query', query };
}

function checkedUrl(url: unknown): string {
  if (typeof url !== 'string' || !/^(?:https?|wss?):$/.test(schemeOf(url)))
    throw invalid(
      `${JSON.stringify(url)} is neither a URL such as http://localhost:3636/kite nor a query such as /bob/prod/math`,
    );
  return url;
}

/** Returns the scheme of a URL with a colon. Empty if it is malformed. */
function schemeOf(url: string): string {
  try {
    return new URL(url).protocol;
  } catch {
    return '';
  }
}

/** @throws ConfigurationError that names the first option that is invalid */
export function requireServiceOptions(options: ServiceOptions): void {
  const { idempotent = [], balance = 'leastPending', connections = 1, wait = 0, region = '' } = options;
  if (idempotent !== true && !(Array.isArray(idempotent) && idempotent.every(isString)))
    throw invalid('the option idempotent is neither true nor a list of methods');
  if (balance !== 'leastPending' && balance !== 'roundRobin')
    throw invalid(`the option balance is ${JSON.stringify(balance)}, not leastPending or roundRobin`);
  if (!Number.isSafeInteger(connections) || connections < 1)
    throw invalid(`the option connections is ${String(connections)}, not a whole number of at least 1`);
  if (!(wait >= 0)) throw invalid(`the option wait is ${String(wait)}, not a number of milliseconds`);
  if (!isString(region)) throw invalid('the option region is not a string');
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function invalid(problem: string): ConfigurationError {
  return new ConfigurationError('badValue', `Cannot create a service: ${problem}`);
}
