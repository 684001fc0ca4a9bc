import { usageError } from '../runtime/cli-error.js';
import type { ConnectionOptions } from '../target/with-connection.js';
import { durationMs, wholeNumber } from '../target/connection-flags.js';
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

/** The flags that say how much is asked of the kite. */
export interface ParsedLoadFlags {
  readonly connections: string;
  readonly parallel?: string | undefined;
  readonly duration: string;
  readonly rate?: string | undefined;
}

/** @throws CliError where a flag does not say what it must */
export function loadOptions(
  flags: ParsedLoadFlags,
): Pick<BenchOptions, 'connections' | 'parallel' | 'duration' | 'rate'> {
  const connections = wholeNumber(flags.connections, 'connections', 1, 10_000);
  const rate = flags.rate === undefined ? undefined : rateOf(flags.rate);
  // With a rate, what the kite is slow to answer piles up: there has to be room.
  const otherwise = rate === undefined ? connections : Math.max(connections, 1000);
  const parallel =
    flags.parallel === undefined ? otherwise : wholeNumber(flags.parallel, 'parallel', 1, 100_000);
  if (parallel < connections) {
    throw usageError(
      `--parallel ${parallel} leaves some of the ${connections} connections without a call.`,
      '--parallel is the total across all connections: it must be at least --connections.',
    );
  }
  return { connections, parallel, duration: durationMs(flags.duration, 'duration', 1, 86_400_000), rate };
}

function rateOf(text: string): number {
  const rate = /^\d+(\.\d+)?(\/s)?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (rate > 0 && rate <= 10_000_000) return rate;
  throw usageError(`--rate must be a number of calls per second above 0, not ${text}.`, '--rate 1000');
}
