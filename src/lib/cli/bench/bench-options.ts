import { integer } from '@oclif/core/flags';
import type { InferredFlags } from '@oclif/core/interfaces';
import type { AcceptedValue } from '../../kite/config/accepted-value.js';
import { usageError } from '../runtime/cli-error.js';
import type { ConnectionOptions } from '../target/with-connection.js';
import { durationBetween } from '../settings/command-values.js';
import { valueFlag } from '../settings/flag-kinds.js';
import type { OutputFormat } from '../terminal/output-format.js';

export interface BenchOptions extends ConnectionOptions {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly connections: number;
  /** Most calls in flight, over all connections together. */
  readonly parallel: number;
  /** Milliseconds in which calls are begun. */
  readonly duration: number;
  /** Calls a second that are begun, whether the kite keeps up or not. Undefined: the next when one is answered. */
  readonly rate: number | undefined;
  readonly format: OutputFormat | undefined;
}

/** Calls per second. */
const RATE: AcceptedValue<number> = {
  description: 'a number of calls per second above 0, such as 1000',
  example: '1000',
  parse(value) {
    const rate =
      typeof value === 'string' && /^\d+(\.\d+)?(\/s)?$/.test(value) ? Number.parseFloat(value) : 0;
    return rate > 0 && rate <= 10_000_000 ? rate : undefined;
  },
};

/** The flags that set how much the kite is asked. */
export const benchFlags = {
  connections: integer({
    min: 1,
    max: 10_000,
    default: 1,
    summary: 'How many connections to open.',
    helpValue: 'N',
  }),
  parallel: integer({
    min: 1,
    max: 100_000,
    summary:
      'Maximum concurrent calls across all connections. Default: one per connection; with --rate, 1000.',
    helpValue: 'N',
  }),
  duration: valueFlag(durationBetween('1ms', '24h'))({
    summary: 'How long to begin calls.',
    helpValue: 'DURATION',
    default: 10_000,
    defaultHelp: async () => '10s',
  }),
  rate: valueFlag(RATE)({
    summary: 'Calls to begin each second. Default: as many as are answered.',
    helpValue: 'N',
  }),
};

/** @throws CliError where there are more connections than calls in flight */
export function parseBenchFlags(
  flags: InferredFlags<typeof benchFlags>,
): Pick<BenchOptions, 'connections' | 'parallel' | 'duration' | 'rate'> {
  const { connections, duration, rate } = flags;
  // With a rate, what the kite is slow to answer piles up: there has to be room.
  const parallel = flags.parallel ?? (rate === undefined ? connections : Math.max(connections, 1000));
  if (parallel < connections) {
    throw usageError(
      `--parallel ${parallel} leaves some of the ${connections} connections without a call.`,
      '--parallel is the total across all connections: it must be at least --connections.',
    );
  }
  return { connections, parallel, duration, rate };
}
