import { integer } from '@oclif/core/flags';
import type { InferredFlags } from '@oclif/core/interfaces';
import type { AcceptedValue } from '../../kite/config/accepted-value.js';
import type { ArgumentSource } from '../call/argument-sources.js';
import { usageError } from '../runtime/cli-error.js';
import type { ConnectOptions } from '../target/with-connection.js';
import { durationBetween } from '../settings/command-values.js';
import { valueFlag } from '../settings/flag-kinds.js';
import type { OutputFormat } from '../terminal/output-format.js';

export interface BenchOptions extends ConnectOptions {
  readonly method: string;
  readonly args: readonly ArgumentSource[];
  readonly connections: number;
  /** Maximum number of concurrent calls across all connections. */
  readonly parallel: number;
  /** Time during which calls are started, in milliseconds. */
  readonly duration: number;
  /** Calls to start per second. Undefined means that each worker starts a call when its previous one returns. */
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

/** The flags that define the load. */
export const benchFlags = {
  connections: integer({
    min: 1,
    max: 10_000,
    default: 1,
    summary: 'Number of connections to open.',
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
    summary: 'Duration of the benchmark.',
    helpValue: 'DURATION',
    default: 10_000,
    defaultHelp: async () => '10s',
  }),
  rate: valueFlag(RATE)({
    summary: 'Calls to start per second. Default: as many as the workers can make.',
    helpValue: 'N',
  }),
};

/** @throws CliError if --parallel is less than --connections */
export function parseBenchFlags(
  flags: InferredFlags<typeof benchFlags>,
): Pick<BenchOptions, 'connections' | 'parallel' | 'duration' | 'rate'> {
  const { connections, duration, rate } = flags;
  // With a rate, pending calls accumulate if the kite is slow.
  const parallel = flags.parallel ?? (rate === undefined ? connections : Math.max(connections, 1000));
  if (parallel < connections) {
    throw usageError(
      `--parallel ${parallel} is less than --connections ${connections}.`,
      '--parallel is the total across all connections; set it to at least --connections.',
    );
  }
  return { connections, parallel, duration, rate };
}
