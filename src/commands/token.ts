import { string } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { kontrolFlags, kontrolOptions } from '../lib/cli/target/kontrol-flags.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { token } from '../lib/cli/query/token.js';

export default class Token extends BaseCommand {
  static override summary = 'Get a token from Kontrol, with which a kite can be called.';

  static override description =
    'Exactly one kite must fit the query. The token is printed alone, or as {"token":…} with --json. It is a secret: for ' +
    'two days, anyone who has it can call that kite in your name.';

  static override examples = [
    { description: 'A token for the math kite of bob.', command: '<%= config.bin %> token /bob/prod/math' },
  ];

  static override args = {
    path: string({ description: 'Which kite; see query.', required: true, ignoreStdin: true }),
  };

  static override flags = {
    ...kontrolFlags,
    ...outputFlags,
    force: boolean({
      default: false,
      summary: 'A new token, where Kontrol would give one that it has already.',
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
