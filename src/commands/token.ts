import { string } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { kontrolFlags, kontrolOptions } from '../lib/cli/target/kontrol-flags.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { token } from '../lib/cli/query/token.js';

export default class Token extends BaseCommand {
  static override summary = 'Get a token for a kite from Kontrol.';

  static override description =
    'Exactly one kite must match the query. Prints the token, or {"token":…} with --json. Keep it secret: for two days, anyone ' +
    'with the token can call the kite as you.';

  static override examples = [
    {
      description: 'Get a token for the math kite of bob.',
      command: '<%= config.bin %> token /bob/prod/math',
    },
  ];

  static override args = {
    path: string({
      description: 'Query for the kite; see: kitectl query --help.',
      required: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    ...kontrolFlags,
    ...outputFlags,
    force: boolean({
      default: false,
      summary: 'Get a new token even if Kontrol has a cached one.',
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Token);
    const { force } = flags;
    await token(
      { ...kontrolOptions(flags, this.runtime.env), path: args.path, force, format: formatOf(flags) },
      this.runtime,
    );
  }
}
