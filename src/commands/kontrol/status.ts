import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { kontrolStatus } from '../../lib/cli/kontrol/kontrol-status.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';
import { kontrolFlags, kontrolOptions } from '../../lib/cli/target/kontrol-flags.js';

export default class KontrolStatus extends BaseCommand {
  static override summary = 'Show the status of a Kontrol: its kites, storage and keys.';

  static override description =
    'Requires the kite key of Kontrol: run this command on the machine of Kontrol, or pass the key with --key-file.';

  static override examples = [
    { description: 'Show the status as a table.', command: '<%= config.bin %> kontrol status' },
    { description: 'Print JSON.', command: '<%= config.bin %> kontrol status --json' },
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
