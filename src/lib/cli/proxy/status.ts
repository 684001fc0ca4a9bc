import type { Kite } from '../../index.js';
import type { KiteKey } from '../../keys/index.js';
import { makeVisible } from '../../util/visible.js';
import { notFound } from '../cli-error.js';
import { toCliError } from '../failures.js';
import { toJson } from '../json.js';
import { type AtKontrol, doingAt, getKites, type KontrolOptions, withKey } from '../kontrol-client.js';
import { type Surroundings, write } from '../surroundings.js';
import { proxyKey } from './proxy-key.js';

export interface ProxyStatusOptions extends KontrolOptions {
  /** URL of one proxy. Undefined: all of this user that Kontrol knows. */
  readonly to: string | undefined;
  readonly json: boolean;
}

/** What came of asking one proxy. */
type Asked = { readonly url: string } & ({ readonly status: unknown } | { readonly error: unknown });

const WHAT = 'asking for the status';

/**
 * Prints who is behind the proxies: a table on a terminal; elsewhere `proxy TAB kite TAB since TAB sessions TAB bytes to it
 * TAB bytes from it`, one kite a line; with `json` an array of what each proxy answers.
 *
 * @throws CliError when there is no proxy, when one refuses, or, after what the others say, when one cannot be reached
 */
export async function proxyStatus(options: ProxyStatusOptions, surroundings: Surroundings): Promise<void> {
  const asked = await askAll(options, surroundings);
  const statuses = asked.flatMap((one) => ('status' in one ? [one.status] : []));
  const failure = asked.find((one) => 'error' in one);
  if (statuses.length > 0) await print(statuses, options.json, surroundings);
  if (failure) throw toCliError(failure.error, doingAt(failure.url, WHAT));
}

async function askAll(options: ProxyStatusOptions, surroundings: Surroundings): Promise<readonly Asked[]> {
  const { to } = options;
  const { key, source } = await proxyKey(options.keyFile, surroundings.env);
  const at = { ...options, key, source };
  if (to !== undefined) {
    return withKey({ ...at, kontrol: [to] }, WHAT, surroundings, async ({ client }) => [
      { url: to, status: await client.call<unknown, string>('proxy.status', []) },
    ]);
  }
  return withKey(at, 'looking for proxies', surroundings, async (kontrol) => {
    const urls = await proxiesAt(kontrol, key);
    return Promise.all(urls.map((url) => ask(kontrol.kite, url, key)));
  });
}

/** The URLs of the proxies of this user. */
async function proxiesAt(kontrol: AtKontrol, { username }: KiteKey): Promise<readonly string[]> {
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

async function print(statuses: readonly unknown[], json: boolean, surroundings: Surroundings): Promise<void> {
  const { stdout, stderr } = surroundings;
  if (json) return write(stdout, `${toJson(statuses)}\n`);
  const rows = statuses.flatMap(rowsOf);
  for (const status of statuses) {
    const { url, kites } = fields(status);
    if (list(kites).length === 0) stderr.write(`No kite is behind ${makeVisible(text(url))}.\n`);
  }
  if (rows.length === 0) return;
  if (stdout.isTTY !== true) return write(stdout, rows.map((row) => `${row.join('\t')}\n`).join(''));
  const { formatColumns } = await import('../terminal.js');
  const headings = ['proxy', 'kite', 'since', 'sessions', 'bytes to it', 'bytes from it'];
  await write(stdout, formatColumns(headings, rows, surroundings));
}

function rowsOf(status: unknown): string[][] {
  const { url, kites } = fields(status);
  return list(kites).map((one) => {
    const { kite, since, sessions, bytesToKite, bytesFromKite } = fields(one);
    const row = [url, kite, typeof since === 'number' ? new Date(since).toISOString() : ''];
    return [...row, sessions, bytesToKite, bytesFromKite].map(text);
  });
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A field of a line: a tab or a line break in it would make two of it. */
function text(value: unknown): string {
  return typeof value === 'string'
    ? toJson(value).slice(1, -1)
    : typeof value === 'number'
      ? String(value)
      : '';
}
