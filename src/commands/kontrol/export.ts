import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { storageFlags } from '../../lib/cli/kontrol/kontrol-start-flags.js';
import { transferOptions } from '../../lib/cli/kontrol/kontrol-start-options.js';

export default class KontrolExport extends BaseCommand {
  static override summary = 'Print what Kontrol stores, as a backup or for another store.';

  static override description =
    'Prints key pairs, revoked kite keys, credentials, invites and registrations as lines of JSON. The private keys are encrypted with ' +
    'KONTROL_SECRET, which the import needs. Nodes with PostgreSQL or etcd can keep running; for --storage file, stop Kontrol first.';

  static override examples = [
    {
      description: 'Save the content of the default storage.',
      command: 'KONTROL_SECRET="$SECRET" <%= config.bin %> kontrol export > kontrol.jsonl',
    },
  ];

  static override flags = { ...storageFlags };

  override async run(): Promise<void> {
    const { flags } = await this.parse(KontrolExport);
    const options = transferOptions(flags, this.runtime.env);
    // Loaded on demand: the storage backends are large.
    const { exportStorage } = await import('../../lib/cli/kontrol/kontrol-server.js');
    await exportStorage(options, this.runtime);
  }
}
