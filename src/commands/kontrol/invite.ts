import { string as stringArg } from '@oclif/core/args';
import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { createInvite, ACCEPTED_INVITE_TTL, ACCEPTED_KEY_TTL } from '../../lib/cli/kontrol/invite.js';
import { valueFlag } from '../../lib/cli/settings/flag-kinds.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';
import { kontrolFlags, kontrolOptions } from '../../lib/cli/target/kontrol-flags.js';

export default class KontrolInvite extends BaseCommand {
  static override summary = 'Create an invite, with which one user can get one kite key.';

  static override description =
    'Prints the invite, or {"invite":…} with --json. Requires the kite key of Kontrol: run this command on the machine of ' +
    'Kontrol, or pass the key with --key-file.';

  static override examples = [
    { description: 'Invite bob.', command: '<%= config.bin %> kontrol invite bob' },
    {
      description: 'Write an invite that expires in one hour to a file.',
      command: '<%= config.bin %> kontrol invite bob --ttl 1h > invite.txt',
    },
    {
      description: 'Invite bob, with a kite key that expires unless a kite registers with it.',
      command: '<%= config.bin %> kontrol invite bob --key-ttl 90d',
    },
  ];

  static override args = {
    username: stringArg({ description: 'User of the new kite key.', required: true, ignoreStdin: true }),
  };

  static override flags = {
    ...kontrolFlags,
    ...outputFlags,
    ttl: valueFlag(ACCEPTED_INVITE_TTL)({
      summary: 'How long the invite is valid, such as 1h or 30m. Default: 24h.',
      helpValue: 'DURATION',
    }),
    'key-ttl': valueFlag(ACCEPTED_KEY_TTL)({
      summary:
        'How long the kite key is valid, such as 90d or 12h. A kite that registers renews its key. Default: the key does not expire.',
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
        keyTtl: flags['key-ttl'],
        format: formatOf(flags),
      },
      this.runtime,
    );
  }
}
