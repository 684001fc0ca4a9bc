import { string } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { yesFlag } from '../lib/cli/frame/yes-flag.js';

export default class Uninstall extends BaseCommand {
  static override summary = 'Remove an installed kite.';

  static override description =
    'Asks for confirmation on a terminal; otherwise, requires --yes. With --json, prints one line {"removed":[…]}.';

  static override examples = [
    { description: 'Remove a kite.', command: '<%= config.bin %> uninstall math' },
    {
      description: 'Remove one version, in a script.',
      command: '<%= config.bin %> uninstall github.com/bob/math.kite/1.0.0 --yes',
    },
  ];

  static override args = {
    name: string({
      description: 'Name of the kite, as printed by: kitectl list.',
      required: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    ...outputFlags,
    all: boolean({ default: false, summary: 'Remove all versions and all kites of this name.' }),
    yes: yesFlag,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Uninstall);
    const { all, yes } = flags;
    const { uninstall } = await import('../lib/cli/kites/kite-commands.js');
    await uninstall({ name: args.name, all, yes, format: formatOf(flags) }, this.runtime);
  }
}
