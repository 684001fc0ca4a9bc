import { disconnectError } from '../kite/call-errors.js';
import { type KiteIdentity, kitePath } from '../protocol/identity.js';
import type { KiteQuery } from '../protocol/query.js';
import { findKites } from './discovery.js';
import { toJson } from './json.js';
import {
  type AtKontrol,
  type Found,
  getKites,
  type KontrolOptions,
  readFound,
  withKontrol,
} from './kontrol-client.js';
import { requireQuery } from './query-path.js';
import { type Output, type Surroundings, write } from './surroundings.js';

export interface QueryOptions extends KontrolOptions {
  /** Which kites, as a path. */
  readonly path: string;
  readonly json: boolean;
  /** Print the kites that are there, and from then on each change. */
  readonly watch: boolean;
}

/** A kite came, or went. */
export interface Change {
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
export async function query(options: QueryOptions, surroundings: Surroundings): Promise<void> {
  const { path, json, watch } = options;
  const asked = requireQuery(path, 'The query');
  if (watch) return follow(options, asked, { listed: true }, surroundings);
  await withKontrol(options, `looking for ${path}`, surroundings, async (kontrol) => {
    const found = sorted(await findKites(kontrol, asked));
    const { stdout } = surroundings;
    if (json) return write(stdout, `${toJson(found.map(({ kite, url }) => ({ kite, url })))}\n`);
    return write(stdout, await formatList(found, surroundings));
  });
}

/** Prints each change from now on, like `query` with `watch` without the kites that are there. */
export function watch(options: Omit<QueryOptions, 'watch'>, surroundings: Surroundings): Promise<void> {
  return follow(options, requireQuery(options.path, 'The query'), { listed: false }, surroundings);
}

/** The kites as a table on a terminal, as lines of three fields elsewhere. */
export async function formatList(
  found: readonly Found[],
  surroundings: Pick<Surroundings, 'stdout' | 'env' | 'noColor'>,
): Promise<string> {
  if (surroundings.stdout.isTTY !== true) {
    return found.map(({ kite, url }, index) => `${index + 1}\t${line(kite, url)}\n`).join('');
  }
  const { formatColumns } = await import('./terminal.js');
  const columns = ['user', 'environment', 'name', 'version', 'region', 'hostname', 'id', 'URL'];
  return formatColumns(
    columns,
    found.map(({ kite, url }) => [
      kite.username,
      kite.environment,
      kite.name,
      kite.version,
      kite.region,
      kite.hostname,
      kite.id,
      url,
    ]),
    surroundings,
  );
}

async function follow(
  options: Omit<QueryOptions, 'watch'>,
  asked: KiteQuery,
  { listed }: { readonly listed: boolean },
  surroundings: Surroundings,
): Promise<void> {
  const { path, json } = options;
  const { stdout } = surroundings;
  const print = (change: Change): void => printChange(change, json, stdout);
  await withKontrol(options, `watching ${path}`, surroundings, async (kontrol: AtKontrol) => {
    // What changes before the list is printed comes after it.
    const early: Change[] = [];
    let ready = false;
    const kites = await getKites(kontrol, asked, (event) => {
      const change = readChange(event);
      if (!change) return;
      if (ready) print(change);
      else early.push(change);
    });
    if (listed && json) for (const { kite, url } of sorted(kites)) print({ action: 'REGISTER', kite, url });
    else if (listed && kites.length > 0) await write(stdout, await formatList(sorted(kites), surroundings));
    for (const change of early) print(change);
    ready = true;
    await untilGone(kontrol, surroundings.signal);
  });
}

/** What Kontrol tells a watcher: `{error, result: {action, kite, url}}`. Undefined where it is something else. */
function readChange(event: unknown): Change | undefined {
  const { result } = (event ?? {}) as { readonly result?: unknown };
  const { action } = (result ?? {}) as { readonly action?: unknown };
  if (action !== 'REGISTER' && action !== 'DEREGISTER') return undefined;
  const { kite, url } = readFound(result);
  return { action, kite, url };
}

function printChange(change: Change, json: boolean, stdout: Output): void {
  const { action, kite, url } = change;
  stdout.write(json ? `${toJson({ action, kite, url })}\n` : `${action}\t${line(kite, url)}\n`);
}

/** Fields of a peer's text: a tab or a newline in one would make two of it. */
function line(kite: KiteIdentity, url: string): string {
  return [kitePath(kite), url].map((field) => toJson(field).slice(1, -1)).join('\t');
}

function sorted<One extends { readonly kite: KiteIdentity }>(found: readonly One[]): One[] {
  return found.toSorted((a, b) => (kitePath(a.kite) < kitePath(b.kite) ? -1 : 1));
}

/** Rejects when the person ends it, or when Kontrol is gone. */
function untilGone({ client, url }: AtKontrol, signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const aborted = (): void => reject(signal.reason as Error);
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted, { once: true });
    client.on('disconnect', (_code, reason) => reject(disconnectError(reason || url)));
  });
}
