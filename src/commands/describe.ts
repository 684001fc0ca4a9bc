import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { connectionFlags, connectionOptions } from '../lib/cli/target/connection-flags.js';
import { describe } from '../lib/cli/describe/describe.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';

export default class Describe extends BaseCommand {
  static override summary = 'List the methods of a kite.';

  static override description =
    'For each method: whether it asks who is calling, how often it may be called, and what its program says of it. The kite ' +
    'tells those who are authenticated. Prints a table on a terminal, and elsewhere the fields with tabs between them; ' +
    'with --json an array of {name,authenticated,throttle,description,jsonSchema}.';

  static override examples = [
    {
      description: 'The methods of a kite on this machine.',
      command: '<%= config.bin %> describe --to http://localhost:3636/kite',
    },
    {
      description: 'What the arguments of one look like.',
      command:
        '<%= config.bin %> describe --to /bob/prod/math --json | jq \'.[] | select(.name == "square").jsonSchema\'',
    },
  ];

  static override flags = { ...connectionFlags, ...outputFlags };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Describe);
    await describe({ ...connectionOptions(flags, this.runtime.env), format: formatOf(flags) }, this.runtime);
  }
}
