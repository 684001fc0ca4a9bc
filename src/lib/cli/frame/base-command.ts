import { Command } from '@oclif/core/command';
import type { Config } from '@oclif/core/config';
import { boolean, option } from '@oclif/core/flags';
import type { Input, ParserOutput } from '@oclif/core/interfaces';
import { normalizeArgv, requestsVersion } from './argv.js';
import { type CommandConfig, printVersion } from './fast-path-config.js';
import { accessSettings } from '../settings/access-settings.js';
import type { CliSetting } from '../settings/cli-setting.js';
import { type CliError, isCliError } from '../runtime/cli-error.js';
import { colorSetting } from '../runtime/color-setting.js';
import { toCliError } from './failures.js';
import { fromParseError } from './parse-errors.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

const INSECURE: Pick<CliSetting, 'name' | 'commands'> = accessSettings.insecure;

/** What `--insecure` risks. */
const INSECURE_WARNING =
  'warning: --insecure: certificates are not verified. Others can read and change what is sent, such as your kite key and headers.';

type Values = Readonly<Record<string, unknown>>;

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

  /** Whether `--version` without a value prints the version, as in the Go program. With a value, it is a flag of the command. */
  static versionSwitch = false;

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

  protected override async _run<Result>(): Promise<Result> {
    const { versionSwitch } = this.ctor as unknown as CommandClass;
    if (!versionSwitch || !requestsVersion(this.argv)) return super._run<Result>();
    printVersion(this.runtime);
    // The result of a command is not used.
    return undefined as Result;
  }

  protected override async init(): Promise<void> {
    await super.init();
    this.argv = normalizeArgv(this.argv, this.#declared.flags);
  }

  /** Parses the command line, and warns once about a flag that removes a protection. */
  protected override async parse<F extends Values, B extends Values, A extends Values>(
    ...input: readonly [options?: Input<F, B, A>, argv?: string[]]
  ): Promise<ParserOutput<F, B, A>> {
    const output = await super.parse<F, B, A>(...input);
    const { name, commands } = INSECURE;
    // The flag of `install` has another meaning.
    if (output.flags[name] === true && commands.includes(this.#name))
      this.runtime.stderr.write(`${INSECURE_WARNING}\n`);
    return output;
  }

  /** The name of the command, such as `kontrol keys list`. */
  get #name(): string {
    return (this.id ?? '').replaceAll(':', ' ');
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
    const id = this.#name;
    throw withHelpHint(fromParseError(error, { id, ...this.#declared }) ?? toCliError(error), id);
  }
}

/** The class of a command in `src/commands`. */
export interface CommandClass {
  new (argv: string[], config: Config): BaseCommand;
  readonly args: typeof Command.args;
  readonly flags: typeof Command.flags;
  readonly baseFlags: typeof BaseCommand.baseFlags;
  readonly versionSwitch: boolean;
  readonly start: typeof BaseCommand.start;
}

/** The commands by name, each loaded when it is used. An alias maps to the name of its command. */
export type CommandTable = Readonly<Record<string, string | (() => Promise<CommandClass>)>>;

function withHelpHint(error: CliError, id: string): CliError {
  if (error.type !== 'usage' || error.hint !== '') return error;
  return error.with({ hint: `See: kitectl ${id} --help` });
}
