import { string } from '@oclif/core/args';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { kontrolFlags, kontrolOptions } from '../lib/cli/target/kontrol-flags.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { watch } from '../lib/cli/query/query.js';

export default class Watch extends BaseCommand {
  static override summary = 'Print each kite that comes or goes at Kontrol.';

  static override description =
    'One line a change: REGISTER or DEREGISTER, the path of the kite and its URL, with tabs between them; with --json ' +
    '{"action":…,"kite":…,"url":…}. The kites that are there already are listed by: query --watch.';

  static override examples = [
    { description: 'What happens to your kites.', command: '<%= config.bin %> watch' },
    { description: 'What happens to the kites of bob.', command: '<%= config.bin %> watch /bob' },
  ];

  static override args = {
    path: string({ description: 'Which kites; see query. Default: yours.', ignoreStdin: true }),
  };

  static override flags = { ...kontrolFlags, ...outputFlags };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Watch);
    await watch(
      { ...kontrolOptions(flags, this.runtime.env), path: args.path, format: formatOf(flags) },
      this.runtime,
    );
  }
}
