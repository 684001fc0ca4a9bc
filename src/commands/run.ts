import { string } from '@oclif/core/args';
import { BaseCommand } from '../lib/cli/frame/base-command.js';

export default class Run extends BaseCommand {
  static override summary = 'Run an installed kite.';

  static override description =
    'The kite inherits the standard streams and the environment, and receives the signals of this command. The exit code is ' +
    'that of the kite. If several versions are installed, runs the newest unless you name one.';

  static override examples = [
    { description: 'Run a kite.', command: '<%= config.bin %> run math' },
    {
      description: 'Run a certain version, and pass flags to it.',
      command: '<%= config.bin %> run github.com/bob/math.kite/1.0.0 -- --port 3636',
    },
  ];

  static override args = {
    name: string({
      description: 'Name of the kite, as printed by: kitectl list.',
      required: true,
      ignoreStdin: true,
    }),
    args: string({
      description: 'Arguments for the kite; put -- before arguments that start with a dash.',
      multiple: true,
      ignoreStdin: true,
    }),
  };

  override async run(): Promise<void> {
    const { args } = await this.parse(Run);
    const { runKite } = await import('../lib/cli/kites/kite-commands.js');
    await runKite({ name: args.name, args: args.args ?? [] }, this.runtime);
  }
}
