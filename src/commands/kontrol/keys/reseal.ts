import { BaseCommand } from '../../../lib/cli/frame/base-command.js';
import { storageFlags } from '../../../lib/cli/kontrol/kontrol-start-flags.js';
import { storageOptions } from '../../../lib/cli/kontrol/kontrol-start-options.js';
import { formatOf, outputFlags } from '../../../lib/cli/terminal/output-format.js';

export default class KontrolKeysReseal extends BaseCommand {
  static override summary = 'Encrypt the stored private keys with a new secret.';

  static override description =
    'For PostgreSQL and etcd. First restart every Kontrol node with KONTROL_SECRET set to the new secret and ' +
    'KONTROL_FORMER_SECRET set to the old one; the nodes then accept both. Then run this command with the same variables and ' +
    'storage settings. Afterwards, the old secret is no longer needed. Prints the ids of the encrypted key pairs.';

  static override examples = [
    {
      description: 'Encrypt the keys in PostgreSQL.',
      command:
        'KONTROL_SECRET="$NEW" KONTROL_FORMER_SECRET="$OLD" <%= config.bin %> kontrol keys reseal --storage postgres',
    },
  ];

  static override flags = { ...storageFlags, ...outputFlags };

  override async run(): Promise<void> {
    const { flags } = await this.parse(KontrolKeysReseal);
    const storage = storageOptions(flags, this.runtime.env);
    // Loaded on demand: the storage backends are large.
    const { resealKeys } = await import('../../../lib/cli/kontrol/kontrol-server.js');
    await resealKeys({ storage, format: formatOf(flags) }, this.runtime);
  }
}
