import { string } from '@oclif/core/args';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { waitFlags, waitOptions } from '../lib/cli/query/wait-flags.js';
import { wait } from '../lib/cli/query/wait-for-kites.js';

export default class Wait extends BaseCommand {
  static override summary = 'Wait until kites are registered at Kontrol, answer, or are gone.';

  static override description =
    'Exits with 0 when the condition is met, and with 124 if it is not within the timeout. Prints the kites for which it holds, as ' +
    'query does; with --json, one line {kite,url} per kite. While Kontrol cannot be reached, tries again until the timeout; a kite key ' +
    'that Kontrol rejects ends the command at once. Follows the changes that Kontrol reports; a Kontrol of the Go implementation is ' +
    'queried every two seconds.';

  static override examples = [
    {
      description: 'Wait until a math kite is registered.',
      command: '<%= config.bin %> wait /bob/prod/math',
    },
    {
      description: 'Wait until three math kites answer a ping.',
      command: '<%= config.bin %> wait /bob/prod/math --for answering --for count=3 --timeout 5m',
    },
    {
      description: 'Wait until no math kite of an old version is registered.',
      command: '<%= config.bin %> wait "/bob/prod/math/< 1.0.0" --for gone',
    },
  ];

  static override args = {
    path: string({
      description: 'Query for the kites; see: kitectl query --help.',
      required: true,
      ignoreStdin: true,
    }),
  };

  static override flags = { ...waitFlags, ...outputFlags };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Wait);
    await wait({ ...waitOptions(args.path, flags, this.runtime.env), format: formatOf(flags) }, this.runtime);
  }
}
