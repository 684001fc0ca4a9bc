import type { CallOptions } from '../../index.js';
import type { RemoteStream } from '../../kite/streams/remote-stream.js';
import { disconnectError } from '../../kite/call/call-errors.js';
import { defaultLimits } from '../../kite/limits/kite-limits.js';
import { parseLine } from './arguments.js';
import { CliError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { type Operation, toCliError } from '../frame/failures.js';
import { type Line, readLines } from '../frame/read-lines.js';
import { type EntryOutput, OutputWindow, type OutputEntry } from './output-window.js';
import { toErrorData, formatFailure } from '../frame/report-failure.js';
import { type CommandRuntime, write } from '../runtime/command-runtime.js';

/** The options of `--stdin`. */
export interface StdinMode {
  /** Maximum number of concurrent calls. */
  readonly parallel: number;
  /** Whether results are printed in the order of the input. */
  readonly ordered: boolean;
  /** Whether to continue after a failed call, and report it on stderr. */
  readonly keepGoing: boolean;
  /**
   * Whether to print `{"ok":…}` or `{"error":…,"line":n}` per line, after `{"item":…}` for each item of a stream; without
   * `ordered`, all contain the line number.
   */
  readonly envelope: boolean;
}

export interface StdinCallOptions extends StdinMode {
  /** The connection. */
  readonly client: {
    callStream(method: string, args: unknown[], options: CallOptions): RemoteStream<unknown, unknown>;
    on(event: 'disconnect', listener: (code: number, reason: string) => void): () => void;
  };
  readonly method: string;
  /** Formats a result, including the final newline. */
  readonly format: (result: unknown) => string;
  readonly operation: Operation;
}

/**
 * Calls a method once per line of standard input and prints the results. Reads at most `parallel` lines ahead of the output, and
 * writes only as fast as stdout is read, so that memory use does not depend on the length of the input.
 *
 * @throws CliError for the first failed call, after the results of the lines before it; with `keepGoing`, at the end, with the
 *   exit code of the first failure
 */
export async function callForEachLine(options: StdinCallOptions, runtime: CommandRuntime): Promise<void> {
  const { stdin, stdout, signal } = runtime;
  const { client, operation, ordered, parallel } = options;
  // Stops waiting for the next line.
  const stop = (): void => {
    stdin.destroy();
  };
  const window = new OutputWindow({ size: parallel, ordered, output: stdout, onFailure: stop });
  const calls = new LineCalls(options, runtime);
  // Pending calls report the disconnect first. Without pending calls, this is the only report.
  const off = client.on('disconnect', (_code, reason) => {
    setImmediate(() => window.fail(toCliError(disconnectError(reason), operation)));
  });
  const cancel = (): void => {
    stop();
    calls.cancel(signal.reason);
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const line of readLines(stdin, defaultLimits.messageBytes))
      await window.add((output) => calls.callLine(line, output));
    await window.finish();
    calls.throwIfFailed();
  } catch (error) {
    // A destroyed stream throws its own error, which is not the reason.
    signal.throwIfAborted();
    window.throwIfFailed();
    throw error;
  } finally {
    off();
    signal.removeEventListener('abort', cancel);
    stop();
  }
}

/** Makes the calls of all lines, and counts failures. */
class LineCalls {
  readonly #options: StdinCallOptions;
  readonly #runtime: CommandRuntime;
  readonly #running = new Set<AbortController>();
  #total = 0;
  #failed = 0;
  /** The failure with the lowest line number. */
  #first: CliError | undefined;
  #firstLine = Number.POSITIVE_INFINITY;

  constructor(options: StdinCallOptions, runtime: CommandRuntime) {
    this.#options = options;
    this.#runtime = runtime;
  }

  /** Makes the call for a line, and prints the items of a stream as they come, after everything of the lines before it. */
  async callLine({ text, number }: Line, output: EntryOutput): Promise<OutputEntry> {
    const { client, method, operation } = this.#options;
    // Node warns about more than ten listeners of a signal.
    const controller = new AbortController();
    this.#running.add(controller);
    this.#total++;
    try {
      const stream = client.callStream(method, parseLine(text, number), { signal: controller.signal });
      const first = await stream.next();
      return stream.begun
        ? await this.#printItems(stream, first, number, output)
        : { text: this.#formatted('ok', await stream.result, number) };
    } catch (error) {
      return await this.#failure(withLineNumber(toCliError(error, operation), number), number);
    } finally {
      this.#running.delete(controller);
    }
  }

  async #printItems(
    stream: RemoteStream<unknown, unknown>,
    first: IteratorResult<unknown>,
    number: number,
    output: EntryOutput,
  ): Promise<OutputEntry> {
    try {
      // Until its turn, a stream waits at the kite when its window is full.
      await output.turn();
      for (let next = first; !next.done; next = await stream.next())
        await output.print(this.#formatted('item', next.value, number));
      return { text: this.#options.envelope ? this.#formatted('ok', await stream.result, number) : '' };
    } finally {
      stream.cancel();
    }
  }

  #formatted(name: 'ok' | 'item', value: unknown, number: number): string {
    const { format, envelope, ordered } = this.#options;
    return format(envelope ? { [name]: value ?? null, ...(!ordered && { line: number }) } : value);
  }

  /** Cancels the calls that run. */
  cancel(reason: unknown): void {
    for (const controller of this.#running) controller.abort(reason);
  }

  /** @throws CliError if a line has failed */
  throwIfFailed(): void {
    const first = this.#first;
    if (!first) return;
    throw new CliError(`${this.#failed} of ${this.#total} lines failed; the first: ${first.message}`, {
      exitCode: first.exitCode,
      type: first.type,
      code: first.code,
      requestId: first.requestId,
      hint: first.hint,
      cause: first,
    });
  }

  async #failure(error: CliError, line: number): Promise<OutputEntry> {
    const { keepGoing, envelope, format } = this.#options;
    this.#failed++;
    if (line < this.#firstLine) {
      this.#first = error;
      this.#firstLine = line;
    }
    const text = envelope ? format({ error: toErrorData(error), line }) : '';
    // Without a connection, all other lines would fail too.
    if (!keepGoing || error.exitCode === ExitCode.unreachable) return { text, failure: error };
    if (!envelope) await write(this.#runtime.stderr, formatFailure(error.with({ hint: '' })));
    return { text };
  }
}

function withLineNumber(error: CliError, lineNumber: number): CliError {
  if (error.operation === '') return error;
  return error.with({ operation: `${error.operation} (line ${lineNumber} of standard input)` });
}
