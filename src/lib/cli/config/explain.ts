import { isKiteError } from '../../protocol/errors.js';
import {
  isSecret,
  type Resolution,
  type SettingSource,
  variableName,
  withoutPassword,
} from '../../kite/config/resolve-setting.js';
import { isCliError } from '../runtime/cli-error.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { allSettings } from '../settings/all-settings.js';
import { type CliSetting, formatDefault } from '../settings/cli-setting.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { describeLocation } from '../settings/key-location.js';
import { findKey, type FoundKey, resolveKeyLocation } from '../target/find-key.js';
import { type Listing, printList } from '../terminal/listing.js';
import type { OutputFormat } from '../terminal/output-format.js';

/** A setting, its value in words, and what sets it: `--to`, `KITE_TO`, `context prod`, `kite key` or `default`. */
interface Explained {
  readonly setting: string;
  readonly value: string;
  readonly source: string;
}

/** Prints each setting, its value, and what sets it. Secrets are hidden. */
export async function explain(
  settings: CommandSettings,
  format: OutputFormat | undefined,
  runtime: CommandRuntime,
): Promise<void> {
  const found = await keyOrProblem(settings);
  const key = found && 'key' in found ? found.key : undefined;
  const common = Object.values(commonSettings).map((setting: CliSetting) =>
    setting === commonSettings.kiteKey ? keySetting(settings, found) : explained(setting, settings, key),
  );
  // Settings that one command has alone matter where something sets them.
  const own = allSettings
    .filter(({ name }) => !common.some(({ setting }) => setting === name))
    .map((setting) => explained(setting, settings, key))
    .filter(({ source }) => source !== 'default');
  await printList([...common, ...own, ...unknownVariables(settings)], listing, format, runtime);
}

const listing: Listing<Explained> = {
  columns: [
    { heading: 'setting', text: ({ setting }) => setting },
    { heading: 'value', text: ({ value }) => value },
    { heading: 'from', text: ({ source }) => source },
  ],
  data: (setting) => setting,
  name: ({ setting }) => setting,
};

function explained(
  setting: CliSetting,
  settings: CommandSettings,
  key: FoundKey['key'] | undefined,
): Explained {
  const resolution = settings.tryResolve(setting, key);
  const { source } = resolution;
  if (source.type === 'default') {
    const value = setting.name === commonSettings.context.name ? '' : formatDefault(setting);
    return { setting: setting.name, value: value || 'none', source: 'default' };
  }
  const value = isSecret(setting, source) ? '(hidden)' : shown(resolution, setting);
  const problem = resolution.type === 'refused' ? ', which is not accepted' : '';
  return { setting: setting.name, value: value + problem, source: sourceInWords(source) };
}

/** What sets a setting, as it was written; for a variable such as NO_COLOR, what that means. */
function shown(resolution: Resolution<unknown, unknown>, { accept }: CliSetting): string {
  const { raw } = resolution;
  const value = resolution.type === 'resolved' ? resolution.value : raw;
  const isWord = typeof value === 'boolean' || accept.choices?.includes(String(value)) === true;
  return isWord ? String(value) : withoutPassword(String(raw).trim());
}

/** Where the kite key is, and whose it is; never the key. */
function keySetting(
  settings: CommandSettings,
  found: FoundKey | { readonly problem: string } | undefined,
): Explained {
  const { location, chosenBy } = resolveKeyLocation(settings);
  const value =
    found === undefined
      ? `none at ${describeLocation(location)}`
      : 'key' in found
        ? `of ${found.key.username}, at ${describeLocation(location)}`
        : found.problem;
  return { setting: commonSettings.kiteKey.name, value, source: sourceInWords(chosenBy) };
}

/** A key that cannot be read is a thing to explain, and no reason to explain nothing. */
async function keyOrProblem(
  settings: CommandSettings,
): Promise<FoundKey | { readonly problem: string } | undefined> {
  try {
    return await findKey(settings);
  } catch (error) {
    if (isCliError(error) || isKiteError(error)) return { problem: error.message };
    throw error;
  }
}

function sourceInWords(source: SettingSource): string {
  switch (source.type) {
    case 'context':
      return source.field === 'current' ? 'context use' : `context ${source.name}`;
    case 'kiteKey':
      return 'kite key';
    case 'default':
      return 'default';
    case 'flag':
    case 'variable':
    case 'option':
      return source.name;
  }
}

/** Variables that look as if they were about `kontrol start`: a name that is misspelt sets nothing. */
function unknownVariables({ env }: CommandSettings): readonly Explained[] {
  const known = new Set(allSettings.flatMap(({ variables }) => variables.map(variableName)));
  return Object.entries(env)
    .filter(([name, value]) => name.startsWith('KONTROL_') && value !== '' && !known.has(name))
    .toSorted(([a], [b]) => a.localeCompare(b, 'en'))
    .map(([name]) => ({ setting: 'none: unknown variable', value: '(hidden)', source: name }));
}
