import { BaseCommand } from '../../../lib/cli/frame/base-command.js';
import { listUsers } from '../../../lib/cli/kontrol/kontrol-users.js';
import { formatOf, outputFlags } from '../../../lib/cli/terminal/output-format.js';
import { kontrolFlags, kontrolOptions } from '../../../lib/cli/target/kontrol-flags.js';

export default class KontrolUsersList extends BaseCommand {
  static override summary = 'List the users of a Kontrol, with their kites, kite keys and sessions.';

  static override description =
    'Lists users with registered kites, and users to whom Kontrol has issued kite keys. Last uses are to the hour. Requires ' +
    'the kite key of Kontrol: run this command on the machine of Kontrol, or pass the key with --key-file.';

  static override examples = ['<%= config.bin %> kontrol users list'];

  static override flags = { ...kontrolFlags, ...outputFlags };

  override async run(): Promise<void> {
    const { flags } = await this.parse(KontrolUsersList);
    await listUsers({ ...kontrolOptions(flags, this.runtime.env), format: formatOf(flags) }, this.runtime);
  }
}
