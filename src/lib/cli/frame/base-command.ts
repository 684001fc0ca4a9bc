import { Command } from '@oclif/core/command';
import type { Config } from '@oclif/core/config';
import { boolean, option } from '@oclif/core/flags';
import { normalizeArgv } from './argv.js';
import type { CommandConfig } from './fast-path-config.js';
import { type CliError, isCliError } from '../runtime/cli-error.js';
import { colorSetting } from '../runtime/color-setting.js';
import { toCliError } from './failures.js';
import { hintWithOwnFlags } from './own-flags.js';
import { fromParseError } from './parse-errors.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

/** Base class of all commands: defines the global flags, and gives access to the runtime. */
export abstract class BaseCommand extends Command {
  static override baseFlags = {
    json: boolean({
      default: false,
      summary: 'Print the result as JSON, like -o json, and errors as one line of JSON on stderr.',
      helpGroup: 'GLOBAL',
    }),
    color: option({
      summary: `${colorSetting.summary} Default: $FORCE_COLOR, $NO_COLOR, or auto.`,
      options: colorSetting.accept.choices,
      helpGroup: 'GLOBAL',
    })(),
    'no-color': boolean({
      default: false,
      summary: 'Short for --color never, like NO_COLOR=1.',
      helpGroup: 'GLOBAL',
    }),
    'no-input': boolean({
      default: false,
      summary: 'Never prompt; fail and name the missing flag.',
      helpGroup: 'GLOBAL',
    }),
  };

  /**
   * Runs the command `id` with the words after it on the command line, like `Config.runCommand` of oclif.
   *
   * @throws CliError, or the reason of the signal. The caller reports the error and sets the exit code.
   */
  static async start(
    this: CommandClass,
    id: string,
    argv: readonly string[],
    config: CommandConfig,
  ): Promise<void> {
    // `CommandConfig` has every public member of `Config`; the class type only adds private ones.
    const command = new this([...argv], config as Config);
    command.id = id.replaceAll(' ', ':');
    await command._run();
  }

  /** The runtime of the command. It is in the options of the configuration, the only value that oclif passes on. */
  protected get runtime(): CommandRuntime {
    const options: object = this.config.options;
    if (!('runtime' in options)) throw new Error('The options of the Config have no runtime');
    return options.runtime as CommandRuntime;
  }

  protected override async init(): Promise<void> {
    await super.init();
    this.argv = normalizeArgv(this.argv, this.#declared.flags);
  }

  /** The flags and arguments that the command declares. */
  get #declared(): Pick<CommandClass, 'args' | 'flags'> {
    const { args, baseFlags, flags } = this.ctor as unknown as CommandClass;
    return { args, flags: { ...baseFlags, ...flags } };
  }

  /** Overrides oclif, which would set its own exit code and print to stdout. */
  protected override async catch(error: Error): Promise<never> {
    if (isCliError(error) && error.type === 'exit') throw error;
    this.runtime.signal.throwIfAborted();
    const id = (this.id ?? '').replaceAll(':', ' ');
    const { args, flags } = this.#declared;
    const failure = fromParseError(error, { id, args, flags }) ?? toCliError(error);
    const hint = hintWithOwnFlags(failure.hint, (name) => isFlag(name, flags));
    throw withHelpHint(hint === failure.hint ? failure : failure.with({ hint }), id);
  }
}

/** The class of a command in `src/commands`. */
export interface CommandClass {
  new (argv: string[], config: Config): BaseCommand;
  readonly args: typeof Command.args;
  readonly flags: typeof Command.flags;
  readonly baseFlags: typeof BaseCommand.baseFlags;
  readonly start: typeof BaseCommand.start;
}

/** The commands by name, each loaded when it is used. An alias maps to the name of its command. */
export type CommandTable = Readonly<Record<string, string | (() => Promise<CommandClass>)>>;

function isFlag(name: string, flags: CommandClass['flags']): boolean {
  return (
    name === 'help' ||
    Object.hasOwn(flags, name) ||
    Object.values(flags).some(({ aliases }) => aliases?.includes(name))
  );
}

function withHelpHint(error: CliError, id: string): CliError {
  if (error.type !== 'usage' || error.hint !== '') return error;
  return error.with({ hint: `See: kitectl ${id} --help` });
}
