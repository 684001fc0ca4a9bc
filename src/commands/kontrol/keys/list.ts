import { BaseCommand } from '../../../lib/cli/frame/base-command.js';
import { listKeyPairs } from '../../../lib/cli/kontrol/kontrol-keys.js';
import { formatOf, outputFlags } from '../../../lib/cli/terminal/output-format.js';
import { kontrolFlags, kontrolOptions } from '../../../lib/cli/target/kontrol-flags.js';

export default class KontrolKeysList extends BaseCommand {
  static override summary = 'List the key pairs of a Kontrol and which one signs.';

  static override description =
    'Requires the kite key of Kontrol: run this command on the machine of Kontrol, or pass the key with --key-file.';

  static override examples = ['<%= config.bin %> kontrol keys list'];

  static override flags = { ...kontrolFlags, ...outputFlags };

  override async run(): Promise<void> {
    const { flags } = await this.parse(KontrolKeysList);
    await listKeyPairs({ ...kontrolOptions(flags, this.runtime.env), format: formatOf(flags) }, this.runtime);
  }
}
