import { Config } from '@oclif/core/config';
import { CommandHelp, Help } from '@oclif/core/help';
import { run } from '@oclif/core/run';
import { requestsHelp, commandGroups, longestCommandPrefix, splitArgv } from './argv.js';
import { formatExitCodes } from '../runtime/exit-codes.js';
import { usageError } from '../runtime/cli-error.js';
import { flagUsage } from './flag-usage.js';
import type { Output, CommandRuntime } from '../runtime/command-runtime.js';
import { unknownCommand } from './unknown-command.js';
import { usageOfArgument } from './usage.js';

// Exports for the other bundles, which load this half of oclif from here.
export { Config } from '@oclif/core/config';
export * from '@oclif/core/help';

/**
 * Runs any command line with the whole of oclif: its configuration, manifest, help and command discovery in `dist/commands`. This
 * is most of oclif, so it is in a separate bundle.
 *
 * @throws CliError if there is no such command, with the most similar command as a hint
 */
export async function runThroughOclif(
  root: string,
  argv: readonly string[],
  runtime: CommandRuntime,
): Promise<unknown> {
  const config = await load(root, runtime);
  const commands = config.commandIDs.map(withSpaces);
  const { id, rest } = splitArgv(argv, commands);
  if (id === '--version' || id === '-version') return run(['--version'], config);
  const last = rest.at(-1) ?? '';
  if (id === undefined && /^--?(color|context|output|o)$/.test(last))
    throw usageError(`${last} needs a value.`);
  if (id === undefined || id === 'help' || requestsHelp([id])) return help(config, rest, runtime);
  if (commands.includes(id)) {
    return requestsHelp(rest)
      ? help(config, id.split(' '), runtime)
      : run([id.replaceAll(' ', ':'), ...rest], config);
  }
  const group = longestCommandPrefix([id, ...rest], commandGroups(commands));
  if (!group) throw unknownCommand(id, commands);
  const next = rest[group.length - 1];
  if (next === undefined || next.startsWith('-') || next === 'help') return help(config, group, runtime);
  throw unknownCommand([...group, next].join(' '), commands);
}

async function load(root: string, runtime: CommandRuntime): Promise<Config> {
  // The options are all that oclif passes to commands.
  const options = { root, userPlugins: false, devPlugins: false, runtime };
  return Config.load(options);
}

function withSpaces(id: string): string {
  return id.replaceAll(':', ' ');
}

const TOPICS = { 'exit-codes': 'List the exit codes of kitectl.' };

async function help(config: Config, argv: readonly string[], runtime: CommandRuntime): Promise<void> {
  const commands = config.commandIDs.map(withSpaces);
  const words = argv.filter((word) => !word.startsWith('-') && word !== 'help');
  const names = [...commands, ...commandGroups(commands), ...Object.keys(TOPICS)];
  const subject = longestCommandPrefix(words, names);
  if (subject?.[0] === 'exit-codes') {
    runtime.stdout.write(formatExitCodes());
    return;
  }
  if (!subject && words[0] !== undefined) throw unknownCommand(words[0], names);
  // The only variable that all color libraries of oclif read.
  if (runtime.color !== 'auto') process.env['FORCE_COLOR'] = runtime.color === 'never' ? '0' : '1';
  await new KitectlHelp(config, TOPICS, runtime).showHelp(subject ?? []);
}

class KitectlHelp extends Help {
  readonly #topics: Readonly<Record<string, string>>;
  readonly #stdout: Output;
  protected override CommandHelpClass = ExamplesFirst;

  constructor(
    config: Config,
    topics: Readonly<Record<string, string>>,
    { stdout }: Pick<CommandRuntime, 'stdout'>,
  ) {
    super(config, {});
    this.#topics = topics;
    this.#stdout = stdout;
  }

  protected override log(...lines: string[]): void {
    this.#stdout.write(`${lines.join(' ')}\n`);
  }

  protected override async showRootHelp(): Promise<void> {
    await super.showRootHelp();
    const topics = Object.entries(this.#topics).map(([name, description]) => ({
      name: `help ${name}`,
      description,
    }));
    // oclif has already printed the command groups under TOPICS.
    this.log(this.formatTopics(topics).replace('TOPICS', 'MORE'));
    this.log('');
  }
}

const FIRST = ['EXAMPLES', 'DESCRIPTION'];

/** Command help with the examples and the description before the flags. */
class ExamplesFirst extends CommandHelp {
  protected override sections(): ReturnType<CommandHelp['sections']> {
    const sections = super.sections();
    const rank = ({ header }: { header: string }): number => {
      const index = FIRST.indexOf(header);
      return index === -1 ? FIRST.length : index;
    };
    return sections.toSorted((a, b) => rank(a) - rank(b));
  }

  /** oclif lists a flag of several relations several times, and leaves empty alternatives. */
  protected override defaultUsage(): string {
    const { args, flags } = this.command;
    const words = [...Object.values(args).map(usageOfArgument), ...flagUsage(Object.values(flags))];
    return ['<%= command.id %>', ...words].join(' ');
  }

  /** Omits the summary, which is already the first line of the help. */
  protected override description(): string | undefined {
    const { description } = this.command;
    return description === undefined ? undefined : this.wrap(description);
  }
}
