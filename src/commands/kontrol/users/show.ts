import { string as stringArg } from '@oclif/core/args';
import { BaseCommand } from '../../../lib/cli/frame/base-command.js';
import { showUser } from '../../../lib/cli/kontrol/kontrol-users.js';
import { formatOf, outputFlags } from '../../../lib/cli/terminal/output-format.js';
import { kontrolFlags, kontrolOptions } from '../../../lib/cli/target/kontrol-flags.js';

export default class KontrolUsersShow extends BaseCommand {
  static override summary = 'Show the kite keys and sessions of a user, and when each was last used.';

  static override description =
    'Lists the kite keys that were issued to the user, and the sessions of pages and programs that call Kontrol with tokens. Last ' +
    'uses are to the hour, and the same at each node. ' +
    'Requires the kite key of Kontrol: run this command on the machine of Kontrol, or pass the key with --key-file.';

  static override examples = ['<%= config.bin %> kontrol users show bob'];

  static override args = {
    username: stringArg({ description: 'Name of the user.', required: true, ignoreStdin: true }),
  };

  static override flags = { ...kontrolFlags, ...outputFlags };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(KontrolUsersShow);
    const { username } = args;
    const options = { ...kontrolOptions(flags, this.runtime.env), username, format: formatOf(flags) };
    await showUser(options, this.runtime);
  }
}
