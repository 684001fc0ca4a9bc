import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';

export default class List extends BaseCommand {
  static override summary = 'List the installed kites.';

  static override description =
    'Prints a table on a terminal, and one DOMAIN/USER/REPO/VERSION per line otherwise; with --json, an array of ' +
    '{name,domain,user,repo,version,path,program}.';

  static override examples = [
    { description: 'List the installed kites.', command: '<%= config.bin %> list' },
    {
      description: 'Remove all of them.',
      command: '<%= config.bin %> list | xargs -n1 <%= config.bin %> uninstall --yes',
    },
  ];

  static override flags = outputFlags;

  override async run(): Promise<void> {
    const { flags } = await this.parse(List);
    const { listKites } = await import('../lib/cli/kites/kite-commands.js');
    await listKites({ format: formatOf(flags) }, this.runtime);
  }
}
