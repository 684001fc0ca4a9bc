import { BaseCommand } from '../../../lib/cli/frame/base-command.js';
import { storageFlags } from '../../../lib/cli/kontrol/kontrol-start-flags.js';
import { storageOptions } from '../../../lib/cli/kontrol/kontrol-start-options.js';
import { formatOf, outputFlags } from '../../../lib/cli/terminal/output-format.js';

export default class KontrolKeysReseal extends BaseCommand {
  static override summary = 'Encrypt the private keys in the store with another secret.';

  static override description =
    'For PostgreSQL and etcd. First start every node anew with KONTROL_SECRET set to the new secret and ' +
    'KONTROL_FORMER_SECRET to the one before: they take both. Then run this with the same variables, and the settings of ' +
    'the store that "kontrol start" has. When it has succeeded, the former secret is of no use any more. Prints the ids ' +
    'of the key pairs that it encrypted.';

  static override examples = [
    {
      description: 'In PostgreSQL, whose settings are in the environment of Kontrol.',
      command:
        'KONTROL_SECRET="$NEW" KONTROL_FORMER_SECRET="$OLD" <%= config.bin %> kontrol keys reseal --storage postgres',
    },
  ];

  static override flags = { ...storageFlags, ...outputFlags };

  override async run(): Promise<void> {
    const { flags } = await this.parse(KontrolKeysReseal);
    const storage = storageOptions(flags, this.runtime.env);
    // The stores are large, and nothing else needs them.
    const { resealKeys } = await import('../../../lib/cli/kontrol/kontrol-server.js');
    await resealKeys({ storage, format: formatOf(flags) }, this.runtime);
  }
}
