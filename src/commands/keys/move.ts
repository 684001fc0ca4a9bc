import { boolean, option } from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { keyStores } from '../../lib/cli/settings/contexts.js';
import { moveKey } from '../../lib/cli/keys/move-key.js';
import { keyFlags, keyOptions } from '../../lib/cli/target/key-flags.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';

export default class KeysMove extends BaseCommand {
  static override summary = 'Move your kite key to the keychain of your desktop, or back to a file.';

  static override description =
    'The context remembers where the key is. It is removed from its old place once it has been read back from the new one.';

  static override examples = [
    { description: 'Into the keychain.', command: '<%= config.bin %> keys move --to keychain' },
    { description: 'Back to ~/.kite/kite.key.', command: '<%= config.bin %> keys move --to file' },
  ];

  static override flags = {
    to: option({ summary: 'The key store to move it to.', options: keyStores, required: true })(),
    force: boolean({ default: false, summary: 'Replace another key that is there.' }),
    ...keyFlags,
    ...outputFlags,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(KeysMove);
    await moveKey(
      {
        to: flags.to,
        force: flags.force,
        ...keyOptions(flags, this.runtime.env),
        format: formatOf(flags),
      },
      this.runtime,
    );
  }
}
