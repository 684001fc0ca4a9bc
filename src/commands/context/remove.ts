import { string } from '@oclif/core/args';
import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { removeContext } from '../../lib/cli/context/manage-contexts.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';
import { yesFlag } from '../../lib/cli/frame/yes-flag.js';

export default class ContextRemove extends BaseCommand {
  static override summary = 'Remove a context, but not its kite key.';

  static override examples = [
    { description: 'Remove a context after confirmation.', command: '<%= config.bin %> context remove prod' },
    { description: 'Remove a context in a script.', command: '<%= config.bin %> context remove prod --yes' },
  ];

  static override args = {
    name: string({ description: 'Name of the context.', required: true, ignoreStdin: true }),
  };

  static override flags = { yes: yesFlag, ...outputFlags };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ContextRemove);
    await removeContext({ name: args.name, yes: flags.yes, format: formatOf(flags) }, this.runtime);
  }
}
