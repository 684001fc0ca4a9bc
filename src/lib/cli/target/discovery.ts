import type { Kite, RemoteKite } from '../../index.js';
import { kitePath } from '../../protocol/identity.js';
import { type KiteQuery, formatQueryPath } from '../../protocol/query.js';
import { notFound } from '../runtime/cli-error.js';
import { canPrompt, type CommandRuntime } from '../runtime/command-runtime.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { choose } from '../terminal/prompt.js';
import type { DialCandidate } from './dial-first.js';
import { findKey } from './find-key.js';
import { requireQuery } from './query-path.js';
import { noTarget, type Target } from './target.js';
import { type KontrolSession, withKey, withKontrol } from './with-kontrol.js';
import { PROBES } from '../runtime/command-limits.js';

/** A kite that Kontrol found. */
export type FoundKite = Pick<RemoteKite, 'kite' | 'url' | 'token'>;

/** Timeout for each kite that is probed to find the one that responds, in milliseconds. */
const PROBE_TIMEOUT = 2000;

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
    const found = await findKites(session, { username: ownKey.key.username });
    const selected = await selectKite(withoutKontrol(found, session), runtime, (kite) =>
      answersPing(session.kite, toCandidate(kite, auth, session)),
    );
    return [toCandidate(selected, auth, session)];
  });
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
      : `List the kites with: kitectl query /${query.username ?? 'USER'}`,
  );
}

/** Returns the kites at Kontrol that match a query, which may be none. */
export function getKites(
  { kontrol, url, spinner }: Pick<KontrolSession, 'kontrol' | 'url' | 'spinner'>,
  query: KiteQuery,
): Promise<readonly RemoteKite[]> {
  return spinner.during(`Looking for kites at ${url}`, () => kontrol.getKites(query));
}

/**
 * Returns the only kite, or the only one that responds to `probe`. If several do, lets the user choose.
 *
 * @throws CliError with exit code 5 if none responds, or, with a list, if several do and the command cannot prompt
 */
export async function selectKite(
  found: readonly FoundKite[],
  runtime: CommandRuntime,
  probe: (kite: FoundKite) => Promise<boolean>,
): Promise<FoundKite> {
  const sorted = found.toSorted((a, b) => (kitePath(a.kite) < kitePath(b.kite) ? -1 : 1));
  const [only] = sorted;
  if (only && sorted.length === 1) return only;
  const responding: FoundKite[] = [];
  const probed = sorted.slice(0, PROBES);
  const results = await Promise.all(probed.map(probe));
  results.forEach((ok, index) => {
    const kite = probed[index];
    if (ok && kite) responding.push(kite);
  });
  const [first] = responding;
  if (!first) {
    const reason =
      sorted.length === 0 ? 'you have no kites at Kontrol' : `none of your ${sorted.length} kites responds`;
    throw notFound(`No target: ${reason}`, 'Set one with --to URL, or start a kite that registers.');
  }
  if (responding.length === 1) return first;
  const list = responding.map(({ kite, url }) => `${kitePath(kite)}  ${url}`);
  if (canPrompt(runtime)) {
    const choice = await choose('Kite:', list, runtime);
    return responding[choice] ?? first;
  }
  throw notFound(
    `${responding.length} of your kites respond:\n${list.join('\n')}`,
    'Choose one with --to QUERY or --to URL.',
  );
}

/** Whether a kite is reachable and answers `kite.ping`. */
async function answersPing(kite: Kite, { url }: DialCandidate): Promise<boolean> {
  const client = kite.newClient(url, { timeout: PROBE_TIMEOUT, handshakeTimeout: PROBE_TIMEOUT });
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
function withoutKontrol(found: readonly FoundKite[], { key }: KontrolSession): readonly FoundKite[] {
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
