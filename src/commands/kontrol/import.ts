import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { storageFlags } from '../../lib/cli/kontrol/kontrol-start-flags.js';
import { transferOptions } from '../../lib/cli/kontrol/kontrol-start-options.js';

export default class KontrolImport extends BaseCommand {
  static override summary = 'Write an export to a store.';

  static override description =
    'Reads an export from standard input. The store must be empty, or belong to the same Kontrol. An import that was interrupted can ' +
    'be repeated. KONTROL_SECRET must be the secret of the export; to store the keys with another one, set that as KONTROL_SECRET ' +
    'and the one of the export as KONTROL_FORMER_SECRET.';

  static override examples = [
    {
      description: 'Move Kontrol to PostgreSQL.',
      command: 'KONTROL_SECRET="$SECRET" <%= config.bin %> kontrol import --storage postgres < kontrol.jsonl',
    },
  ];

  static override flags = { ...storageFlags };

  override async run(): Promise<void> {
    const { flags } = await this.parse(KontrolImport);
    const options = transferOptions(flags, this.runtime.env);
    // Loaded on demand: the storage backends are large.
    const { importStorage } = await import('../../lib/cli/kontrol/kontrol-server.js');
    await importStorage(options, this.runtime);
  }
}
