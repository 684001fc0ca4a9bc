import { record } from '../../util/record.js';
import type { Kite } from '../../index.js';
import type { KiteKey } from '../../keys/index.js';
import { makeVisible } from '../../util/printable.js';
import { notFound } from '../runtime/cli-error.js';
import { toCliError } from '../frame/failures.js';
import { commonSettings } from '../settings/common-settings.js';
import { getKites } from '../target/discovery.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { type KontrolSession, operationAt, withKey } from '../target/with-kontrol.js';
import { isDataFormat } from '../terminal/document.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { type Listing, printList } from '../terminal/listing.js';
import { formatTime } from '../terminal/time.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { proxyKey } from './proxy-key.js';

export interface ProxyStatusOptions extends KontrolCommandOptions {
  /** URL of one proxy. Undefined: all of this user that Kontrol knows. */
  readonly to: string | undefined;
  readonly format: OutputFormat | undefined;
}

/** What came of asking one proxy. */
type Asked = { readonly url: string } & ({ readonly status: unknown } | { readonly error: unknown });

const WHAT = 'asking for the status';

/**
 * Prints who is behind the proxies: a table on a terminal; elsewhere `proxy TAB kite TAB since TAB sessions TAB bytes to it
 * TAB bytes from it`, one kite a line; for programs what each proxy answers.
 *
 * @throws CliError when there is no proxy, when one refuses, or, after what the others say, when one cannot be reached
 */
export async function proxyStatus(options: ProxyStatusOptions, runtime: CommandRuntime): Promise<void> {
  const asked = await askAll(options, runtime);
  const statuses = asked.flatMap((one) => ('status' in one ? [one.status] : []));
  const failure = asked.find((one) => 'error' in one);
  if (statuses.length > 0) await print(statuses, options.format, runtime);
  if (failure) throw toCliError(failure.error, operationAt(failure.url, WHAT));
}

async function askAll(options: ProxyStatusOptions, runtime: CommandRuntime): Promise<readonly Asked[]> {
  const { to, settings } = options;
  const found = await proxyKey(settings);
  const { key } = found;
  if (to !== undefined) {
    const proxy = settings.with(commonSettings.kontrol, to);
    return withKey(proxy, found, WHAT, runtime, async ({ client }) => [
      { url: to, status: await client.call<unknown, string>('proxy.status', []) },
    ]);
  }
  return withKey(settings, found, 'looking for proxies', runtime, async (kontrol) => {
    const urls = await proxiesAt(kontrol, key);
    return Promise.all(urls.map((url) => ask(kontrol.kite, url, key)));
  });
}

/** The URLs of the proxies of this user. */
async function proxiesAt(kontrol: KontrolSession, { username }: KiteKey): Promise<readonly string[]> {
  const found = await getKites(kontrol, { username });
  const urls = found.filter(({ kite }) => NAMES.includes(kite.name)).map(({ url }) => url);
  if (urls.length > 0) return urls.toSorted();
  throw notFound(
    `Kontrol at ${kontrol.url} knows of no proxy of ${username}.`,
    'Start one with: kitectl proxy start. Or name one with --to URL.',
  );
}

const NAMES: readonly string[] = ['proxy', 'tunnelproxy'];

/** It is registered as a kite of this very user, who may send it the kite key. */
async function ask(kite: Kite, url: string, key: KiteKey): Promise<Asked> {
  const client = kite.newClient(url, { auth: { type: 'kiteKey', key: key.jwt } });
  try {
    await client.dial();
    return { url, status: await client.tell('proxy.status') };
  } catch (error) {
    return { url, error };
  } finally {
    client.close();
  }
}

async function print(
  statuses: readonly unknown[],
  format: OutputFormat | undefined,
  runtime: CommandRuntime,
): Promise<void> {
  if (isDataFormat(format)) return printList(statuses, proxies, format, runtime);
  const rows = statuses.flatMap((status) => {
    const { url, kites } = record(status);
    const behind = list(kites).map((kite): Row => ({ ...record(kite), proxy: url }));
    if (behind.length === 0) runtime.stderr.write(`No kite is behind ${makeVisible(text(url))}.\n`);
    return behind;
  });
  if (rows.length > 0) await printList(rows, kites, format, runtime);
}

/** What a proxy says of a kite that is behind it, and the URL of the proxy. */
type Row = Readonly<Record<string, unknown>>;

const kites: Listing<Row> = {
  columns: [
    { heading: 'proxy', text: ({ proxy }) => text(proxy) },
    { heading: 'kite', text: ({ kite }) => text(kite) },
    { heading: 'since', text: ({ since }) => (typeof since === 'number' ? formatTime(since) : '') },
    { heading: 'sessions', text: ({ sessions }) => text(sessions) },
    { heading: 'bytes to it', text: ({ bytesToKite }) => text(bytesToKite) },
    { heading: 'bytes from it', text: ({ bytesFromKite }) => text(bytesFromKite) },
    { heading: 'sessions so far', text: ({ sessionsTotal }) => text(sessionsTotal), wide: true },
    { heading: 'public URL', text: ({ url }) => text(url), wide: true },
    { heading: 'target', text: ({ target }) => text(target), wide: true },
  ],
  data: (row) => row,
  name: ({ kite }) => text(kite),
};

const proxies: Listing<unknown> = { columns: [], data: (status) => status, name: () => '' };

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : '';
}
