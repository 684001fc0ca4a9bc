import { string } from '@oclif/core/args';
import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { removeKey } from '../../lib/cli/keys/remove-key.js';
import { keyStoreOptions, keyStoreFlags } from '../../lib/cli/target/key-flags.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';
import { yesFlag } from '../../lib/cli/frame/yes-flag.js';

export default class KeysRemove extends BaseCommand {
  static override summary = 'Remove a kite key from this machine.';

  static override description =
    'Without an argument, removes the key in use. Kontrol still accepts other copies of the key until it is revoked; see: ' +
    'kitectl kontrol keys revoke --help.';

  static override examples = [
    { description: 'Remove the key in use.', command: '<%= config.bin %> keys remove' },
    {
      description: 'Remove another key, in a script.',
      command: '<%= config.bin %> keys remove bob@http://127.0.0.1:4000/kite --yes',
    },
  ];

  static override args = {
    account: string({
      description: 'USER@KONTROL, as printed by: kitectl keys list -o name.',
      ignoreStdin: true,
    }),
  };

  static override flags = {
    yes: yesFlag,
    ...keyStoreFlags,
    ...outputFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(KeysRemove);
    await removeKey(
      {
        account: args.account,
        yes: flags.yes,
        ...keyStoreOptions(flags, this.runtime.env),
        format: formatOf(flags),
      },
      this.runtime,
    );
  }
}
