import { ConfigurationError } from '../../protocol/errors.js';
import type { AcceptedValue } from './accepted-value.js';

/** An environment variable that a setting reads. */
export interface Variable<Value> {
  readonly name: string;
  /** What it takes, where that differs from the setting: `NO_COLOR` is true by being set. */
  readonly accept?: AcceptedValue<Value>;
  /** Whether its text is a secret, which is never shown. Default: that of the setting. */
  readonly secret?: boolean;
}

/** Something that can be configured, and the places that its value can come from. */
export interface Setting<Value = unknown, Default = unknown> {
  /** The name, for people. */
  readonly name: string;
  /** What it decides. A sentence. */
  readonly summary: string;
  /** The option of a program that sets it. */
  readonly option?: string;
  /** The environment variables that set it. The first one that is set counts. */
  readonly variables: readonly (string | Variable<Value>)[];
  /** The field of the kite key that sets it. */
  readonly kiteKey?: keyof KiteKeyFields;
  readonly accept: AcceptedValue<Value>;
  /** Whether its value is a secret, which is never shown. Default false. */
  readonly secret?: boolean;
  /** Its value where nothing sets it. */
  readonly default: Default;
  /** The default in words, where the value is not what people would write. */
  readonly defaultText?: string;
}

/** The fields of a kite key that settings come from. */
export interface KiteKeyFields {
  readonly username: string;
  readonly kontrolUrl: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a value comes from. */
export type SettingSource =
  | { readonly type: 'option' | 'flag' | 'variable'; readonly name: string }
  | { readonly type: 'context'; readonly name: string; readonly field: string }
  | { readonly type: 'kiteKey'; readonly field: keyof KiteKeyFields }
  | { readonly type: 'default' };

/** A value that one source gives, not parsed yet. */
export interface RawValue {
  readonly source: SettingSource;
  readonly value: unknown;
}

/** Everything that the value of a setting can come from, the strongest first. */
export interface SettingSources {
  /** An option of the program, or a flag. */
  readonly explicit?: RawValue | undefined;
  readonly env: Environment;
  /** What is stored for the person, in a context. Called where nothing stronger sets the setting. */
  readonly stored?: (() => RawValue | undefined) | undefined;
  readonly kiteKey?: KiteKeyFields | undefined;
  /** Whether the kite key counts more than what is stored. Default false. */
  readonly kiteKeyFirst?: boolean | undefined;
}

export type Resolution<Value, Default> =
  | {
      readonly type: 'resolved';
      readonly source: SettingSource;
      readonly value: Value | Default;
      readonly given: unknown;
    }
  | {
      readonly type: 'refused';
      readonly source: SettingSource;
      readonly given: unknown;
      readonly reason: string;
    };

/** What sets a setting, the strongest first. An empty string sets nothing. */
export function* rawValuesOf(setting: Setting, sources: SettingSources): Generator<RawValue> {
  for (const given of candidates(setting, sources)) {
    if (given && isSet(given, setting)) yield given;
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
 * The value of a setting and what it comes from: an option or flag, else the environment, else a context, else the kite
 * key, else the default. This is the only function that decides it. It does not throw: a value that is not accepted is
 * `refused`, with a reason that shows no secret.
 */
export function resolveSetting<Value, Default>(
  setting: Setting<Value, Default>,
  sources: SettingSources,
): Resolution<Value, Default> {
  const [given] = rawValuesOf(setting, sources);
  if (!given) {
    return { type: 'resolved', source: { type: 'default' }, value: setting.default, given: undefined };
  }
  return parseRawValue(setting, given);
}

/** The value that one source gives. */
export function parseRawValue<Value, Default>(
  setting: Setting<Value, Default>,
  { source, value: raw }: RawValue,
): Resolution<Value, Default> {
  const accept = acceptedFrom(setting, source);
  const value = accept.parse(typeof raw === 'string' && accept.verbatim !== true ? raw.trim() : raw);
  if (value !== undefined) return { type: 'resolved', source, value, given: raw };
  const what = (source.type === 'option' && accept.optionDescription) || accept.description;
  const visible = isSecret(setting, source) ? undefined : raw;
  const reason = invalidValueMessage(describeSource(source), visible, what);
  return { type: 'refused', source, given: raw, reason };
}

/**
 * Why a value is not accepted: `--port is "x"; it must be a port`. `place` is what gives it, `what` what is accepted. A value
 * that is undefined is secret.
 */
export function invalidValueMessage(place: string, value: unknown, what: string): string {
  const is = value === undefined ? 'has a value that is not accepted' : `is ${quoteValue(value)}`;
  return `${place} ${is}; it must be ${what}`;
}

/**
 * The value of a setting.
 *
 * @throws ConfigurationError with code `badValue` that names what the value comes from, and what is accepted
 */
export function settingValue<Value, Default>(
  setting: Setting<Value, Default>,
  sources: SettingSources,
): Value | Default {
  const resolution = resolveSetting(setting, sources);
  if (resolution.type === 'resolved') return resolution.value;
  throw new ConfigurationError('badValue', resolution.reason);
}

/** What a value comes from, to begin a sentence. */
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

/** Whether what a source gives must not be shown. */
export function isSecret({ variables, secret = false }: Setting, source: SettingSource): boolean {
  if (source.type !== 'variable') return secret;
  const variable = variables.find((one) => variableName(one) === source.name);
  return (typeof variable === 'object' ? variable.secret : undefined) ?? secret;
}

export function variableName(variable: string | Variable<unknown>): string {
  return typeof variable === 'string' ? variable : variable.name;
}

/** A URL, or what stands for one, may carry a password, which must not reach a log or a terminal. */
export function withoutPassword(text: string): string {
  return text.replace(/(^|[\s,]|\/\/)[^/@\s,]*@/g, '$1…@');
}

function acceptedFrom<Value>(
  { variables, accept }: Setting<Value>,
  source: SettingSource,
): AcceptedValue<Value> {
  if (source.type !== 'variable') return accept;
  const variable = variables.find((one) => variableName(one) === source.name);
  return (typeof variable === 'object' ? variable.accept : undefined) ?? accept;
}

function isSet({ source, value }: RawValue, setting: Setting): boolean {
  if (value === undefined) return false;
  // A program that passes an empty option has made a mistake.
  if (source.type === 'option' || typeof value !== 'string') return true;
  return acceptedFrom(setting, source).verbatim === true ? value !== '' : value.trim() !== '';
}

function quoteValue(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(withoutPassword(value)) : String(value);
}
