import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { useContext } from '../../lib/cli/context/manage-contexts.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';

export default class ContextPrevious extends BaseCommand {
  static override summary = 'Switch to the previous context.';

  static override aliases = ['context:-'];

  static override examples = [{ description: 'Switch back.', command: '<%= config.bin %> context -' }];

  static override flags = outputFlags;

  override async run(): Promise<void> {
    const { flags } = await this.parse(ContextPrevious);
    await useContext({ name: '-', format: formatOf(flags) }, this.runtime);
  }
}
