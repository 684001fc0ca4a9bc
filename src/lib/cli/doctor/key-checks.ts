import { stat } from 'node:fs/promises';
import { platform } from 'node:os';
import { dirname } from 'node:path';
import { kiteHome } from '../../kite/config/kite-home.js';
import type { Environment } from '../../kite/config/resolve-setting.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { contextsPath, readContexts } from '../settings/contexts.js';
import { loadKiteKey } from '../target/choose-key.js';
import type { FoundKey } from '../target/find-key.js';
import { type Finding, fromError, ok, warning } from './check.js';

/** Whether the kite key can be read, by this person alone. */
export async function checkKey(
  settings: CommandSettings,
): Promise<{ readonly finding: Finding; readonly found: FoundKey | undefined }> {
  let found: FoundKey;
  try {
    found = await loadKiteKey(settings);
  } catch (error) {
    return { finding: fromError('kite key', error), found: undefined };
  }
  const { key, source, location } = found;
  const whose = `of ${key.username}, in ${source}`;
  if (location.type === 'variable') {
    const hint = 'What a program starts sees its environment: prefer KITE_KEY_FILE, or the keychain.';
    return { finding: warning('kite key', whose, hint), found };
  }
  if (location.type === 'keychain') return { finding: ok('kite key', whose), found };
  const mode = await modeOf(location.file);
  const folder = dirname(location.file);
  if (platform() !== 'win32' && ((await modeOf(folder)) & 0o022) !== 0) {
    const detail = `${whose}, where others can exchange it`;
    return {
      finding: warning('kite key', detail, `Make the folder yours alone with: chmod 700 ${folder}`),
      found,
    };
  }
  return { finding: ok('kite key', `${whose}, mode ${mode.toString(8).padStart(4, '0')}`), found };
}

/** Whether the contexts can be read, and say what the kite key says. */
export function checkContexts(settings: CommandSettings, found: FoundKey | undefined): Finding {
  const { env } = settings;
  try {
    const { contexts } = readContexts(env);
    const name = settings.value(commonSettings.context);
    const context = name === undefined ? undefined : contexts.get(name);
    if (name === undefined) return ok('context', contexts.size === 0 ? 'none' : 'none in use');
    if (!context) {
      return warning('context', `${name} is not there`, `See what there is in ${contextsPath(env)}`);
    }
    const { username, kontrol } = context;
    if (found && username !== undefined && username !== found.key.username) {
      const detail = `${name} is of ${username}, and the kite key of ${found.key.username}`;
      return warning('context', detail, 'See which key is found with: kitectl keys list');
    }
    return ok('context', kontrol === undefined ? name : `${name}, at ${kontrol}`);
  } catch (error) {
    return fromError('context', error);
  }
}

/** Whether what has to be written can be. */
export async function checkHome(
  env: Environment,
  canWrite: (path: string) => Promise<boolean>,
): Promise<Finding> {
  const home = kiteHome(env);
  const there = await stat(home).catch(() => undefined);
  if (!there) return ok('kite home', `${home}, which is made when it is needed`);
  if (await canWrite(home)) return ok('kite home', home);
  return warning(
    'kite home',
    `${home} cannot be written`,
    'Kite keys and contexts cannot be saved; fix it with: chmod u+w',
  );
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}
