import { join } from 'node:path';
import { Readable } from 'node:stream';
import { toCliError } from '../../../src/lib/cli/frame/failures.js';
import { fastPath } from '../../../src/lib/cli/frame/fast-path.js';
import { loadCommands } from '../../../src/lib/cli/frame/load-commands.js';
import { reportFailure } from '../../../src/lib/cli/frame/report-failure.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { root } from './cli-harness.js';
import { type Sink, testRuntime } from './test-runtime.js';

export interface InProcessOptions {
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** The folder `KITE_HOME`. */
  readonly home: string;
  /** Standard input. Default: empty. */
  readonly input?: string | undefined;
  /** Stops the command. What it reports then is not written. */
  readonly signal: AbortSignal;
  /** Whether a failure is reported as JSON. Default: false. */
  readonly json?: boolean;
}

let commands: ReturnType<typeof loadCommands> | undefined;

/** Runs a command line in this process, without the start of a process for each of thousands of cases. */
export async function runInProcess(
  argv: readonly string[],
  { stdout, stderr, home, input, signal, json = false }: InProcessOptions,
): Promise<void> {
  const runtime = testRuntime({
    stdin: Readable.from(input === undefined ? [] : [Buffer.from(input)]),
    stdout,
    stderr,
    env: { KITE_HOME: home, TERM: 'dumb' },
    signal,
    now: () => performance.now(),
    color: 'never',
    noInput: true,
    clock: systemClock,
  });
  commands ??= loadCommands(join(root, 'src', 'commands'));
  await fastPath(root, [...argv], await commands, runtime).catch((error: unknown) => {
    const failure = toCliError(error);
    if (!signal.aborted && failure.type !== 'exit') reportFailure(failure, json, runtime);
  });
}
