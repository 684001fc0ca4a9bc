import { type Setting, variableName } from '../../kite/config/resolve-setting.js';
import type { ContextField, NamedContext } from './contexts.js';

/** The flag that sets a setting. */
export interface SettingFlag {
  /** Without dashes. */
  readonly name: string;
  /** What help says, where the setting's summary does not fit. Help adds the default. */
  readonly summary?: string;
  readonly description?: string;
  /** What help shows in place of the value. Default: the values that are accepted. */
  readonly helpValue?: string;
  readonly helpGroup?: string;
  readonly aliases?: readonly string[];
  readonly hidden?: boolean;
  /** A `switch` has no value, and `--no-NAME` turns it off; a `list` may be repeated. Default: one value. */
  readonly kind?: 'switch' | 'list';
  readonly required?: boolean;
  /** Flags that cannot be given together with this one. */
  readonly exclusive?: readonly string[];
  /** Flags that must be given together with this one. */
  readonly dependsOn?: readonly string[];
  /** What a shell completes the value with. Default: the values that are accepted, where they are few. */
  readonly completion?: 'kites' | 'contexts' | 'files';
}

/** A setting of the command line: one of a kite, or one of a command. */
export interface CliSetting<Value = unknown, Default = unknown> extends Setting<Value, Default> {
  readonly flag?: SettingFlag;
  /** The field of a context that sets it. */
  readonly context?: ContextField;
  /** Reads what a context sets, where that is more than the field. */
  readonly readContext?: (active: NamedContext) => unknown;
  /** Whether the kite key counts more than a context: it is signed. Default false. */
  readonly kiteKeyFirst?: boolean;
  /** The commands that have the flag; where there is none, those that the setting concerns. */
  readonly commands: readonly string[];
}

/** Settings by the name of their flag: what one command has. */
export type CliSettings = Readonly<Record<string, CliSetting>>;

/** What a setting is where no flag says it, for help: `Default: $KITE_TIMEOUT, the context, or 15s.` */
export function defaultSentence(setting: CliSetting): string {
  const places = [
    ...setting.variables.map((variable) => `$${variableName(variable)}`),
    ...(setting.context === undefined ? [] : ['the context']),
    ...(setting.kiteKey === undefined ? [] : ['your kite key']),
  ];
  const all = [...places, formatDefault(setting)].filter((text) => text !== '');
  if (all.length === 0) return '';
  const last = all.pop() ?? '';
  return `Default: ${all.length === 0 ? last : `${all.join(', ')}, or ${last}`}.`;
}

/** The default of a setting, for people. Empty: none. */
export function formatDefault({ default: value, defaultText }: CliSetting): string {
  if (defaultText !== undefined) return defaultText;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  return value === true ? 'true' : '';
}

/** The flag of a setting and the variable in its place, for messages: `--port (KONTROL_PORT)`. */
export function settingLabel({ flag, variables }: CliSetting): string {
  const names = variables.map(variableName);
  if (!flag) return names.join(', ');
  return names.length === 0 ? `--${flag.name}` : `--${flag.name} (${names.join(', ')})`;
}
