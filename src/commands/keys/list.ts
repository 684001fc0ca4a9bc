import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { listKeys } from '../../lib/cli/keys/list-keys.js';
import { keyStoreOptions, keyStoreFlags } from '../../lib/cli/target/key-flags.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';

export default class KeysList extends BaseCommand {
  static override summary = 'List your kite keys, and show which one is in use.';

  static override description =
    'Lists keys in order of precedence: --key-file, $KITE_KEY, $KITE_KEY_FILE, the context, the kite home. The keychain is ' +
    'searched if a context uses it, or with --key-store keychain. The keys themselves are never printed.';

  static override examples = [
    { description: 'List your keys.', command: '<%= config.bin %> keys list' },
    {
      description: 'Include the keychain.',
      command: '<%= config.bin %> keys list --key-store keychain',
    },
  ];

  static override flags = {
    ...keyStoreFlags,
    ...outputFlags,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(KeysList);
    await listKeys(
      {
        ...keyStoreOptions(flags, this.runtime.env),
        format: formatOf(flags),
      },
      this.runtime,
    );
  }
}
