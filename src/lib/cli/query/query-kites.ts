import type { KiteEvent } from '../../index.js';
import { type KiteIdentity, kitePath } from '../../protocol/identity.js';
import { exactQuery, type KiteQuery } from '../../protocol/query.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { findKites, type FoundKite } from '../target/discovery.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { isIdOnly, requireQuery } from '../target/query-path.js';
import { sortByPath } from '../target/sort-by-path.js';
import { type KontrolSession, withKontrol } from '../target/with-kontrol.js';
import { type Feed, openFeed } from '../terminal/feed.js';
import { formatTime } from '../terminal/time.js';
import { followKites } from './follow-kites.js';
import { type Listing, printList } from '../terminal/listing.js';
import type { OutputFormat } from '../terminal/output-format.js';

export interface QueryOptions extends KontrolCommandOptions {
  /** The query path. Default: the kites of the user. */
  readonly path: string | undefined;
  /** The fields of a query instead of a path. A username that is not set is that of the user, unless there is only an id. */
  readonly fields?: KiteQuery | undefined;
  readonly format: OutputFormat | undefined;
  /** Whether to keep running and print each change. */
  readonly watch: boolean;
}

/** A change of a registered kite. */
export interface KiteChange {
  readonly action: KiteEvent['action'];
  readonly kite: KiteIdentity;
  readonly url: string;
}

/**
 * Prints the kites that match a query: a table on a terminal, and one line `number TAB path TAB URL` per kite elsewhere; with
 * `json`, one JSON array. Tokens are secrets and are not printed.
 *
 * With `watch`, keeps running until it is interrupted, even if Kontrol restarts, and prints one line `action TAB path TAB URL`
 * per change. With `watch` and `json`, prints one object `{action, kite, url}` per line, also for the kites that are already
 * registered.
 *
 * @throws CliError with exit code 5 if no kite matches, except with `watch`
 */
export async function query(options: QueryOptions, runtime: CommandRuntime): Promise<void> {
  const { format, watch } = options;
  const buildQuery = queryBuilder(options);
  if (watch) return watchKites(options, buildQuery, { list: true }, runtime);
  const operation = `looking for ${describeQuery(options)}`;
  await withKontrol(options.settings, operation, runtime, async (session) => {
    const found = sortByPath(await findKites(session, buildQuery(session)));
    await printList(found, kiteListing, format, runtime);
  });
}

/** Like `query` with `watch`, but does not print the kites that are already registered. */
export function watch(options: Omit<QueryOptions, 'watch'>, runtime: CommandRuntime): Promise<void> {
  return watchKites(options, queryBuilder(options), { list: false }, runtime);
}

/**
 * Returns a function that builds the query from the kite key.
 *
 * @throws CliError immediately, if the path is not a valid query
 */
export function queryBuilder({
  path,
  fields,
}: Pick<QueryOptions, 'path' | 'fields'>): (kontrol: Pick<KontrolSession, 'key'>) => KiteQuery {
  if (fields && isIdOnly(fields)) return () => fields;
  if (fields) return ({ key }) => ({ ...exactQuery({ username: key.username }), ...fields });
  if (path === undefined) return ({ key }) => exactQuery({ username: key.username });
  // An empty query finds every kite that the user may find.
  if (path.trim() === '/') return () => ({});
  const query = requireQuery(path);
  return () => query;
}

function describeQuery({ path, fields }: Pick<QueryOptions, 'path' | 'fields'>): string {
  return path ?? (fields ? `kites with ${formatFields(fields)}` : 'your kites');
}

function formatFields(fields: KiteQuery): string {
  return Object.entries(fields)
    .map(([field, value]) => `${field} ${value}`)
    .join(', ');
}

/** Defines how kites are printed. */
export const kiteListing: Listing<Pick<FoundKite, 'kite' | 'url' | 'registeredAt' | 'silentSince'>> = {
  columns: [
    { heading: 'user', text: ({ kite }) => kite.username },
    { heading: 'environment', text: ({ kite }) => kite.environment },
    { heading: 'name', text: ({ kite }) => kite.name },
    { heading: 'version', text: ({ kite }) => kite.version },
    { heading: 'region', text: ({ kite }) => kite.region },
    { heading: 'hostname', text: ({ kite }) => kite.hostname },
    { heading: 'id', text: ({ kite }) => kite.id, wide: true },
    { heading: 'URL', text: ({ url }) => url },
    { heading: 'since', text: ({ registeredAt }) => timeOrEmpty(registeredAt), wide: true },
    { heading: 'silent', text: ({ silentSince }) => timeOrEmpty(silentSince), wide: true },
  ],
  data: ({ kite, url, registeredAt, silentSince }) => ({ kite, url, registeredAt, silentSince }),
  name: ({ kite }) => kitePath(kite),
  line: ({ kite, url }, index) => [`${index + 1}`, kitePath(kite), url],
};

function timeOrEmpty(time: number | undefined): string {
  return time === undefined ? '' : formatTime(time);
}

const changeListing: Listing<KiteChange> = {
  columns: [
    { heading: 'action', text: ({ action }) => action },
    { heading: 'kite', text: ({ kite }) => kitePath(kite) },
    { heading: 'URL', text: ({ url }) => url },
  ],
  data: ({ action, kite, url }) => ({ action, kite, url }),
  name: ({ kite }) => kitePath(kite),
};

async function watchKites(
  options: Omit<QueryOptions, 'watch'>,
  buildQuery: ReturnType<typeof queryBuilder>,
  { list }: { readonly list: boolean },
  runtime: CommandRuntime,
): Promise<void> {
  const { format, settings } = options;
  const print = await openFeed(changeListing, format, runtime);
  await withKontrol(settings, `watching ${describeQuery(options)}`, runtime, (session) =>
    followKites(
      session,
      {
        query: buildQuery(session),
        listed: list ? (kites) => printExisting(sortByPath(kites), print, format, runtime) : undefined,
        changed: ({ action, kite: { kite, url } }) => void print({ action, kite, url }),
      },
      runtime,
    ),
  );
}

/** Prints the kites that are already registered. In the formats for programs, each is printed as a registration. */
async function printExisting(
  found: readonly FoundKite[],
  print: Feed<KiteChange>,
  format: OutputFormat | undefined,
  runtime: CommandRuntime,
): Promise<void> {
  if (format === undefined || format === 'table' || format === 'wide') {
    if (found.length > 0) await printList(found, kiteListing, format, runtime);
    return;
  }
  for (const { kite, url, silentSince } of found) {
    await print({ action: 'REGISTER', kite, url });
    if (silentSince !== undefined) await print({ action: 'SILENT', kite, url });
  }
}
