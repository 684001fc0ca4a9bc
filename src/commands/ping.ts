import { integer } from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { connectionFlags, connectionOptions } from '../lib/cli/target/connection-flags.js';
import { optionalSwitch } from '../lib/cli/settings/flag-kinds.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { ping } from '../lib/cli/call/ping.js';

export default class Ping extends BaseCommand {
  static override summary = 'Check whether a kite responds, and measure the latency.';

  static override description = 'Prints one line per ping; with --json, {"url":…,"milliseconds":…}.';

  static override examples = [
    { description: 'Ping once.', command: '<%= config.bin %> ping --to http://localhost:3636/kite' },
    {
      description: 'Ping ten times, and print JSON.',
      command: '<%= config.bin %> ping --count 10 --json --to http://localhost:3636/kite',
    },
    { description: 'Ping all math kites.', command: '<%= config.bin %> ping --all --to /bob/prod/math' },
  ];

  static override flags = {
    ...connectionFlags,
    ...outputFlags,
    all: optionalSwitch({
      helpGroup: 'MANY KITES',
      summary: 'Ping every kite of the query, or all of yours, and print a line for each as it answers.',
      description:
        'Exits with 0 if all have answered, and otherwise with the code of the first failure. With --json, prints ' +
        '{"kite":…,"url":…,"milliseconds":…}, or "error" instead of "milliseconds".',
    }),
    count: integer({
      min: 1,
      max: 1_000_000,
      default: 1,
      summary: 'Number of pings to send, one after the other.',
      helpValue: 'N',
    }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Ping);
    await ping(
      {
        ...connectionOptions(flags, this.runtime.env),
        count: flags.count,
        format: formatOf(flags),
        all: flags.all ?? false,
      },
      this.runtime,
    );
  }
}
