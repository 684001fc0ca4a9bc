import { Command } from '@oclif/core/command';
import type { Config } from '@oclif/core/config';
import { boolean, option } from '@oclif/core/flags';
import { normalizeArgv } from './argv.js';
import type { CommandConfig } from './fast-path-config.js';
import { type CliError, isCliError } from '../runtime/cli-error.js';
import { colorSetting } from '../runtime/color-setting.js';
import { toCliError } from './failures.js';
import { fromParseError } from './parse-errors.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

/** What every command of `kitectl` shares: the global flags, and the world it runs in. */
export abstract class BaseCommand extends Command {
  static override baseFlags = {
    json: boolean({
      default: false,
      summary:
        'Print for programs: a result as JSON, like -o json, and an error as one line of JSON on stderr.',
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
   * Runs the command called `id` with what stands behind it on the command line, as oclif's `Config.runCommand` would.
   *
   * @throws CliError, or the reason of an interruption. Printing it and the exit code are the caller's.
   */
  static async start(
    this: CommandClass,
    id: string,
    argv: readonly string[],
    config: CommandConfig,
  ): Promise<void> {
    // All that the class declares is there; its private members are what the type of the class adds.
    const command = new this([...argv], config as Config);
    command.id = id.replaceAll(' ', ':');
    await command._run();
  }

  /** The world that the command runs in. It comes with the options of the configuration, the one thing that oclif hands on. */
  protected get runtime(): CommandRuntime {
    const options: object = this.config.options;
    if (!('runtime' in options))
      throw new Error('A command runs in surroundings, in the options of its Config');
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

  /** oclif would set an exit code of its own and print to stdout. */
  protected override async catch(error: Error): Promise<never> {
    if (isCliError(error) && error.type === 'exit') throw error;
    this.runtime.signal.throwIfAborted();
    const id = (this.id ?? '').replaceAll(':', ' ');
    throw withHelpHint(fromParseError(error, { id, ...this.#declared }) ?? toCliError(error), id);
  }
}

/** A command as `src/commands` exports it. */
export interface CommandClass {
  new (argv: string[], config: Config): BaseCommand;
  readonly args: typeof Command.args;
  readonly flags: typeof Command.flags;
  readonly baseFlags: typeof BaseCommand.baseFlags;
  readonly start: typeof BaseCommand.start;
}

/** The commands by name, each loaded only when it is used; under another name of a command stands its own. */
export type CommandTable = Readonly<Record<string, string | (() => Promise<CommandClass>)>>;

function withHelpHint(error: CliError, id: string): CliError {
  if (error.type !== 'usage' || error.hint !== '') return error;
  return error.with({ hint: `See: kitectl ${id} --help` });
}
