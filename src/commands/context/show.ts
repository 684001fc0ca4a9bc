import { string } from '@oclif/core/args';
import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { showContext } from '../../lib/cli/context/manage-contexts.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';

export default class ContextShow extends BaseCommand {
  static override summary = 'Show the settings of a context.';

  static override examples = [
    { description: 'Show the active context.', command: '<%= config.bin %> context show' },
    { description: 'Print its name, for a shell prompt.', command: '<%= config.bin %> context show -o name' },
  ];

  static override args = {
    name: string({ description: 'Name of the context. Default: the active context.', ignoreStdin: true }),
  };

  static override flags = outputFlags;

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ContextShow);
    await showContext({ name: args.name, format: formatOf(flags) }, this.runtime);
  }
}
