import { stat } from 'node:fs/promises';
import { REPLACE_KEY } from '../frame/failures.js';
import type { KiteKey } from '../../keys/index.js';
import { formatMode, isFolderOpen, restrictFolderHint } from '../../keys/secret-access.js';
import { kiteHome } from '../../kite/config/kite-home.js';
import type { Environment } from '../../kite/config/resolve-setting.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { expiryOf } from '../keys/show-active-key.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { commonSettings } from '../settings/common-settings.js';
import { readContexts } from '../settings/contexts.js';
import { variableProblems } from '../settings/variable-problems.js';
import { loadKiteKey } from '../target/choose-key.js';
import type { FoundKey } from '../target/find-key.js';
import { type ConnectionFinding, type Finding, failed, fromError, ok, warning } from './check.js';

/**
 * Checks that the kite key can be read and does not expire soon. A key that other users can replace is rejected when it is read.
 */
export async function checkKey(
  settings: CommandSettings,
  now: number,
): Promise<{ readonly finding: Finding; readonly found: FoundKey | undefined }> {
  let found: FoundKey;
  try {
    found = await loadKiteKey(settings);
  } catch (error) {
    return { finding: fromError('kite key', error), found: undefined };
  }
  const { key, source, location } = found;
  const verb = (key.expiresAt ?? now) < now ? 'expired' : 'expires';
  const expiry = key.expiresAt === undefined ? '' : `, ${verb} at ${expiryOf(key)}`;
  const owner = `of ${key.username}, in ${source}${expiry}`;
  const problem = expiryProblem(key, owner, now);
  if (problem) return { finding: problem, found };
  if (location.type === 'variable') {
    const hint = 'Child processes inherit the environment: prefer KITE_KEY_FILE or the keychain.';
    return { finding: warning('kite key', owner, hint), found };
  }
  if (location.type === 'keychain') return { finding: ok('kite key', owner), found };
  const mode = await fileMode(location.file);
  return { finding: ok('kite key', `${owner}, mode ${mode.toString(8).padStart(4, '0')}`), found };
}

/** Returns the finding for a key that has expired, or that has less than a quarter of its lifetime left. */
function expiryProblem(key: KiteKey, detail: string, now: number): Finding | undefined {
  const { expiresAt, ttl = 0 } = key;
  if (expiresAt === undefined) return undefined;
  const replace = 'Get a new one with an invite: kitectl register --force';
  if (expiresAt < now) return failed('kite key', detail, replace, ExitCode.authentication);
  if (expiresAt - now > ttl / 4) return undefined;
  const hint = `A kite that registers renews its key: start one with it. ${replace}`;
  return warning('kite key', detail, hint);
}

/**
 * Returns the finding about the kite key corrected by the response of Kontrol, which knows more about the key than this machine.
 */
export function withAnswer(finding: Finding, connection: ConnectionFinding | undefined): Finding {
  if (connection === undefined) return finding;
  const { finding: answer, code = '' } = connection;
  if (finding.verdict === 'failed') {
    if (answer.verdict !== 'ok') return finding;
    const hint = 'Correct the clock of this machine, for example with NTP.';
    return warning(
      'kite key',
      `${finding.detail} by the clock of this machine, but Kontrol accepts it`,
      hint,
    );
  }
  if (!REPLACE_KEY.has(code)) return finding;
  return failed('kite key', `${finding.detail}, rejected by Kontrol`, answer.hint, ExitCode.authentication);
}

/** Checks that the contexts can be read, and that the active one is for the user of the kite key. */
export function checkContexts(settings: CommandSettings, found: FoundKey | undefined): Finding {
  const { env } = settings;
  try {
    const { contexts } = readContexts(env);
    const name = settings.value(commonSettings.context);
    const context = name === undefined ? undefined : contexts.get(name);
    if (name === undefined) return ok('context', contexts.size === 0 ? 'none' : 'none is active');
    if (!context) {
      return warning('context', `${name} does not exist`, 'List the contexts with: kitectl context list');
    }
    const { username, kontrol } = context;
    if (found && username !== undefined && username !== found.key.username) {
      const detail = `${name} is for ${username}, but the kite key is for ${found.key.username}`;
      return warning('context', detail, 'List the kite keys with: kitectl keys list');
    }
    return ok('context', kontrol === undefined ? name : `${name}, at ${kontrol}`);
  } catch (error) {
    return fromError('context', error);
  }
}

/** Checks that the variables of the environment have values that are used. */
export function checkVariables(env: Environment): readonly Finding[] {
  return variableProblems(env).map(({ reason, variable, ignoredValue }) =>
    warning('variables', reason, ignoredValue === undefined ? `Correct or remove ${variable}.` : ''),
  );
}

/** Checks that kite keys and contexts can be saved. */
export async function checkHome(
  env: Environment,
  canWrite: (path: string) => Promise<boolean>,
): Promise<Finding> {
  const home = kiteHome(env);
  const homeStats = await stat(home).catch(() => undefined);
  if (!homeStats) return ok('kite home', `${home}, created when needed`);
  if (isFolderOpen(homeStats)) {
    const detail = `${home} can be written by other users (mode ${formatMode(homeStats.mode)}): kite keys and contexts there are refused`;
    return warning(
      'kite home',
      detail,
      `${restrictFolderHint(home, homeStats)}, or choose another folder with KITE_HOME.`,
    );
  }
  if (await canWrite(home)) return ok('kite home', home);
  return warning(
    'kite home',
    `${home} is not writable: kite keys and contexts cannot be saved`,
    `Make it writable with: chmod u+w ${home}`,
  );
}

async function fileMode(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}
