import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { doctor } from '../lib/cli/doctor/doctor.js';
import { kontrolFlags, kontrolOptions } from '../lib/cli/target/kontrol-flags.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';

export default class Doctor extends BaseCommand {
  static override summary = 'Check the kite key, Kontrol, TLS, clocks, tokens and storage.';

  static override description =
    'Runs an end-to-end test: a temporary kite named kitectl-doctor registers at Kontrol, is called with a token, and is ' +
    'removed. The exit code is that of the first check that fails.';

  static override examples = [
    { description: 'Run all checks.', command: '<%= config.bin %> doctor' },
    {
      description: 'Check another Kontrol, and print JSON.',
      command: '<%= config.bin %> doctor --context prod --json',
    },
  ];

  static override flags = { ...kontrolFlags, ...outputFlags };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Doctor);
    await doctor({ ...kontrolOptions(flags, this.runtime.env), format: formatOf(flags) }, this.runtime);
  }
}
