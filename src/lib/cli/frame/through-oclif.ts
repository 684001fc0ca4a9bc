import { Config } from '@oclif/core/config';
import { CommandHelp, Help } from '@oclif/core/help';
import { run } from '@oclif/core/run';
import { requestsHelp, commandGroups, longestCommandPrefix, splitArgv } from './argv.js';
import { formatExitCodes } from '../runtime/exit-codes.js';
import type { Output, CommandRuntime } from '../runtime/command-runtime.js';
import { unknownCommand } from './unknown-command.js';

// The part of oclif in this bundle, for the code of the other one that wants it.
export { Config } from '@oclif/core/config';
export * from '@oclif/core/help';

/**
 * Does what any command line says, with the whole of oclif: its configuration, its manifest, its help, its way of finding
 * the commands in `dist/commands`. A bundle of its own, since that is most of oclif.
 *
 * @throws CliError where there is no such command; it suggests the one that was probably meant.
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
  // oclif hands nothing on to the commands but its options.
  const options = { root, userPlugins: false, devPlugins: false, runtime };
  return Config.load(options);
}

function withSpaces(id: string): string {
  return id.replaceAll(':', ' ');
}

const TOPICS = { 'exit-codes': 'What the exit codes of kitectl mean.' };

async function help(config: Config, argv: readonly string[], runtime: CommandRuntime): Promise<void> {
  const commands = config.commandIDs.map(withSpaces);
  const about = argv.filter((word) => !word.startsWith('-') && word !== 'help');
  const known = [...commands, ...commandGroups(commands), ...Object.keys(TOPICS)];
  const subject = longestCommandPrefix(about, known);
  if (subject?.[0] === 'exit-codes') {
    runtime.stdout.write(formatExitCodes());
    return;
  }
  if (!subject && about[0] !== undefined) throw unknownCommand(about[0], known);
  // oclif's colours have switches of their own; this is the one that they share.
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
    // oclif has said TOPICS already, of groups of commands.
    this.log(this.formatTopics(topics).replace('TOPICS', 'MORE'));
    this.log('');
  }
}

const FIRST = ['EXAMPLES', 'DESCRIPTION'];

/** An example says more than a list of flags, and is what most people come for. */
class ExamplesFirst extends CommandHelp {
  protected override sections(): ReturnType<CommandHelp['sections']> {
    const sections = super.sections();
    const place = ({ header }: { header: string }): number => {
      const index = FIRST.indexOf(header);
      return index === -1 ? FIRST.length : index;
    };
    return sections.toSorted((a, b) => place(a) - place(b));
  }

  /** The summary stands above everything already. */
  protected override description(): string | undefined {
    const { description } = this.command;
    return description === undefined ? undefined : this.wrap(description);
  }
}
