import { BaseCommand } from '../../../lib/cli/frame/base-command.js';
import { rotateKeyPair } from '../../../lib/cli/kontrol/kontrol-keys.js';
import { formatOf, outputFlags } from '../../../lib/cli/terminal/output-format.js';
import { kontrolFlags, kontrolOptions } from '../../../lib/cli/target/kontrol-flags.js';

export default class KontrolKeysRotate extends BaseCommand {
  static override summary = 'Create a new key pair, and sign with it from now on.';

  static override description =
    'Kite keys and tokens signed by the old key pair stay valid until they expire. Requires the kite key of Kontrol: run this ' +
    'command on the machine of Kontrol, or pass the key with --key-file.';

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
