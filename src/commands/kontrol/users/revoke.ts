import { string as stringArg } from '@oclif/core/args';
import { BaseCommand } from '../../../lib/cli/frame/base-command.js';
import { yesFlag } from '../../../lib/cli/frame/yes-flag.js';
import { revokeUser } from '../../../lib/cli/kontrol/kontrol-users.js';
import { formatOf, outputFlags } from '../../../lib/cli/terminal/output-format.js';
import { kontrolFlags, kontrolOptions } from '../../../lib/cli/target/kontrol-flags.js';

export default class KontrolUsersRevoke extends BaseCommand {
  static override summary = 'Revoke every kite key of a user, with everything that descends from it.';

  static override description =
    'Ends registrations, connections, tokens and sessions of the user, and deletes unused invites. This cannot be undone. ' +
    'Requires the kite key of Kontrol: run this command on the machine of Kontrol, or pass the key with --key-file.';

  static override examples = ['<%= config.bin %> kontrol users revoke bob'];

  static override args = {
    username: stringArg({ description: 'Name of the user.', required: true, ignoreStdin: true }),
  };

  static override flags = { ...kontrolFlags, ...outputFlags, yes: yesFlag };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(KontrolUsersRevoke);
    const { username } = args;
    const options = {
      ...kontrolOptions(flags, this.runtime.env),
      username,
      format: formatOf(flags),
      yes: flags.yes,
    };
    await revokeUser(options, this.runtime);
  }
}
