import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { kontrolStatus } from '../../lib/cli/kontrol/kontrol-status.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';
import { kontrolFlags, kontrolOptions } from '../../lib/cli/target/kontrol-flags.js';

export default class KontrolStatus extends BaseCommand {
  static override summary = 'Show how a Kontrol is: its kites, its store, its keys.';

  static override description = 'Needs the kite key of Kontrol; see: kontrol invite.';

  static override examples = [
    { description: 'As a table.', command: '<%= config.bin %> kontrol status' },
    { description: 'For a program.', command: '<%= config.bin %> kontrol status --json' },
  ];

  static override flags = { ...kontrolFlags, ...outputFlags };

  override async run(): Promise<void> {
    const { flags } = await this.parse(KontrolStatus);
    await kontrolStatus(
      { ...kontrolOptions(flags, this.runtime.env), format: formatOf(flags) },
      this.runtime,
    );
  }
}
