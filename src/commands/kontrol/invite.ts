import { string as stringArg } from '@oclif/core/args';
import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { createInvite, INVITE_TTL } from '../../lib/cli/kontrol/invite.js';
import { valueFlag } from '../../lib/cli/settings/flag-kinds.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';
import { kontrolFlags, kontrolOptions } from '../../lib/cli/target/kontrol-flags.js';

export default class KontrolInvite extends BaseCommand {
  static override summary = 'Make an invite: with it, one person gets one kite key.';

  static override description =
    'Prints the invite alone, or as {"invite":…} with --json. Needs the kite key of Kontrol, so run it where Kontrol runs, ' +
    'or name the key with --key-file.';

  static override examples = [
    { description: 'Invite bob.', command: '<%= config.bin %> kontrol invite bob' },
    {
      description: 'For a script: an invite in a file, good for an hour.',
      command: '<%= config.bin %> kontrol invite bob --ttl 1h > invite.txt',
    },
  ];

  static override args = {
    username: stringArg({ description: 'Whom the kite key will be for.', required: true, ignoreStdin: true }),
  };

  static override flags = {
    ...kontrolFlags,
    ...outputFlags,
    ttl: valueFlag(INVITE_TTL)({
      summary: 'How long it can be used: 1h, 30m. Default: 24h.',
      helpValue: 'DURATION',
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(KontrolInvite);
    const { ttl } = flags;
    await createInvite(
      {
        ...kontrolOptions(flags, this.runtime.env),
        username: args.username,
        ttl,
        format: formatOf(flags),
      },
      this.runtime,
    );
  }
}
