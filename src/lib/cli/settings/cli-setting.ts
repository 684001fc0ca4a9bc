import { type Setting, variableName } from '../../kite/config/resolve-setting.js';
import type { ContextField, NamedContext } from './contexts.js';

/** The flag that sets a setting. */
export interface SettingFlag {
  /** The name without dashes. */
  readonly name: string;
  /** Summary in the help, without the default. Default: the summary of the setting. */
  readonly summary?: string;
  readonly description?: string;
  /** Placeholder for the value in the help. Default: the accepted values. */
  readonly helpValue?: string;
  readonly helpGroup?: string;
  readonly aliases?: readonly string[];
  readonly hidden?: boolean;
  /** A `switch` has no value, and `--no-NAME` turns it off. A `list` is repeatable. Default: a flag with one value. */
  readonly kind?: 'switch' | 'list';
  /** Whether each flag of a list has one value, so that arguments can follow it. Default: false. */
  readonly oneValue?: boolean;
  readonly required?: boolean;
  /** Flags that conflict with this one. */
  readonly exclusive?: readonly string[];
  /** Flags that this one requires. */
  readonly dependsOn?: readonly string[];
  /** What a switch risks. Printed once by a command that has the flag set. */
  readonly warning?: string;
  /** How a shell completes the value. Default: with the accepted values, if they are a fixed set. */
  readonly completion?: 'kites' | 'contexts' | 'files';
}

/** A setting of the command line, either of a kite or of a command. */
export interface CliSetting<Value = unknown, Default = unknown> extends Setting<Value, Default> {
  readonly flag?: SettingFlag;
  /** The field of a context that sets it. */
  readonly context?: ContextField;
  /** Reads the value from a context. Default: the value of the field `context`. */
  readonly readContext?: (active: NamedContext) => unknown;
  /** Whether the kite key, which is signed, takes precedence over a context. Default: false. */
  readonly kiteKeyFirst?: boolean;
  /** The commands that have the flag or, without a flag, use the setting. */
  readonly commands: readonly string[];
}

/** The settings of a command, by the name of their flag. */
export type CliSettings = Readonly<Record<string, CliSetting>>;

/** Returns the default of a setting for the help, such as `Default: $KITE_TIMEOUT, the context, or 15s.` */
export function defaultSentence(setting: CliSetting): string {
  const sources = [
    ...setting.variables.map((variable) => `$${variableName(variable)}`),
    ...(setting.context === undefined ? [] : ['the context']),
    ...(setting.kiteKey === undefined ? [] : ['your kite key']),
  ];
  const all = [...sources, formatDefault(setting)].filter((text) => text !== '');
  if (all.length === 0) return '';
  const last = all.pop() ?? '';
  return `Default: ${all.length === 0 ? last : `${all.join(', ')}, or ${last}`}.`;
}

/** Formats the default value of a setting. Returns an empty string if there is none. */
export function formatDefault({ default: value, defaultText }: CliSetting): string {
  if (defaultText !== undefined) return defaultText;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  return value === true ? 'true' : '';
}

/** Returns how to set a setting, for hints, such as `--port or KONTROL_PORT`. */
export function flagOrVariable({ flag, variables }: CliSetting): string {
  return [...(flag ? [`--${flag.name}`] : []), ...variables.map(variableName)].join(' or ');
}

/** Returns the names of a setting for messages, such as `--port (KONTROL_PORT)`. */
export function settingLabel({ flag, variables }: CliSetting): string {
  const names = variables.map(variableName);
  if (!flag) return names.join(', ');
  return names.length === 0 ? `--${flag.name}` : `--${flag.name} (${names.join(', ')})`;
}
