import { string } from '@oclif/core/flags';
import type { BooleanFlag, OptionFlag } from '@oclif/core/interfaces';
import { resolveSetting } from '../../kite/config/resolve-setting.js';
import { optionalSwitch } from './flag-kinds.js';
import { type CliSetting, type CliSettings, defaultSentence } from './cli-setting.js';

/** The oclif flags of settings. `CommandSettings` parses their values. */
export type FlagsOf<Settings extends CliSettings> = {
  readonly [Flag in keyof Settings]: FlagOf<Settings[Flag]['flag']>;
};

type FlagOf<Flag> = Flag extends { readonly kind: 'switch' }
  ? BooleanFlag<boolean | undefined>
  : Flag extends { readonly kind: 'list' }
    ? OptionFlag<string[] | undefined>
    : OptionFlag<string | undefined>;

/** Returns the oclif flags of settings, by name. With `defaults`, the help includes the default of each. */
export function flagsOf<const Settings extends CliSettings>(
  settings: Settings,
  { defaults = true }: { readonly defaults?: boolean } = {},
): FlagsOf<Settings> {
  const flags = Object.entries(settings).map(([name, setting]) => [name, flagOf(setting, defaults)] as const);
  return Object.fromEntries(flags) as unknown as FlagsOf<Settings>;
}

/**
 * Returns a parser that rejects a value which the setting does not accept, and leaves others as they are. oclif would report flags
 * that are missing or conflict first.
 */
function checked(setting: CliSetting): (text: string) => Promise<string> {
  const { flag } = setting;
  return async (text) => {
    if (text.trim() === '') return text;
    const value = flag?.kind === 'list' ? [text] : text;
    const explicit = { source: { type: 'flag' as const, name: `--${flag?.name}` }, value };
    const resolution = resolveSetting(setting, { env: {}, explicit });
    if (resolution.type !== 'resolved') throw new Error(resolution.reason);
    return text;
  };
}

function flagOf(setting: CliSetting, defaults: boolean) {
  const { flag, summary, accept, variables } = setting;
  const { kind, oneValue, description, helpValue, helpGroup, aliases, hidden, exclusive, dependsOn } =
    flag ?? {};
  const shared = {
    summary: [flag?.summary ?? summary, defaults ? defaultSentence(setting) : '']
      .filter((text) => text !== '')
      .join(' '),
    ...(description !== undefined && { description }),
    ...(helpGroup !== undefined && { helpGroup }),
    ...(aliases !== undefined && { aliases: [...aliases] }),
    ...(hidden !== undefined && { hidden }),
    ...(exclusive !== undefined && { exclusive: [...exclusive] }),
    ...(dependsOn !== undefined && { dependsOn: [...dependsOn] }),
  };
  // --no-NAME is only useful if a variable or the default can turn the switch on.
  if (kind === 'switch') {
    const made = optionalSwitch({
      ...shared,
      allowNo: variables.length > 0 || setting.default !== false,
    });
    // `BaseCommand` prints it.
    return flag?.warning === undefined ? made : Object.assign(made, { warning: flag.warning });
  }
  const value = helpValue ?? accept.choices?.join('|');
  const option = { ...shared, parse: checked(setting), ...(value !== undefined && { helpValue: value }) };
  if (kind !== 'list') return string(option);
  return string({ ...option, multiple: true, ...(oneValue === true && { multipleNonGreedy: true }) });
}
