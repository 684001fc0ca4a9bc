import { string } from '@oclif/core/args';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { kontrolFlags, kontrolOptions } from '../lib/cli/target/kontrol-flags.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { watch } from '../lib/cli/query/query-kites.js';

export default class Watch extends BaseCommand {
  static override summary = 'Print each kite that registers, becomes silent or deregisters at Kontrol.';

  static override description =
    'Prints one line per change: REGISTER, SILENT or DEREGISTER, the path of the kite and its URL, separated by tabs; with --json, ' +
    '{"action":…,"kite":…,"url":…}. SILENT: the connection of the kite to Kontrol has dropped; REGISTER follows if it returns. To list registered kites first, use: kitectl query --watch. If the connection to Kontrol ' +
    'is lost, connects again and prints what has changed in between. Queries a Kontrol of the Go implementation every two seconds.';

  static override examples = [
    { description: 'Watch your kites.', command: '<%= config.bin %> watch' },
    { description: 'Watch the kites of bob.', command: '<%= config.bin %> watch /bob' },
  ];

  static override args = {
    path: string({
      description: 'Query for the kites; see: kitectl query --help. Default: your kites.',
      ignoreStdin: true,
    }),
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
