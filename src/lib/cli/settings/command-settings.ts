import {
  type Environment,
  ignoredVariables,
  type RawValue,
  rawValuesOf,
  type KiteKeyFields,
  parseRawValue,
  type Resolution,
  resolveSetting,
  type SettingSources,
  type SettingSource,
} from '../../kite/config/resolve-setting.js';
import { ConfigurationError } from '../../protocol/errors.js';
import { usageError } from '../runtime/cli-error.js';
import type { CliSetting, CliSettings } from './cli-setting.js';
import { commonSettings } from './common-settings.js';
import { type Contexts, type NamedContext, readContexts, requireContext } from './contexts.js';

/** The value of a setting, and its source. */
export interface ResolvedValue<Value> {
  readonly value: Value;
  readonly source: SettingSource;
}

/** The flags of a command, by name, as oclif parses them. */
export type ParsedFlags = Readonly<Record<string, unknown>>;

/**
 * The settings of one command line, resolved from its flags, the environment, the active context and the kite key. Commands read
 * all of their settings through this class.
 */
export class CommandSettings {
  readonly env: Environment;
  /** The settings that have a flag in this command, by the name of the setting. */
  readonly #settings: ReadonlyMap<string, CliSetting>;
  /** The values of the flags, by the name of the setting. */
  readonly #flags: ReadonlyMap<string, unknown>;
  readonly #contexts: 'required' | 'optional' | 'ignored';
  #storedContexts: Contexts | undefined;
  #active: { readonly context: NamedContext | undefined } | undefined;

  private constructor(
    env: Environment,
    settings: ReadonlyMap<string, CliSetting>,
    flags: ReadonlyMap<string, unknown>,
    contexts: 'required' | 'optional' | 'ignored',
  ) {
    this.env = env;
    this.#settings = settings;
    this.#flags = flags;
    this.#contexts = contexts;
  }

