import { string as stringArg } from '@oclif/core/args';
import { argumentFlags, argumentSources } from '../lib/cli/call/call-flags.js';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { bench } from '../lib/cli/bench/bench.js';
import { benchFlags, parseBenchFlags } from '../lib/cli/bench/bench-options.js';
import { connectionFlags, connectionOptions } from '../lib/cli/target/connection-flags.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';

export default class Bench extends BaseCommand {
  static override summary = 'Measure the throughput and latency of a method.';

  static override description =
    'Without --rate, each worker starts a call when its previous one returns. With --rate, calls start at a fixed rate, and ' +
    'latency is measured from the scheduled start of each call, so it includes time spent waiting. Latencies are in ' +
    'milliseconds and cover successful calls. Failed calls are counted by error type; if every call fails, the exit code is ' +
    'that of the first failure. Streams are read to their end, and their items and bytes are counted; those that still run after ' +
    '--duration are canceled. Ctrl-C stops the benchmark and prints the results so far.';

  static override examples = [
    {
      description: 'Measure the maximum throughput over ten connections.',
      command:
        '<%= config.bin %> bench square 4 --to http://localhost:3636/kite --connections 10 --parallel 64 --duration 5s',
    },
    {
      description: 'Make 1,000 calls per second for one minute, and print JSON.',
      command:
        '<%= config.bin %> bench square 4 --to http://localhost:3636/kite --rate 1000 --duration 1m --json',
    },
    {
      description: 'Measure the items per second of a method that streams.',
      command: '<%= config.bin %> bench tail /var/log/syslog --to http://localhost:3636/kite --duration 5s',
    },
  ];

  static override args = {
    method: stringArg({ description: 'Name of the method.', required: true, ignoreStdin: true }),
    args: stringArg({
      description: 'Arguments of each call; see: kitectl call --help.',
      multiple: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    ...connectionFlags,
    ...argumentFlags,
    ...outputFlags,
    ...benchFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Bench);
    await bench(
      {
        ...connectionOptions(flags, this.runtime.env),
        ...parseBenchFlags(flags),
        method: args.method,
        args: argumentSources(args.args ?? [], flags),
        format: formatOf(flags),
      },
      this.runtime,
    );
  }
}
