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
  'settings of kites': kites,
  'settings of the command line': commandLine,
  'settings of kontrol start': () =>
    ofCommand([...Object.values(kontrolStartSettings), ...Object.values(storageSecrets)]),
  'settings of proxy start': () => ofCommand(Object.values(proxyStartSettings)),
};

function kites(): string {
  const settings: readonly Setting[] = Object.values(kiteSettings);
  return table(
    ['option', 'variable', 'default', ''],
    settings.map((setting) => [
      code(setting.option),
      variablesOf(setting),
      [
        setting.kiteKey === undefined ? '' : 'that of the kite key',
        formatDefault({ ...setting, commands: [] }),
      ]
        .filter((text) => text !== '')
        .join(', or '),
      meaningOf(setting),
    ]),
  );
}

function commandLine(): string {
  const settings: readonly CliSetting[] = Object.values(commonSettings);
  return table(
    ['setting', 'flag', 'variable', 'context', 'default'],
    settings.map((setting) => {
      const { name, context, kiteKey } = setting;
      const all = [kiteKey === undefined ? '' : 'that of the kite key', formatDefault(setting)];
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

function ofCommand(settings: readonly CliSetting[]): string {
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

/** The flags of the settings of one name, with the command where a flag has that meaning in one command only. */
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
