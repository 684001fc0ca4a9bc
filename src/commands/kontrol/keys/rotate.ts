import { BaseCommand } from '../../../lib/cli/frame/base-command.js';
import { rotateKeyPair } from '../../../lib/cli/kontrol/kontrol-keys.js';
import { formatOf, outputFlags } from '../../../lib/cli/terminal/output-format.js';
import { kontrolFlags, kontrolOptions } from '../../../lib/cli/target/kontrol-flags.js';

export default class KontrolKeysRotate extends BaseCommand {
  static override summary =
    'Let a new key pair sign from now on; what the old one signed stays valid until it expires.';

  static override description = 'Needs the kite key of Kontrol; see: kontrol invite.';

  static override examples = ['<%= config.bin %> kontrol keys rotate'];

  static override flags = { ...kontrolFlags, ...outputFlags };

  override async run(): Promise<void> {
    const { flags } = await this.parse(KontrolKeysRotate);
    await rotateKeyPair(
      { ...kontrolOptions(flags, this.runtime.env), format: formatOf(flags) },
      this.runtime,
    );
  }
}
