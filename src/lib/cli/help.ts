import { Config } from '@oclif/core/config';
import { CommandHelp, Help } from '@oclif/core/help';

// The part of oclif in this bundle, for the code of the other one that wants it.
export { Config } from '@oclif/core/config';
export * from '@oclif/core/help';

/**
 * Prints the help of a command, of a group of commands, or of the whole program, from oclif's manifest. A bundle of its own: it takes most of
 * oclif, which no other command needs.
 *
 * `topics` are the topics beside the commands, with what they are about.
 */
export async function printHelp(
  root: string,
  command: string | undefined,
  topics: Readonly<Record<string, string>>,
): Promise<void> {
  const config = await Config.load({ root, userPlugins: false, devPlugins: false });
  await new KitectlHelp(config, topics).showHelp(command === undefined ? [] : command.split(' '));
}

class KitectlHelp extends Help {
  readonly #topics: Readonly<Record<string, string>>;
  protected override CommandHelpClass = ExamplesFirst;

  constructor(config: Config, topics: Readonly<Record<string, string>>) {
    super(config, {});
    this.#topics = topics;
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
