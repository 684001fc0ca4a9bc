import { string as stringArg } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { BaseCommand } from '../../../lib/cli/frame/base-command.js';
import { revokeKey } from '../../../lib/cli/kontrol/kontrol-keys.js';
import { formatOf, outputFlags } from '../../../lib/cli/terminal/output-format.js';
import { kontrolFlags, kontrolOptions } from '../../../lib/cli/target/kontrol-flags.js';

import { yesFlag } from '../../../lib/cli/frame/yes-flag.js';

export default class KontrolKeysRevoke extends BaseCommand {
  static override summary = 'Refuse from now on what a key pair signed, or one kite key.';

  static override description =
    'Revoking a key pair makes every kite key and token that it signed worthless; its users register anew. There is no way ' +
    'back. Needs the kite key of Kontrol; see: kontrol invite.';

  static override examples = [
    { description: 'A key pair.', command: '<%= config.bin %> kontrol keys revoke ID' },
    {
      description: 'One kite key, by the id that showkey tells.',
      command: '<%= config.bin %> kontrol keys revoke --kite-key ID --yes',
    },
  ];

  static override args = {
    id: stringArg({ description: 'Id of a key pair; see: kontrol keys list.', ignoreStdin: true }),
  };

  static override flags = {
    ...kontrolFlags,
    ...outputFlags,
    'kite-key': string({ summary: 'Id of one kite key.', helpValue: 'ID' }),
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
