import {
  type Environment,
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
import { type NamedContext, readContexts, requireContext } from './contexts.js';

/** The value of a setting, and what it comes from. */
export interface ResolvedValue<Value> {
  readonly value: Value;
  readonly source: SettingSource;
}

/** What oclif makes of the flags of a command, by their names. */
export type ParsedFlags = Readonly<Record<string, unknown>>;

/**
 * The settings of one command line: what its flags, the environment and the active context set. A command reads each of its
 * settings here, and nowhere else.
 */
export class CommandSettings {
  readonly env: Environment;
  /** The settings that have a flag in this command, by their own names. */
  readonly #own: ReadonlyMap<string, CliSetting>;
  readonly #flags: ReadonlyMap<string, unknown>;
  readonly #contexts: 'required' | 'optional' | 'ignored';
  #active: { readonly context: NamedContext | undefined } | undefined;

  private constructor(
    env: Environment,
    own: ReadonlyMap<string, CliSetting>,
    flags: ReadonlyMap<string, unknown>,
    contexts: 'required' | 'optional' | 'ignored',
  ) {
    this.env = env;
    this.#own = own;
    this.#flags = flags;
    this.#contexts = contexts;
  }

  /**
   * The settings of a command that has the flags of `own`.
   *
   * @throws CliError where a flag has a value that is not accepted
   */
  static fromFlags(own: CliSettings, flags: ParsedFlags, env: Environment): CommandSettings {
    const all = Object.entries(own);
    const given = all.flatMap(([flag, { name }]) =>
      isEmpty(flags[flag]) ? [] : [[name, flags[flag]] as const],
    );
    const settings = new CommandSettings(
      env,
      new Map(all.map(([, setting]) => [setting.name, setting])),
      new Map(given),
      'required',
    );
    for (const [, setting] of all) {
      requireAccepted(resolveSetting(setting, { env: {}, explicit: settings.#flagOf(setting) }));
    }
    return settings;
  }

  /** The settings of a command without any flags. */
  static withoutFlags(env: Environment): CommandSettings {
    return CommandSettings.fromFlags({}, {}, env);
  }

  /** The same settings, of which one is set as its flag would. */
  with(setting: CliSetting, value: unknown): CommandSettings {
    return new CommandSettings(
      this.env,
      this.#own,
      new Map(this.#flags).set(setting.name, value),
      this.#contexts,
    );
  }

  /** The same settings, for a command that makes the context that is named where there is none. */
  withOptionalContext(): CommandSettings {
    return new CommandSettings(this.env, this.#own, this.#flags, 'optional');
  }

  /** The same settings, without what a context sets. */
  withoutContext(): CommandSettings {
    return new CommandSettings(this.env, this.#own, this.#flags, 'ignored');
  }

  /**
   * The active context. Undefined: none is.
   *
   * @throws CliError where there is no context of the name that a flag or a variable gives
   */
  get context(): NamedContext | undefined {
    this.#active ??= { context: this.#findContext() };
    return this.#active.context;
  }

  /**
   * The value of a setting.
   *
   * @throws CliError or ConfigurationError where what sets it is not accepted
   */
  value<Value, Default>(setting: CliSetting<Value, Default>, kiteKey?: KiteKeyFields): Value | Default {
    return this.resolve(setting, kiteKey).value;
  }

  /** The value of a setting, and what it comes from. Throws like `value`. */
  resolve<Value, Default>(
    setting: CliSetting<Value, Default>,
    kiteKey?: KiteKeyFields,
  ): ResolvedValue<Value | Default> {
    return requireAccepted(this.tryResolve(setting, kiteKey));
  }

  /** `resolve` that does not throw where what sets the setting is not accepted. */
  tryResolve<Value, Default>(
    setting: CliSetting<Value, Default>,
    kiteKey?: KiteKeyFields,
  ): Resolution<Value, Default> {
    return resolveSetting(this.#ownOf(setting), this.#sources(setting, kiteKey));
  }

  /** What each of the places that set a setting gives, the strongest first. Throws like `value`. */
  resolveAll<Value, Default>(setting: CliSetting<Value, Default>): readonly ResolvedValue<Value | Default>[] {
    const given = [...rawValuesOf(setting, this.#sources(setting, undefined))];
    return given.map((one) => requireAccepted(parseRawValue(this.#ownOf(setting), one)));
  }

  /** Whether the command line has the flag of a setting. */
  hasFlag(setting: CliSetting): boolean {
    return this.#flagOf(setting) !== undefined;
  }

  #sources(setting: CliSetting, kiteKey: KiteKeyFields | undefined): SettingSources {
    const own = this.#ownOf(setting);
    return {
      explicit: this.#flagOf(setting),
      env: this.env,
      stored: () => this.#stored(own),
      kiteKey,
      kiteKeyFirst: own.kiteKeyFirst,
    };
  }

  /** The setting as this command has it: under the name of another flag, for one. */
  #ownOf<Value, Default>(setting: CliSetting<Value, Default>): CliSetting<Value, Default> {
    const own = this.#own.get(setting.name);
    if (!own || own === setting) return setting;
    // Settings of one name accept the same values.
    return { ...(own as CliSetting<Value, Default>), default: setting.default };
  }

  #flagOf(setting: CliSetting): RawValue | undefined {
    const value = this.#flags.get(setting.name);
    const { flag } = this.#own.get(setting.name) ?? setting;
    return value === undefined
      ? undefined
      : { source: { type: 'flag', name: `--${flag?.name ?? setting.name}` }, value };
  }

  #stored(setting: CliSetting): RawValue | undefined {
    const { name, context: field, readContext } = setting;
    if (this.#contexts === 'ignored') return undefined;
    if (name === commonSettings.context.name) {
      const { current } = readContexts(this.env);
      return current === undefined
        ? undefined
        : { source: { type: 'context', name: current, field: 'current' }, value: current };
    }
    const active = field === undefined ? undefined : this.context;
    if (!active || field === undefined) return undefined;
    const value = readContext ? readContext(active) : active.context[field];
    return { source: { type: 'context', name: active.name, field }, value };
  }

  #findContext(): NamedContext | undefined {
    const name = this.value(commonSettings.context);
    if (name === undefined) return undefined;
    const contexts = readContexts(this.env);
    const context = contexts.contexts.get(name);
    if (!context && this.#contexts === 'optional') return undefined;
    return { name, context: context ?? requireContext(name, contexts) };
  }
}

/** Whether a flag is not given, or gives nothing. */
function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && value.trim() === '');
}

/**
 * The value of a setting, where it is accepted. A flag that is not is a mistake on the command line, and everything else one
 * in the configuration.
 */
function requireAccepted<Value, Default>(
  resolution: Resolution<Value, Default>,
): ResolvedValue<Value | Default> {
  if (resolution.type === 'resolved') return resolution;
  const { source, reason } = resolution;
  throw source.type === 'flag' ? usageError(reason) : new ConfigurationError('badValue', reason);
}
