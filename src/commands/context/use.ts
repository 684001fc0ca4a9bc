import { string } from '@oclif/core/args';
import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { useContext } from '../../lib/cli/context/manage-contexts.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';

export default class ContextUse extends BaseCommand {
  static override summary = 'Switch to a context.';

  static override examples = [
    { description: 'Switch to the context prod.', command: '<%= config.bin %> context use prod' },
    {
      description: 'Use a context for a single command.',
      command: '<%= config.bin %> query /bob --context prod',
    },
  ];

  static override args = {
    name: string({
      description: 'Name of the context; - for the previous one.',
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
