import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { connectionFlags, connectionOptions } from '../lib/cli/target/connection-flags.js';
import { describe } from '../lib/cli/describe/describe.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';

export default class Describe extends BaseCommand {
  static override summary = 'List the methods of a kite.';

  static override description =
    'Shows whether each method requires authentication, its rate limit and its description. The kite describes itself only to ' +
    'authenticated callers. Prints a table on a terminal, and tab-separated fields otherwise; with --json, an array of ' +
    '{name,authenticated,throttle,description,jsonSchema,streams}. -o wide also shows the schemas, which methods are known to ' +
    'stream, and the extensions of the protocol that the kite speaks.';

  static override examples = [
    {
      description: 'List the methods of a local kite.',
      command: '<%= config.bin %> describe --to http://localhost:3636/kite',
    },
    {
      description: 'Print the schema of the arguments of one method.',
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
