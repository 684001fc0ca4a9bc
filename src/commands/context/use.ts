import { string } from '@oclif/core/args';
import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { useContext } from '../../lib/cli/context/manage-contexts.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';

export default class ContextUse extends BaseCommand {
  static override summary = 'Switch to a context.';

  static override examples = [
    { description: 'From now on.', command: '<%= config.bin %> context use prod' },
    { description: 'For one command.', command: '<%= config.bin %> query /bob --context prod' },
  ];

  static override args = {
    name: string({
      description: 'Name of the context; - is the one before.',
      required: true,
      ignoreStdin: true,
    }),
  };

  static override flags = outputFlags;

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ContextUse);
    await useContext({ name: args.name, format: formatOf(flags) }, this.runtime);
  }
}
