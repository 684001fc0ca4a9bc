import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { doctor } from '../lib/cli/doctor/doctor.js';
import { kontrolFlags, kontrolOptions } from '../lib/cli/target/kontrol-flags.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';

export default class Doctor extends BaseCommand {
  static override summary = 'Look for what is wrong: the kite key, Kontrol, TLS, clocks, tokens, storage.';

  static override description =
    'Goes the whole way once: a kite called kitectl-doctor registers at Kontrol for a moment, is called with a token, and is ' +
    'gone again. The exit code is that of the first check that failed.';

  static override examples = [
    { description: 'Everything.', command: '<%= config.bin %> doctor' },
    {
      description: 'Of another Kontrol, for a program.',
      command: '<%= config.bin %> doctor --context prod --json',
    },
  ];

  static override flags = { ...kontrolFlags, ...outputFlags };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Doctor);
    await doctor({ ...kontrolOptions(flags, this.runtime.env), format: formatOf(flags) }, this.runtime);
  }
}
