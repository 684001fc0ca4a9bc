import { boolean, option } from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { keyStores } from '../../lib/cli/settings/contexts.js';
import { moveKey } from '../../lib/cli/keys/move-key.js';
import { keyFlags, keyOptions } from '../../lib/cli/target/key-flags.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';

export default class KeysMove extends BaseCommand {
  static override summary = 'Move your kite key to the keychain, or back to a file.';

  static override description =
    'The new location is stored in the context. The old copy is removed after the key has been read back from the new location.';

  static override examples = [
    { description: 'Move the key to the keychain.', command: '<%= config.bin %> keys move --to keychain' },
    { description: 'Move it back to ~/.kite/kite.key.', command: '<%= config.bin %> keys move --to file' },
  ];

  static override flags = {
    to: option({ summary: 'Destination of the key.', options: keyStores, required: true })(),
    force: boolean({ default: false, summary: 'Replace an existing key at the destination.' }),
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
