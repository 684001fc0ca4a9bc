import { allSettings } from '../../src/lib/cli/settings/all-settings.js';
import { type CliSetting, formatDefault } from '../../src/lib/cli/settings/cli-setting.js';
import { commonSettings } from '../../src/lib/cli/settings/common-settings.js';
import { kontrolStartSettings } from '../../src/lib/cli/settings/kontrol-start-settings.js';
import { proxyStartSettings } from '../../src/lib/cli/settings/proxy-start-settings.js';
import { storageSecrets } from '../../src/lib/cli/settings/storage-settings.js';
import { kiteSettings } from '../../src/lib/kite/config/kite-settings.js';
import { type Setting, variableName } from '../../src/lib/kite/config/resolve-setting.js';
import { table } from './markdown.js';

/** The generated tables of docs/configuration.md, by name. */
export const settingsTables: Readonly<Record<string, () => string>> = {
  'settings of kites': kiteTable,
  'settings of the command line': commandLineTable,
  'settings of kontrol start': () =>
    commandTable([...Object.values(kontrolStartSettings), ...Object.values(storageSecrets)]),
  'settings of proxy start': () => commandTable(Object.values(proxyStartSettings)),
};

function kiteTable(): string {
  const settings: readonly Setting[] = Object.values(kiteSettings);
  return table(
    ['option', 'variable', 'default', ''],
    settings.map((setting) => [
      code(setting.option),
      variablesOf(setting),
      [
        setting.kiteKey === undefined ? '' : 'value in the kite key',
        formatDefault({ ...setting, commands: [] }),
      ]
        .filter((text) => text !== '')
        .join(', or '),
      meaningOf(setting),
    ]),
  );
}

function commandLineTable(): string {
  const settings: readonly CliSetting[] = Object.values(commonSettings);
  return table(
    ['setting', 'flag', 'variable', 'context', 'default'],
    settings.map((setting) => {
      const { name, context, kiteKey } = setting;
      const all = [kiteKey === undefined ? '' : 'value in the kite key', formatDefault(setting)];
      return [
        name,
        flagsOf(name),
        variablesOf(setting),
        code(context),
        all.filter((text) => text !== '').join(', or '),
      ];
    }),
  );
}

function commandTable(settings: readonly CliSetting[]): string {
  return table(
    ['flag', 'variable', 'default', ''],
    settings
      .filter(({ flag }) => flag?.hidden !== true)
      .map((setting) => [
        code(setting.flag && `--${setting.flag.name}`),
        variablesOf(setting),
        formatDefault(setting),
        meaningOf({ ...setting, summary: setting.flag?.summary ?? setting.summary }),
      ]),
  );
}

/** Returns the flags of a setting. A flag that sets it only in some commands is prefixed with the command. */
function flagsOf(name: string): string {
  const base = Object.values(commonSettings).find((setting) => setting.name === name);
  const flags = allSettings
    .filter((setting) => setting.name === name)
    .flatMap((setting) => {
      const { flag, commands } = setting;
      if (!flag) return [];
      return setting === base ? [`\`--${flag.name}\``] : commands.map((id) => `\`${id} --${flag.name}\``);
    });
  const [own] = flags;
  const isOther = (flag: string): boolean =>
    flag === own || own === undefined || !flag.endsWith(own.slice(1));
  return flags.filter(isOther).join(', ');
}

function variablesOf({ variables }: Setting): string {
  return variables.map((variable) => code(variableName(variable))).join(', ');
}

function meaningOf({ summary, accept: { choices } }: Setting): string {
  const isSwitch = choices?.includes('true') === true;
  return choices && !isSwitch ? `${summary} ${choices.map(code).join(', ')}.` : summary;
}

function code(text: string | undefined): string {
  return text === undefined ? '' : `\`${text}\``;
}
