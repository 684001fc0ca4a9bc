import { Command } from '@oclif/core/command';
import type { Config } from '@oclif/core/config';
import { boolean, string } from '@oclif/core/flags';
import { normalizeArgv } from './argv.js';
import { type CliError, isCliError } from './cli-error.js';
import { directConfig } from './direct-config.js';
import { toCliError } from './failures.js';
import type { Surroundings } from './surroundings.js';

/** What every command of `kitectl` shares: the global flags, and the world it runs in. */
export abstract class BaseCommand extends Command {
  static override baseFlags = {
    json: boolean({
      default: false,
      summary:
        'Print for programs: a result as JSON, like -o json, and an error as one line of JSON on stderr.',
      helpGroup: 'GLOBAL',
    }),
    color: string({
      summary: 'Colours: on terminals (auto, the default), always or never.',
      options: ['auto', 'always', 'never'],
      helpGroup: 'GLOBAL',
    }),
    'no-color': boolean({
      default: false,
      summary: 'Short for --color never, like NO_COLOR=1.',
      helpGroup: 'GLOBAL',
    }),
    'no-input': boolean({
      default: false,
      summary: 'Ask nothing, not even at a terminal: what is missing is an error that names its flag.',
      helpGroup: 'GLOBAL',
    }),
  };

  #surroundings: Surroundings | undefined;

  /**
   * Runs the command called `id` with what stands behind it on the command line.
   *
   * @throws CliError, or the reason of an interruption. Printing it and the exit code are the caller's.
   */
  static async execute(
    Class: CommandClass,
    id: string,
    argv: readonly string[],
    root: string,
    surroundings: Surroundings,
  ): Promise<void> {
    try {
      const normalized = normalizeArgv(argv, { ...Class.baseFlags, ...Class.flags });
      const command = new Class(normalized, directConfig(root, surroundings.version));
      command.#surroundings = surroundings;
      await command._run();
    } catch (error) {
      if (isCliError(error) && error.type === 'exit') throw error;
      surroundings.signal.throwIfAborted();
      throw withHelpHint(toCliError(error), id);
    }
  }

  protected get surroundings(): Surroundings {
    if (!this.#surroundings) throw new Error('A command runs through BaseCommand.execute');
    return this.#surroundings;
  }

  /** oclif would set an exit code of its own and print to stdout. */
  protected override async catch(error: Error): Promise<never> {
    throw error;
  }
}

/** A command as `src/commands` exports it. */
export interface CommandClass {
  new (argv: string[], config: Config): BaseCommand;
  readonly flags: typeof Command.flags;
  readonly baseFlags: typeof BaseCommand.baseFlags;
}

/** The commands by name, each loaded only when it is used. */
export type CommandTable = Readonly<Record<string, () => Promise<CommandClass>>>;

function withHelpHint(error: CliError, id: string): CliError {
  if (error.type !== 'usage' || error.hint !== '') return error;
  return error.with({ hint: `See: kitectl ${id} --help` });
}
