import { string as stringArg } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { durationBetween } from '../lib/cli/settings/command-values.js';
import { valueFlag } from '../lib/cli/settings/flag-kinds.js';
import { kontrolFlags, kontrolOptions } from '../lib/cli/target/kontrol-flags.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { top } from '../lib/cli/top/top.js';

export default class Top extends BaseCommand {
  static override summary =
    'Show the kites that are registered, how fast they answer, and how busy they are.';

  static override description =
    'Kites come and go as they register. Latency is that of kite.ping; load and memory of the machine are shown for kites ' +
    'that answer kite.systemInfo, which their program decides. q quits. In a pipe, with --once or with -o it prints how ' +
    'the kites are now, and ends.';

  static override examples = [
    { description: 'All of yours.', command: '<%= config.bin %> top' },
    { description: 'Those of one environment.', command: '<%= config.bin %> top /bob/prod --interval 5s' },
    {
      description: 'For a program: which do not answer?',
      command: "<%= config.bin %> top --json | jq -r '.[] | select(.answers | not).url'",
    },
  ];

  static override args = {
    path: stringArg({ description: 'Which kites; see query. Default: yours.', ignoreStdin: true }),
  };

  static override flags = {
    ...kontrolFlags,
    ...outputFlags,
    interval: valueFlag(durationBetween('100ms', '1h'))({
      summary: 'How often to ask the kites.',
      helpValue: 'DURATION',
      default: 2000,
      defaultHelp: async () => '2s',
    }),
    once: boolean({ default: false, summary: 'Print how the kites are now, and end.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Top);
    await top(
      {
        ...kontrolOptions(flags, this.runtime.env),
        path: args.path,
        interval: flags.interval,
        once: flags.once,
        format: formatOf(flags),
      },
      this.runtime,
    );
  }
}
