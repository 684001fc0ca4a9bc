import { string } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { showKey } from '../../lib/cli/keys/show-key.js';
import { keyStoreOptions, keyStoreFlags } from '../../lib/cli/target/key-flags.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';

export default class KeysShow extends BaseCommand {
  static override summary = 'Show the claims of a kite key, and where it is stored.';

  static override description =
    'Without an argument, shows the key in use. With --secret, prints the key itself, for programs that read $KITE_KEY. Anyone ' +
    'with the key can act as you.';

  static override examples = [
    { description: 'Show the key in use.', command: '<%= config.bin %> keys show' },
    {
      description: 'Pass a key from the keychain to a kite.',
      command: 'KITE_KEY="$(<%= config.bin %> keys show --secret)" node math.js',
    },
  ];

  static override args = {
    account: string({
      description: 'USER@KONTROL, as printed by: kitectl keys list -o name.',
      ignoreStdin: true,
    }),
  };

  static override flags = {
    secret: boolean({ default: false, summary: 'Print the key itself.' }),
    ...keyStoreFlags,
    ...outputFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(KeysShow);
    await showKey(
      {
        account: args.account,
        secret: flags.secret,
        ...keyStoreOptions(flags, this.runtime.env),
        format: formatOf(flags),
      },
      this.runtime,
    );
  }
}
