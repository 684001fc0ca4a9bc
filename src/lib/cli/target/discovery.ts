import type { Kite, RemoteKite } from '../../index.js';
import { isGlob } from '../../protocol/glob.js';
import { shellQuote } from '../../keys/secret-access.js';
import { type KiteIdentity, kitePath } from '../../protocol/identity.js';
import { exactQuery, type KiteQuery, formatQueryPath } from '../../protocol/query.js';
import { type CliError, notFound } from '../runtime/cli-error.js';
import { formatDuration } from '../../util/duration.js';
import { canPrompt, type CommandRuntime } from '../runtime/command-runtime.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { Spinner } from '../terminal/spinner.js';
import { choose } from '../terminal/prompt.js';
import { sortByPath } from './sort-by-path.js';
import { askAll } from './ask-all.js';
import type { DialCandidate } from './dial-first.js';
import { findKey } from './find-key.js';
import { requireQuery } from './query-path.js';
import { noTarget, type Target } from './target.js';
import { type KontrolSession, withKey, withKontrol } from './with-kontrol.js';
import { PROBES } from '../runtime/command-limits.js';

/** A kite that Kontrol found. */
export type FoundKite = Pick<RemoteKite, 'kite' | 'url' | 'token'> &
  Partial<Pick<RemoteKite, 'registeredAt' | 'silentSince'>>;

/**
 * Looks up a target at Kontrol. Returns the kites to dial, in order.
 *
 * @throws CliError with exit code 5 if there is none, or if several kites of the user respond and the command cannot prompt
 */
export async function discover(
  target: Exclude<Target, { type: 'url' }>,
  settings: CommandSettings,
  runtime: CommandRuntime,
): Promise<readonly DialCandidate[]> {
  const auth = settings.value(commonSettings.auth);
  if (target.type === 'query') {
    const query = requireQuery(target.path, target.source);
    return withKontrol(settings, `looking for ${target.path}`, runtime, async (session) => {
      const found = await findKites(session, query);
      return found.map((kite) => toCandidate(kite, auth, session));
    });
  }
  const ownKey = await findKey(settings);
  if (!ownKey) throw noTarget();
  return withKey(settings, ownKey, 'looking for your kites', runtime, async (session) => {
    const found = await findKites(session, exactQuery({ username: ownKey.key.username }));
    const own = withoutKontrol(found, session);
    const probe = (kite: FoundKite, timeout: number): Promise<boolean> =>
      answersPing(session.kite, toCandidate(kite, auth, session), timeout);
    const selected = await selectKite(own, runtime, probe, settings.value(commonSettings.timeout));
    return [toCandidate(selected, auth, session)];
  });
}

/** A kite to call, with its identity. */
export interface NamedCandidate extends DialCandidate {
  readonly kite: KiteIdentity;
}

/**
 * Looks up all kites of a target at Kontrol: those of a query, or those of the user. Two that are registered at the same URL are
 * the same program, which has registered again: the one that did so last is returned.
 *
 * @throws CliError with exit code 5 if there is none
 */
export async function discoverAll(
  target: Exclude<Target, { type: 'url' }>,
  settings: CommandSettings,
  runtime: CommandRuntime,
): Promise<readonly NamedCandidate[]> {
  const auth = settings.value(commonSettings.auth);
  const query = target.type === 'query' ? requireQuery(target.path, target.source) : undefined;
  const operation = `looking for ${target.type === 'query' ? target.path : 'your kites'}`;
  return withKontrol(settings, operation, runtime, async (session) => {
    const found = await findKites(session, query ?? exactQuery({ username: session.key.username }));
    const own = query ? found : withoutKontrol(found, session);
    if (own.length === 0) throw noneResponds(0, 0, 0);
    return onePerUrl(sortByPath(own)).map((each) => ({
      ...toCandidate(each, auth, session),
      kite: each.kite,
    }));
  });
}

function onePerUrl(found: readonly RemoteKite[]): readonly RemoteKite[] {
  const byUrl = new Map<string, RemoteKite>();
  for (const each of found) {
    const { registeredAt = 0 } = byUrl.get(each.url) ?? {};
    if (!byUrl.has(each.url) || (each.registeredAt ?? 0) >= registeredAt) byUrl.set(each.url, each);
  }
  return [...byUrl.values()];
}

/**
 * Returns the kites at Kontrol that match a query, at least one.
 *
 * @throws CliError with exit code 5 if there is none
 */
