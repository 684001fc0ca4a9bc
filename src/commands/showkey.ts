import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { keyFlags, keyOptions } from '../lib/cli/target/key-flags.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { showActiveKey } from '../lib/cli/keys/show-active-key.js';

export default class Showkey extends BaseCommand {
  static override summary = 'Show the user and the Kontrol of your kite key.';

  static override description =
    'The key itself and its signature are never printed, because anyone with them can act as you.';

  static override examples = [
    { description: 'Show your kite key as a table.', command: '<%= config.bin %> showkey' },
    { description: 'Print its claims as JSON.', command: '<%= config.bin %> showkey --json' },
  ];

  static override flags = {
    ...outputFlags,
    ...keyFlags,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Showkey);
    await showActiveKey({ ...keyOptions(flags, this.runtime.env), format: formatOf(flags) }, this.runtime);
  }
}
