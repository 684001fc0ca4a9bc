import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { listContexts } from '../../lib/cli/context/manage-contexts.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';

export default class ContextList extends BaseCommand {
  static override summary = 'List your contexts, and show which one is active.';

  static override examples = [
    { description: 'List the contexts as a table.', command: '<%= config.bin %> context list' },
    { description: 'Print only their names.', command: '<%= config.bin %> context list -o name' },
  ];

  static override flags = outputFlags;

  override async run(): Promise<void> {
    const { flags } = await this.parse(ContextList);
    await listContexts({ format: formatOf(flags) }, this.runtime);
  }
}
