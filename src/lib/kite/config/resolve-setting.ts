import { withoutUrlSecrets } from '../../transport/handshake/session-url.js';
import { ConfigurationError } from '../../protocol/errors.js';
import type { AcceptedValue } from './accepted-value.js';

/** An environment variable that a setting reads. */
export interface Variable<Value> {
  readonly name: string;
  /** The accepted values, if they differ from those of the setting: `NO_COLOR` accepts any value. */
  readonly accept?: AcceptedValue<Value>;
  /** Whether the value is secret and never shown. Default: that of the setting. */
  readonly secret?: boolean;
}

/** Something that can be configured, and the sources of its value. */
export interface Setting<Value = unknown, Default = unknown> {
  /** Display name. */
  readonly name: string;
  /** The effect of the setting, in one sentence. */
  readonly summary: string;
  /** The option of a program that sets it. */
  readonly option?: string;
  /** The environment variables that set it. The first one that is set takes precedence. */
  readonly variables: readonly (string | Variable<Value>)[];
  /** The field of the kite key that sets it. */
  readonly kiteKey?: keyof KiteKeyFields;
  readonly accept: AcceptedValue<Value>;
  /** Whether the value is secret and never shown. Default: false. */
  readonly secret?: boolean;
  /** The value if no source sets it. */
  readonly default: Default;
  /** The default as documentation shows it, if that differs from the value. */
  readonly defaultText?: string;
}

