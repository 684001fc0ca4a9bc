import { string as stringArg } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { durationBetween } from '../lib/cli/settings/command-values.js';
import { defaultDuration, valueFlag } from '../lib/cli/settings/flag-kinds.js';
import { kontrolFlags, kontrolOptions } from '../lib/cli/target/kontrol-flags.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { top } from '../lib/cli/top/top.js';

export default class Top extends BaseCommand {
  static override summary = 'Monitor the latency and load of registered kites.';

  static override description =
    'Kites appear and disappear as they register and deregister. The latency is that of kite.ping. The load and memory of the ' +
    'machine are shown for kites that enable kite.systemInfo. Press q to quit. In a pipe, with --once or with -o, prints the ' +
    'current state and exits; kites that cannot be asked within --timeout are listed as not asked.';

  static override examples = [
    { description: 'Show your kites.', command: '<%= config.bin %> top' },
    {
      description: 'Show the kites of one environment.',
      command: '<%= config.bin %> top /bob/prod --interval 5s',
    },
    {
      description: 'Print the URLs of kites that do not respond.',
      command: "<%= config.bin %> top --json | jq -r '.[] | select(.responds == false).url'",
    },
  ];

  static override args = {
    path: stringArg({
      description: 'Query for the kites; see: kitectl query --help. Default: your kites.',
      ignoreStdin: true,
    }),
  };

  static override flags = {
    ...kontrolFlags,
    ...outputFlags,
    interval: valueFlag(durationBetween('100ms', '1h'))({
      summary: 'Time between updates.',
      helpValue: 'DURATION',
      ...defaultDuration(2000),
    }),
    once: boolean({ default: false, summary: 'Print the current state, and exit.' }),
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
