import { string } from '@oclif/core/args';
import { BaseCommand } from '../lib/cli/frame/base-command.js';

export default class Run extends BaseCommand {
  static override summary = 'Run an installed kite.';

  static override description =
    'It gets the streams, the environment and the signals of this command, whose exit code is its own. Of several versions ' +
    'the newest runs, unless one is named.';

  static override examples = [
    { description: 'By its name.', command: '<%= config.bin %> run math' },
    {
      description: 'A certain version, with flags of its own.',
      command: '<%= config.bin %> run github.com/bob/math.kite/1.0.0 -- --port 3636',
    },
  ];

  static override args = {
    name: string({ description: 'Which kite; see list.', required: true, ignoreStdin: true }),
    args: string({
      description: 'Arguments of the kite; what begins with a dash goes behind --.',
      multiple: true,
      ignoreStdin: true,
    }),
  };

  override async run(): Promise<void> {
    const { args } = await this.parse(Run);
    const { runKite } = await import('../lib/cli/kites/installed-kites.js');
    await runKite({ name: args.name, args: args.args ?? [] }, this.runtime);
  }
}
