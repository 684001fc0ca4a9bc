import { disconnectError } from '../../kite/call/call-errors.js';
import type { KiteEvent } from '../../index.js';
import { type KiteIdentity, kitePath } from '../../protocol/identity.js';
import type { KiteQuery } from '../../protocol/query.js';
import { toField } from '../runtime/json.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { findKites, type FoundKite } from '../target/discovery.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { requireQuery } from '../target/query-path.js';
import { type KontrolSession, withKontrol } from '../target/with-kontrol.js';
import { type Feed, openFeed } from '../terminal/feed.js';
import { type Listing, printList } from '../terminal/listing.js';
import type { OutputFormat } from '../terminal/output-format.js';

export interface QueryOptions extends KontrolCommandOptions {
  /** Which kites, as a path. Undefined: all of this person's. */
  readonly path: string | undefined;
  readonly format: OutputFormat | undefined;
  /** Print the kites that are there, and from then on each change. */
  readonly watch: boolean;
}

/** A kite came, or went. */
export interface KiteChange {
  readonly action: 'REGISTER' | 'DEREGISTER';
  readonly kite: KiteIdentity;
  readonly url: string;
}

/**
 * Prints the kites that a query finds: a table on a terminal, elsewhere `number TAB path TAB URL`, one a line; with
 * `json` one JSON array. Tokens are secrets, and not printed.
 *
 * With `watch` it goes on until the person interrupts, and prints each change: one line, `action TAB path TAB URL`; with
 * `json` one object `{action, kite, url}` a line, the kites that are there included.
 *
 * @throws CliError with exit code 5 where there is no such kite, except with `watch`
 */
export async function query(options: QueryOptions, runtime: CommandRuntime): Promise<void> {
  const { path, format, watch } = options;
  const asked = queryBuilder(path);
  if (watch) return watchKites(options, asked, { listed: true }, runtime);
  const what = `looking for ${path ?? 'your kites'}`;
  await withKontrol(options.settings, what, runtime, async (at) => {
    const found = sortByPath(await findKites(at, asked(at)));
    await printList(found, kiteListing, format, runtime);
  });
}

/** Prints each change from now on, like `query` with `watch` without the kites that are there. */
export function watch(options: Omit<QueryOptions, 'watch'>, runtime: CommandRuntime): Promise<void> {
  return watchKites(options, queryBuilder(options.path), { listed: false }, runtime);
}

/** What to ask Kontrol, once it is known who asks. Throws at once where the path is none. */
function queryBuilder(path: string | undefined): (kontrol: Pick<KontrolSession, 'key'>) => KiteQuery {
  if (path === undefined) return ({ key }) => ({ username: key.username });
  // Nothing that is set: all kites that Kontrol lets this person find.
  if (path.trim() === '/') return () => ({});
  const asked = requireQuery(path, 'The query');
  return () => asked;
}

/** How kites are printed. */
export const kiteListing: Listing<Pick<FoundKite, 'kite' | 'url'>> = {
  columns: [
    { heading: 'user', text: ({ kite }) => kite.username },
    { heading: 'environment', text: ({ kite }) => kite.environment },
    { heading: 'name', text: ({ kite }) => kite.name },
    { heading: 'version', text: ({ kite }) => kite.version },
    { heading: 'region', text: ({ kite }) => kite.region },
    { heading: 'hostname', text: ({ kite }) => kite.hostname },
    { heading: 'id', text: ({ kite }) => kite.id, wide: true },
    { heading: 'URL', text: ({ url }) => url },
  ],
  data: ({ kite, url }) => ({ kite, url }),
  name: ({ kite }) => kitePath(kite),
  line: ({ kite, url }, index) => [`${index + 1}`, toField(kitePath(kite)), toField(url)].join('\t'),
};

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
  asked: ReturnType<typeof queryBuilder>,
  { listed }: { readonly listed: boolean },
  runtime: CommandRuntime,
): Promise<void> {
  const { path, format, settings } = options;
  const print = await openFeed(changeListing, format, runtime);
  await withKontrol(settings, `watching ${path ?? 'your kites'}`, runtime, async (at) => {
    const { kontrol, spinner, url } = at;
    // What changes before the list is printed comes after it.
    let early: KiteChange[] = [];
    let ready = false;
    const changed = ({ action, kite: { kite, url: where } }: KiteEvent): void => {
      const change = { action, kite, url: where };
      if (ready) void print(change);
      else early.push(change);
    };
    const watching = await spinner.during(`Looking for kites at ${url}`, () =>
      kontrol.watchKites(asked(at), changed),
    );
    if (listed) {
      // The list has what changed until now.
      early = [];
      await printExisting(sortByPath(watching.kites), print, format, runtime);
    }
    for (const change of early) await print(change);
    ready = true;
    await waitForDisconnect(at, runtime.signal);
  });
}

/** Prints the kites that are there before the first change: for programs as if they came just now. */
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
  for (const { kite, url } of found) await print({ action: 'REGISTER', kite, url });
}

function sortByPath<One extends { readonly kite: KiteIdentity }>(found: readonly One[]): One[] {
  return found.toSorted((a, b) => (kitePath(a.kite) < kitePath(b.kite) ? -1 : 1));
}

/** Rejects when the person ends it, or when Kontrol is gone. */
function waitForDisconnect({ client, url }: KontrolSession, signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const aborted = (): void => reject(signal.reason as Error);
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted, { once: true });
    client.on('disconnect', (_code, reason) => reject(disconnectError(reason || url)));
  });
}