export async function findKites(
  session: Pick<KontrolSession, 'kontrol' | 'url' | 'spinner'>,
  query: KiteQuery,
): Promise<readonly RemoteKite[]> {
  const found = await getKites(session, query);
  if (found.length > 0) return found;
  const path = formatQueryPath(query);
  throw notFound(
    `No kite is registered for ${path} at ${session.url}.`,
    query.environment === undefined
      ? 'Start a kite that registers there, and that the policy lets you find.'
      : `List the kites with: kitectl query ${listedPath(query)}`,
  ).with({ code: 'noKite' });
}

/** Returns the query for the kites of the same user, as it is written in a shell. */
function listedPath({ username = 'USER' }: KiteQuery): string {
  return isGlob(username) ? '/' : shellQuote(`/${username}`);
}

/** Returns the kites at Kontrol that match a query, which may be none. */
export function getKites(
  { kontrol, url, spinner }: Pick<KontrolSession, 'kontrol' | 'url' | 'spinner'>,
  query: KiteQuery,
): Promise<readonly RemoteKite[]> {
  return spinner.during(`Looking for kites at ${url}`, () => kontrol.getKites(query));
}

/**
 * Returns the only kite, or the only one that responds to `probe`. If several do, lets the user choose. Stops asking after `time`
 * milliseconds, and says how many kites were not asked; 0 means no end.
 *
 * @throws CliError with exit code 5 if none responds, or, with a list, if several do and the command cannot prompt
 */
export async function selectKite(
  found: readonly FoundKite[],
  runtime: CommandRuntime,
  probe: (kite: FoundKite, timeout: number) => Promise<boolean>,
  time: number,
): Promise<FoundKite> {
  const sorted = sortByPath(found);
  const [only] = sorted;
  if (only && sorted.length === 1) return only;
  const answered = new Set<FoundKite>();
  const ask = async (kite: FoundKite, timeout: number): Promise<void> => {
    if (await probe(kite, timeout)) answered.add(kite);
  };
  const { signal } = runtime;
  const left = await new Spinner(runtime).during('Looking for the kites that respond', () =>
    askAll(sorted, ask, { parallel: PROBES, time, now: () => runtime.now(), signal }),
  );
  signal.throwIfAborted();
  const responding = sorted.filter((kite) => answered.has(kite));
  const [first] = responding;
  if (!first) throw noneResponds(sorted.length, left.length, time);
  const list = responding.map(({ kite, url }) => `${kitePath(kite)}  ${url}`);
  if (left.length > 0 && (responding.length === 1 || canPrompt(runtime))) {
    runtime.stderr.write(`warning: ${notAsked(sorted.length, left.length, time)}.\n`);
  }
  if (responding.length === 1) return first;
  if (canPrompt(runtime)) {
    const choice = await choose('Kite:', list, runtime);
    return responding[choice] ?? first;
  }
  const lines = left.length > 0 ? [...list, `${notAsked(sorted.length, left.length, time)}.`] : list;
  throw notFound(
    `${responding.length} of your kites respond:\n${lines.join('\n')}`,
    'Choose one with --to QUERY or --to URL.',
  );
}

function noneResponds(found: number, left: number, time: number): CliError {
  const hint = 'Set one with --to URL, or start a kite that registers.';
  if (found === 0) return notFound('No target: you have no kites at Kontrol.', hint);
  if (left === 0) return notFound(`No target: none of your ${found} kites responds.`, hint);
  return notFound(
    `No target: none of the ${found - left} kites that were asked responds; ${notAsked(found, left, time)}.`,
    'Set one with --to URL or --to QUERY, or allow more time with --timeout.',
  );
}

function notAsked(found: number, left: number, time: number): string {
  return `${left} of your ${found} kites were not asked within ${formatDuration(time)}`;
}

/** Whether a kite is reachable and answers `kite.ping`. */
async function answersPing(kite: Kite, { url }: DialCandidate, timeout: number): Promise<boolean> {
  const client = kite.newClient(url, { timeout, handshakeTimeout: timeout });
  try {
    await client.dial();
    await client.tell('kite.ping');
    return true;
  } catch {
    return false;
  } finally {
    client.close();
  }
}

/** Removes Kontrol from the kites of its own user. */
function withoutKontrol<Found extends FoundKite>(
  found: readonly Found[],
  { key }: KontrolSession,
): readonly Found[] {
  return key.username === key.kontrolUser ? found.filter(({ kite }) => kite.name !== 'kontrol') : found;
}

function toCandidate(
  { url, token }: FoundKite,
  auth: 'none' | 'kite-key' | undefined,
  { key }: KontrolSession,
): DialCandidate {
  if (auth === 'none') return { url, auth: null };
  return {
    url,
    auth: auth === 'kite-key' ? { type: 'kiteKey', key: key.jwt } : { type: 'token', key: token },
  };
}
