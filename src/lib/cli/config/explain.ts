import { isKiteError } from '../../protocol/errors.js';
import {
  isSecret,
  type Resolution,
  type SettingSource,
  variableName,
} from '../../kite/config/resolve-setting.js';
import { withoutUrlSecrets } from '../../transport/handshake/session-url.js';
import { isCliError } from '../runtime/cli-error.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { allSettings } from '../settings/all-settings.js';
import { type CliSetting, formatDefault } from '../settings/cli-setting.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { isServiceVariable, variableProblems } from '../settings/variable-problems.js';
import { describeLocation } from '../settings/key-location.js';
import { findKey, type FoundKey, resolveKeyLocation } from '../target/find-key.js';
import { type Listing, printList } from '../terminal/listing.js';
import type { OutputFormat } from '../terminal/output-format.js';

/** A row of the output. `source` is a flag, a variable, `context NAME`, `kite key` or `default`. */
interface SettingRow {
  readonly setting: string;
  readonly value: string;
  readonly source: string;
}

/** Prints each setting with its value and the source of the value. Secrets are hidden. */
export async function explain(
  settings: CommandSettings,
  format: OutputFormat | undefined,
  runtime: CommandRuntime,
): Promise<void> {
  const found = await findKeyOrProblem(settings);
  const key = found && 'key' in found ? found.key : undefined;
  const common = Object.values(commonSettings).map((setting: CliSetting) =>
    setting === commonSettings.kiteKey ? keyRow(settings, found) : settingRow(setting, settings, key),
  );
  // Settings of a single command are listed only if something sets them.
  const own = allSettings
    .filter(({ name }) => !common.some(({ setting }) => setting === name))
    .map((setting) => settingRow(setting, settings, key))
    .filter(({ source }) => source !== 'default');
  // Two commands can have different flags for one setting.
  const once = new Map(own.map((row) => [`${row.setting}\n${row.source}`, row]));
  const ignored = variableProblems(settings.env).flatMap(({ variable, ignoredValue }) =>
    ignoredValue === undefined
      ? []
      : [{ setting: 'ignored variable', value: `${ignoredValue} (of Kubernetes)`, source: variable }],
  );
  await printList(
    [...common, ...once.values(), ...ignored, ...unknownVariables(settings)],
    listing,
    format,
    runtime,
  );
}

const listing: Listing<SettingRow> = {
  columns: [
    { heading: 'setting', text: ({ setting }) => setting },
    { heading: 'value', text: ({ value }) => value },
    { heading: 'source', text: ({ source }) => source },
  ],
  data: (setting) => setting,
  name: ({ setting }) => setting,
};

function settingRow(
  setting: CliSetting,
  settings: CommandSettings,
  key: FoundKey['key'] | undefined,
): SettingRow {
  const resolution = settings.tryResolve(setting, key);
  const { source } = resolution;
  if (source.type === 'default') {
    const value = setting.name === commonSettings.context.name ? '' : formatDefault(setting);
    return { setting: setting.name, value: value || 'none', source: 'default' };
  }
  const value = isSecret(setting, source) ? '(hidden)' : displayValue(resolution, setting);
  const problem = resolution.type === 'refused' ? ' (invalid)' : '';
  return { setting: setting.name, value: value + problem, source: sourceLabel(source) };
}

/** Formats a value as it was written, except that a variable such as NO_COLOR is shown as the choice that it implies. */
function displayValue(resolution: Resolution<unknown, unknown>, { accept }: CliSetting): string {
  const { raw } = resolution;
  if (accept.show) return resolution.type === 'resolved' ? accept.show(resolution.value) : '(hidden)';
  const value = resolution.type === 'resolved' ? resolution.value : raw;
  const isWord = typeof value === 'boolean' || accept.choices?.includes(String(value)) === true;
  return isWord ? String(value) : withoutUrlSecrets(String(raw).trim());
}

/** Describes the location and the user of the kite key; never contains the key. */
function keyRow(
  settings: CommandSettings,
  found: FoundKey | { readonly problem: string } | undefined,
): SettingRow {
  const { location, chosenBy } = resolveKeyLocation(settings);
  const value =
    found === undefined
      ? `none at ${describeLocation(location)}`
      : 'key' in found
        ? `of ${found.key.username}, at ${describeLocation(location)}`
        : found.problem;
  return { setting: commonSettings.kiteKey.name, value, source: sourceLabel(chosenBy) };
}

/** Reports an unreadable key in its row so that the other settings are still printed. */
async function findKeyOrProblem(
  settings: CommandSettings,
): Promise<FoundKey | { readonly problem: string } | undefined> {
  try {
    return await findKey(settings);
  } catch (error) {
    if (isCliError(error) || isKiteError(error)) return { problem: error.message };
    throw error;
  }
}

function sourceLabel(source: SettingSource): string {
  switch (source.type) {
    case 'context':
      return source.field === 'current' ? 'kitectl context use' : `context ${source.name}`;
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

/** Lists KONTROL_* variables that no setting reads, such as misspelled names. */
function unknownVariables({ env }: CommandSettings): readonly SettingRow[] {
  const knownNames = new Set(allSettings.flatMap(({ variables }) => variables.map(variableName)));
  return Object.entries(env)
    .filter(([name, value]) => name.startsWith('KONTROL_') && value !== '' && !knownNames.has(name))
    .filter(([name]) => !isServiceVariable(name))
    .toSorted(([a], [b]) => a.localeCompare(b, 'en'))
    .map(([name]) => ({ setting: 'unknown variable', value: '(hidden)', source: name }));
}
