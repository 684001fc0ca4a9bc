import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { keyStoreFlag } from '../../lib/cli/target/key-store-flag.js';
import { listKeys } from '../../lib/cli/keys/list-keys.js';
import { kontrolFlags } from '../../lib/cli/target/kontrol-flags.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';

export default class KeysList extends BaseCommand {
  static override summary = 'List your kite keys, where each is, and which one commands use.';

  static override description =
    'In the order in which a key is found: --key-file, $KITE_KEY, $KITE_KEY_FILE, the context, the kite home. The keychain ' +
    'is looked into where a context uses it, or with --key-store keychain. The keys themselves are never printed.';

  static override examples = [
    { description: 'All that are known.', command: '<%= config.bin %> keys list' },
    {
      description: 'With those in the keychain.',
      command: '<%= config.bin %> keys list --key-store keychain',
    },
  ];

  static override flags = {
    'key-file': kontrolFlags['key-file'],
    'key-store': keyStoreFlag,
    context: kontrolFlags.context,
    ...outputFlags,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(KeysList);
    await listKeys(
      {
        keyFile: flags['key-file'],
        context: flags.context,
        keychain: flags['key-store'] === 'keychain',
        format: formatOf(flags),
      },
      this.surroundings,
    );
  }
}
