import { record } from '../../util/record.js';
import type { Kite } from '../../index.js';
import type { KiteKey } from '../../keys/index.js';
import { exactQuery } from '../../protocol/query.js';
import { makeVisible } from '../../util/make-visible.js';
import { notFound } from '../runtime/cli-error.js';
import { toCliError } from '../frame/failures.js';
import { commonSettings } from '../settings/common-settings.js';
import { getKites } from '../target/discovery.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { rethrowNotOffered } from '../target/missing-method.js';
import { type KontrolSession, operationAt, withKey } from '../target/with-kontrol.js';
import { isDataFormat } from '../terminal/document.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { type Listing, printList } from '../terminal/listing.js';
import { formatTime } from '../terminal/time.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { findProxyKey } from './proxy-key.js';

export interface ProxyStatusOptions extends KontrolCommandOptions {
  /** URL of one proxy. Default: all proxies of this user that are registered at Kontrol. */
  readonly to: string | undefined;
  readonly format: OutputFormat | undefined;
}

/** The status of one proxy, or why it is not available. */
type StatusResult = { readonly url: string } & ({ readonly status: unknown } | { readonly error: unknown });

const OPERATION = 'getting the status';

/**
 * Prints the kites behind the proxies: a table on a terminal, otherwise one `proxy TAB kite TAB since TAB sessions TAB bytes
 * to kite TAB bytes from kite` line per kite. Data formats contain the result of `proxy.status` of each proxy.
 *
 * @throws CliError if there is no proxy, or, after printing the others, if a proxy fails
 */
export async function proxyStatus(options: ProxyStatusOptions, runtime: CommandRuntime): Promise<void> {
  const results = await fetchStatuses(options, runtime);
  const statuses = results.flatMap((result) => ('status' in result ? [result.status] : []));
  const failure = results.find((result) => 'error' in result);
  if (statuses.length > 0) await printStatuses(statuses, options.format, runtime);
  if (failure) throw toCliError(failure.error, operationAt(failure.url, OPERATION));
}

async function fetchStatuses(
  options: ProxyStatusOptions,
  runtime: CommandRuntime,
): Promise<readonly StatusResult[]> {
  const { to, settings } = options;
  const found = await findProxyKey(settings);
  const { key } = found;
  if (to !== undefined) {
    const proxy = settings.with(commonSettings.kontrol, to);
    return withKey(proxy, found, OPERATION, runtime, async ({ client }) => [
      { url: to, status: await fetchProxyStatus(client, to) },
    ]);
  }
  return withKey(settings, found, 'looking for proxies', runtime, async (kontrol) => {
    const urls = await findProxyUrls(kontrol, key);
    return Promise.all(urls.map((url) => fetchStatus(kontrol.kite, url, key)));
  });
}

/**
 * Finds the URLs of this user's proxies at Kontrol.
 *
 * @throws CliError if there is none
 */
async function findProxyUrls(kontrol: KontrolSession, { username }: KiteKey): Promise<readonly string[]> {
  const found = await getKites(kontrol, exactQuery({ username }));
  const urls = found.filter(({ kite }) => PROXY_NAMES.includes(kite.name)).map(({ url }) => url);
  if (urls.length > 0) return urls.toSorted();
  throw notFound(
    `No proxy of the user ${username} is registered at ${kontrol.url}.`,
    'Start one with: kitectl proxy start. Or pass the URL of one with --to URL.',
  );
}

const PROXY_NAMES: readonly string[] = ['proxy', 'tunnelproxy'];

/** Sends the kite key to the proxy, which is safe because the proxy is registered by the same user. */
async function fetchStatus(kite: Kite, url: string, key: KiteKey): Promise<StatusResult> {
  const client = kite.newClient(url, { auth: { type: 'kiteKey', key: key.jwt } });
  try {
    await client.dial();
    return { url, status: await fetchProxyStatus(client, url) };
  } catch (error) {
    return { url, error };
  } finally {
    client.close();
  }
}

function fetchProxyStatus(client: KontrolSession['client'], url: string): Promise<unknown> {
  return client
    .call<unknown, string>('proxy.status', [])
    .catch((error: unknown) =>
      rethrowNotOffered(
        error,
        `The kite at ${url} does not offer proxy.status: it is not a proxy, or one of the Go implementation.`,
        'Pass the URL of another with --to URL. List your kites and proxies with: kitectl query',
      ),
    );
}

async function printStatuses(
  statuses: readonly unknown[],
  format: OutputFormat | undefined,
  runtime: CommandRuntime,
): Promise<void> {
  if (isDataFormat(format)) return printList(statuses, proxyListing, format, runtime);
  const rows = statuses.flatMap((status) => {
    const { url, kites } = record(status);
    const proxied = toArray(kites).map((kite): ProxiedKiteRow => ({ ...record(kite), proxy: url }));
    if (proxied.length === 0)
      runtime.stderr.write(`No kites are connected to ${makeVisible(toText(url))}.\n`);
    return proxied;
  });
  if (rows.length > 0) await printList(rows, kiteListing, format, runtime);
}

/** A kite in the status of a proxy, with the URL of the proxy. */
type ProxiedKiteRow = Readonly<Record<string, unknown>>;

const kiteListing: Listing<ProxiedKiteRow> = {
  columns: [
    { heading: 'proxy', text: ({ proxy }) => toText(proxy) },
    { heading: 'kite', text: ({ kite }) => toText(kite) },
    { heading: 'since', text: ({ since }) => (typeof since === 'number' ? formatTime(since) : '') },
    { heading: 'sessions', text: ({ sessions }) => toText(sessions) },
    { heading: 'bytes to kite', text: ({ bytesToKite }) => toText(bytesToKite) },
    { heading: 'bytes from kite', text: ({ bytesFromKite }) => toText(bytesFromKite) },
    { heading: 'total sessions', text: ({ sessionsTotal }) => toText(sessionsTotal), wide: true },
    { heading: 'public URL', text: ({ url }) => toText(url), wide: true },
    { heading: 'target', text: ({ target }) => toText(target), wide: true },
  ],
  data: (row) => row,
  name: ({ kite }) => toText(kite),
};

const proxyListing: Listing<unknown> = { columns: [], data: (status) => status, name: () => '' };

function toArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function toText(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : '';
}
