import { string as stringArg } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { BaseCommand } from '../../../lib/cli/frame/base-command.js';
import { revokeKey } from '../../../lib/cli/kontrol/kontrol-keys.js';
import { formatOf, outputFlags } from '../../../lib/cli/terminal/output-format.js';
import { kontrolFlags, kontrolOptions } from '../../../lib/cli/target/kontrol-flags.js';
import { yesFlag } from '../../../lib/cli/frame/yes-flag.js';

export default class KontrolKeysRevoke extends BaseCommand {
  static override summary = 'Revoke a key pair or a single kite key.';

  static override description =
    'Revoking a key pair invalidates every kite key and token that it signed; its users must register again. This cannot be ' +
    'undone. Requires the kite key of Kontrol: run this command on the machine of Kontrol, or pass the key with --key-file.';

  static override examples = [
    { description: 'Revoke a key pair.', command: '<%= config.bin %> kontrol keys revoke ID' },
    {
      description: 'Revoke one kite key, by the id that showkey prints.',
      command: '<%= config.bin %> kontrol keys revoke --kite-key 32c766ac-a4c1-4890-b30f-a63537e8997c --yes',
    },
  ];

  static override args = {
    id: stringArg({
      description: 'Id of a key pair, as printed by: kitectl kontrol keys list.',
      ignoreStdin: true,
    }),
  };

  static override flags = {
    ...kontrolFlags,
    ...outputFlags,
    'kite-key': string({ summary: 'Id of a kite key to revoke instead of a key pair.', helpValue: 'ID' }),
    yes: yesFlag,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(KontrolKeysRevoke);
    await revokeKey(
      {
        ...kontrolOptions(flags, this.runtime.env),
        keyPair: args.id,
        kiteKey: flags['kite-key'],
        yes: flags.yes,
        format: formatOf(flags),
      },
      this.runtime,
    );
  }
}
