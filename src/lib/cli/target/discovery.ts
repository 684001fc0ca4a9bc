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

/** A kite that Kontrol found, as far as a command wants to know it. */
export type FoundKite = Pick<RemoteKite, 'kite' | 'url' | 'token'>;

/** Milliseconds that a kite has to answer when it is one of several that may be meant. */
const PROBE_TIMEOUT = 2000;

/**
 * Asks Kontrol for the kites that a target means, in the order in which to try them.
 *
 * @throws CliError with exit code 5 where there is none, or where several of this person's kites answer and nobody can
 *   be asked which is meant
 */
export async function discover(
  target: Exclude<Target, { type: 'url' }>,
  settings: CommandSettings,
  runtime: CommandRuntime,
): Promise<readonly DialCandidate[]> {
  const auth = settings.value(commonSettings.auth);
  if (target.type === 'query') {
    const query = requireQuery(target.path, target.source);
    return withKontrol(settings, `looking for ${target.path}`, runtime, async (at) => {
      const found = await findKites(at, query);
      return found.map((one) => toCandidate(one, auth, at));
    });
  }
  const mine = await findKey(settings);
  if (!mine) throw noTarget();
  return withKey(settings, mine, 'looking for your kites', runtime, async (at) => {
    const found = await findKites(at, { username: mine.key.username });
    const one = await selectKite(withoutKontrol(found, at), runtime, (candidate) =>
      answersPing(at.kite, toCandidate(candidate, auth, at)),
    );
    return [toCandidate(one, auth, at)];
  });
}

/**
 * The kites at Kontrol that a query asks for, at least one.
 *
 * @throws CliError with exit code 5 where there is none
 */
export async function findKites(
  at: Pick<KontrolSession, 'kontrol' | 'url' | 'spinner'>,
  query: KiteQuery,
): Promise<readonly RemoteKite[]> {
  const found = await getKites(at, query);
  if (found.length > 0) return found;
  const path = formatQueryPath(query);
  throw notFound(
    `No kite is registered for ${path} at ${at.url}.`,
    query.environment === undefined
      ? 'Start one that registers there, and that you may find.'
      : `See what there is with: kitectl query /${query.username ?? 'USER'}`,
  );
}

/** The kites at Kontrol that a query asks for, and that may be none. */
export function getKites(
  { kontrol, url, spinner }: Pick<KontrolSession, 'kontrol' | 'url' | 'spinner'>,
  query: KiteQuery,
): Promise<readonly RemoteKite[]> {
  return spinner.during(`Looking for kites at ${url}`, () => kontrol.getKites(query));
}

/**
 * The one kite of several that answers; where several do, the one that the person chooses.
 *
 * @throws CliError with exit code 5 and the list of them where none does, or where nobody can be asked
 */
export async function selectKite(
  found: readonly FoundKite[],
  runtime: CommandRuntime,
  probe: (one: FoundKite) => Promise<boolean>,
): Promise<FoundKite> {
  const sorted = found.toSorted((a, b) => (kitePath(a.kite) < kitePath(b.kite) ? -1 : 1));
  const [only] = sorted;
  if (only && sorted.length === 1) return only;
  const answering: FoundKite[] = [];
  const probed = sorted.slice(0, PROBES);
  const results = await Promise.all(probed.map(probe));
  results.forEach((ok, index) => {
    const one = probed[index];
    if (ok && one) answering.push(one);
  });
  const [first] = answering;
  if (!first) {
    const why =
      sorted.length === 0 ? 'You have no kite at Kontrol' : `None of your ${sorted.length} kites answers`;
    throw notFound(`No kite to talk to: ${why}.`, 'Name one with --to URL, or start one that registers.');
  }
  if (answering.length === 1) return first;
  const list = answering.map(({ kite, url }) => `${kitePath(kite)}\t${url}`);
  if (canPrompt(runtime)) {
    const choice = await choose(
      'Which of your kites?',
      list.map((line) => line.replace('\t', '  ')),
      runtime,
    );
    return answering[choice] ?? first;
  }
  throw notFound(
    `${answering.length} of your kites answer:\n${list.join('\n')}`,
    'Say which one with --to PATH or --to URL.',
  );
}

/** Whether a kite can be reached and answers `kite.ping`. */
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

/** Kontrol is a kite of its own user, which is no kite that this person would call. */
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