/** The fields of a kite key that are sources of settings. */
export interface KiteKeyFields {
  readonly username: string;
  readonly kontrolUrl: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The source of a value. */
export type SettingSource =
  | { readonly type: 'option' | 'flag' | 'variable'; readonly name: string }
  | { readonly type: 'context'; readonly name: string; readonly field: string }
  | { readonly type: 'kiteKey'; readonly field: keyof KiteKeyFields }
  | { readonly type: 'default' };

/** An unparsed value and its source. */
export interface RawValue {
  readonly source: SettingSource;
  readonly value: unknown;
}

/** The sources of a setting, in order of precedence. */
export interface SettingSources {
  /** An option of the program, or a flag. */
  readonly explicit?: RawValue | undefined;
  readonly env: Environment;
  /** Returns the value of the active context. Called only if no source with precedence sets the setting. */
  readonly stored?: (() => RawValue | undefined) | undefined;
  readonly kiteKey?: KiteKeyFields | undefined;
  /** Whether the kite key takes precedence over the context. Default: false. */
  readonly kiteKeyFirst?: boolean | undefined;
}

/** The result of resolving a setting. `raw` is the unparsed value. */
export type Resolution<Value, Default> =
  | {
      readonly type: 'resolved';
      readonly source: SettingSource;
      readonly value: Value | Default;
      readonly raw: unknown;
    }
  | {
      readonly type: 'refused';
      readonly source: SettingSource;
      readonly raw: unknown;
      readonly reason: string;
    };

/**
 * Whether Kubernetes sets this variable for a service, such as `KITE_PORT=tcp://10.96.0.9:3636` for a service named kite. It is
 * then not meant as a setting, and ignored.
 */
function isServiceAddress(variable: string, value: unknown): boolean {
  const isAddress = typeof value === 'string' && /^(?:tcp|udp|sctp):\/\/\S+$/i.test(value.trim());
  return isAddress && variable.endsWith('_PORT');
}

/** A variable of a setting whose value is ignored. */
export interface IgnoredVariable {
  readonly variable: string;
  readonly value: string;
  /** Why, and what to do about it. */
  readonly note: string;
}

/** Returns the variables of a setting that are ignored. A command or program that uses the setting logs their notes. */
export function ignoredVariables({ variables }: Setting, env: Environment): readonly IgnoredVariable[] {
  return variables
    .map(variableName)
    .filter((variable) => isServiceAddress(variable, env[variable]))
    .map((variable) => {
      const value = env[variable]?.trim() ?? '';
      const service = variable
        .replace(/_PORT$/, '')
        .toLowerCase()
        .replaceAll('_', '-');
      const note = `${variable}=${value} is ignored: Kubernetes sets it for a service named ${service}. To use the variable as a setting, set enableServiceLinks: false in the pod, or rename the service`;
      return { variable, value, note };
    });
}

/** Yields the values of a setting in order of precedence. An empty string is treated as not set. */
export function* rawValuesOf(setting: Setting, sources: SettingSources): Generator<RawValue> {
  for (const rawValue of candidates(setting, sources)) {
    if (rawValue && isSet(rawValue, setting)) yield rawValue;
  }
}

function* candidates(
  { variables, kiteKey: field }: Setting,
  { explicit, env, stored, kiteKey, kiteKeyFirst = false }: SettingSources,
): Generator<RawValue | undefined> {
  yield explicit;
  for (const variable of variables) {
    const name = variableName(variable);
    yield { source: { type: 'variable', name }, value: env[name] };
  }
  if (!kiteKeyFirst) yield stored?.();
  if (field !== undefined && kiteKey) yield { source: { type: 'kiteKey', field }, value: kiteKey[field] };
  if (kiteKeyFirst) yield stored?.();
}

/**
 * Returns the value of a setting and its source: an option or flag, the environment, a context, the kite key or the default,
 * in this order. No other function decides the precedence. It does not throw: a value that is not accepted is `refused`, with
 * a reason that contains no secret.
 */
export function resolveSetting<Value, Default>(
  setting: Setting<Value, Default>,
  sources: SettingSources,
): Resolution<Value, Default> {
  const [rawValue] = rawValuesOf(setting, sources);
  if (!rawValue) {
    return { type: 'resolved', source: { type: 'default' }, value: setting.default, raw: undefined };
  }
  return parseRawValue(setting, rawValue);
}

/** Resolves a setting from one of its variables only. Returns undefined if it is not set. */
export function resolveVariable<Value, Default>(
  setting: Setting<Value, Default>,
  variable: string,
  env: Environment,
): Resolution<Value, Default> | undefined {
  const [rawValue] = rawValuesOf(setting, { env: { [variable]: env[variable] } });
  return rawValue && parseRawValue(setting, rawValue);
}

/** Parses the value of one source. */
export function parseRawValue<Value, Default>(
  setting: Setting<Value, Default>,
  { source, value: raw }: RawValue,
): Resolution<Value, Default> {
  const accept = acceptedFrom(setting, source);
  const value = accept.parse(typeof raw === 'string' && accept.verbatim !== true ? raw.trim() : raw);
  if (value !== undefined) return { type: 'resolved', source, value, raw };
  const expected = (source.type === 'option' && accept.optionDescription) || accept.description;
  const visible = isSecret(setting, source) || accept.show ? undefined : raw;
  const reason = invalidValueMessage(describeSource(source), visible, expected);
  return { type: 'refused', source, raw, reason };
}

/**
 * Returns the message for a value that is not accepted, such as `--port is "x"; it must be a port`. `source` is the subject,
 * `expected` describes the accepted values. If the value is undefined, it is secret.
 */
export function invalidValueMessage(source: string, value: unknown, expected: string): string {
  const is = value === undefined ? 'has a value that is not accepted' : `is ${quoteValue(value)}`;
  return `${source} ${is}; it must be ${expected}`;
}

/**
 * Returns the value of a setting.
 *
 * @throws ConfigurationError with code `badValue` that has the source and the accepted values
 */
export function settingValue<Value, Default>(
  setting: Setting<Value, Default>,
  sources: SettingSources,
): Value | Default {
  const resolution = resolveSetting(setting, sources);
  if (resolution.type === 'resolved') return resolution.value;
  throw new ConfigurationError('badValue', resolution.reason);
}

/** Describes the source of a value, as the start of a sentence. */
export function describeSource(source: SettingSource): string {
  switch (source.type) {
    case 'option':
      return `The option ${source.name}`;
    case 'flag':
      return source.name;
    case 'variable':
      return `The environment variable ${source.name}`;
    case 'context':
      return `"${source.field}" of the context ${source.name}`;
    case 'kiteKey':
      return `The ${source.field === 'kontrolUrl' ? 'kontrolURL' : source.field} in the kite key`;
    case 'default':
      return 'The default';
  }
}

/** Whether the value of a source is secret. */
export function isSecret({ variables, secret = false }: Setting, source: SettingSource): boolean {
  if (source.type !== 'variable') return secret;
  const variable = variables.find((candidate) => variableName(candidate) === source.name);
  return (typeof variable === 'object' ? variable.secret : undefined) ?? secret;
}

export function variableName(variable: string | Variable<unknown>): string {
  return typeof variable === 'string' ? variable : variable.name;
}

function acceptedFrom<Value>(
  { variables, accept }: Setting<Value>,
  source: SettingSource,
): AcceptedValue<Value> {
  if (source.type !== 'variable') return accept;
  const variable = variables.find((candidate) => variableName(candidate) === source.name);
  return (typeof variable === 'object' ? variable.accept : undefined) ?? accept;
}

function isSet({ source, value }: RawValue, setting: Setting): boolean {
  if (value === undefined) return false;
  // An empty option of a program is an error, so it is not ignored.
  if (source.type === 'option' || typeof value !== 'string') return true;
  if (source.type === 'variable' && isServiceAddress(source.name, value)) return false;
  return acceptedFrom(setting, source).verbatim === true ? value !== '' : value.trim() !== '';
}

function quoteValue(value: unknown): string {
  if (Array.isArray(value)) return value.map(quoteValue).join(', ');
  return typeof value === 'string' ? JSON.stringify(withoutUrlSecrets(value)) : String(value);
}