  /**
   * Returns the settings of a command line. `definitions` are the settings that have a flag in the command.
   *
   * @throws CliError if the value of a flag is not accepted
   */
  static fromFlags(definitions: CliSettings, flags: ParsedFlags, env: Environment): CommandSettings {
    const all = Object.entries(definitions);
    const values = all.flatMap(([flag, { name }]) =>
      isEmpty(flags[flag]) ? [] : [[name, flags[flag]] as const],
    );
    const settings = new CommandSettings(
      env,
      new Map(all.map(([, setting]) => [setting.name, setting])),
      new Map(values),
      'required',
    );
    for (const [, setting] of all) {
      requireAccepted(resolveSetting(setting, { env: {}, explicit: settings.#flagOf(setting) }));
    }
    return settings;
  }

  /** Returns the settings of a command without flags. */
  static withoutFlags(env: Environment): CommandSettings {
    return CommandSettings.fromFlags({}, {}, env);
  }

  /** Returns a copy in which a setting has a value, as if its flag were set. */
  with(setting: CliSetting, value: unknown): CommandSettings {
    return new CommandSettings(
      this.env,
      this.#settings,
      new Map(this.#flags).set(setting.name, value),
      this.#contexts,
    );
  }

  /** Returns a copy in which the named context does not have to exist, for commands that create it. */
  withOptionalContext(): CommandSettings {
    return new CommandSettings(this.env, this.#settings, this.#flags, 'optional');
  }

  /** Returns a copy that ignores contexts. */
  withoutContext(): CommandSettings {
    return new CommandSettings(this.env, this.#settings, this.#flags, 'ignored');
  }

  /**
   * The active context, or undefined.
   *
   * @throws CliError if the context that a flag or variable names does not exist
   */
  get context(): NamedContext | undefined {
    this.#active ??= { context: this.#findContext() };
    return this.#active.context;
  }

  /**
   * Returns the value of a setting.
   *
   * @throws CliError if the value of its flag is not accepted; ConfigurationError if it comes from another source
   */
  value<Value, Default>(setting: CliSetting<Value, Default>, kiteKey?: KiteKeyFields): Value | Default {
    return this.resolve(setting, kiteKey).value;
  }

  /** Returns the value of a setting, and its source. Throws like `value`. */
  resolve<Value, Default>(
    setting: CliSetting<Value, Default>,
    kiteKey?: KiteKeyFields,
  ): ResolvedValue<Value | Default> {
    return requireAccepted(this.tryResolve(setting, kiteKey));
  }

  /** Like `resolve`, but returns a value that is not accepted as a result instead of throwing. */
  tryResolve<Value, Default>(
    setting: CliSetting<Value, Default>,
    kiteKey?: KiteKeyFields,
  ): Resolution<Value, Default> {
    return resolveSetting(this.own(setting), this.#sources(setting, kiteKey));
  }

  /** Returns the value from every source that sets a setting, in order of precedence. Throws like `value`. */
  resolveAll<Value, Default>(setting: CliSetting<Value, Default>): readonly ResolvedValue<Value | Default>[] {
    const values = [...rawValuesOf(setting, this.#sources(setting, undefined))];
    return values.map((value) => requireAccepted(parseRawValue(this.own(setting), value)));
  }

  /** Whether the command has a flag for a setting. */
  defines(setting: CliSetting): boolean {
    return this.#settings.has(setting.name);
  }

  /** Returns notes on variables of a setting that are ignored although no flag sets it. */
  ignoredNotes(setting: CliSetting): readonly string[] {
    return this.hasFlag(setting) ? [] : ignoredVariables(setting, this.env).map(({ note }) => note);
  }

  /** Whether the command line contains the flag of a setting. */
  hasFlag(setting: CliSetting): boolean {
    return this.#flagOf(setting) !== undefined;
  }

  #sources(setting: CliSetting, kiteKey: KiteKeyFields | undefined): SettingSources {
    const own = this.own(setting);
    return {
      explicit: this.#flagOf(setting),
      env: this.env,
      stored: () => this.#stored(own),
      kiteKey,
      kiteKeyFirst: own.kiteKeyFirst,
    };
  }

  /** Returns the setting as this command defines it, for example with another flag. */
  own<Value, Default>(setting: CliSetting<Value, Default>): CliSetting<Value, Default> {
    const own = this.#settings.get(setting.name);
    if (!own || own === setting) return setting;
    // Settings with the same name accept the same values.
    return { ...(own as CliSetting<Value, Default>), default: setting.default };
  }

  #flagOf(setting: CliSetting): RawValue | undefined {
    const value = this.#flags.get(setting.name);
    const { flag } = this.#settings.get(setting.name) ?? setting;
    return value === undefined
      ? undefined
      : { source: { type: 'flag', name: `--${flag?.name ?? setting.name}` }, value };
  }

  #stored(setting: CliSetting): RawValue | undefined {
    const { name, context: field, readContext } = setting;
    if (this.#contexts === 'ignored') return undefined;
    if (name === commonSettings.context.name) {
      const { current } = this.#readContexts();
      return current === undefined
        ? undefined
        : { source: { type: 'context', name: current, field: 'current' }, value: current };
    }
    const active = field === undefined ? undefined : this.context;
    if (!active || field === undefined) return undefined;
    const value = readContext ? readContext(active) : active.context[field];
    return { source: { type: 'context', name: active.name, field }, value };
  }

  #readContexts(): Contexts {
    return (this.#storedContexts ??= readContexts(this.env));
  }

  #findContext(): NamedContext | undefined {
    const name = this.value(commonSettings.context);
    if (name === undefined) return undefined;
    const contexts = this.#readContexts();
    const context = contexts.contexts.get(name);
    if (!context && this.#contexts === 'optional') return undefined;
    return { name, context: context ?? requireContext(name, contexts) };
  }
}

/** Whether a flag is not set or blank. */
function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && value.trim() === '');
}

/**
 * Returns the value of a setting.
 *
 * @throws CliError if the value comes from a flag and is not accepted; ConfigurationError if it comes from another source
 */
function requireAccepted<Value, Default>(
  resolution: Resolution<Value, Default>,
): ResolvedValue<Value | Default> {
  if (resolution.type === 'resolved') return resolution;
  const { source, reason } = resolution;
  throw source.type === 'flag' ? usageError(reason) : new ConfigurationError('badValue', reason);
}
