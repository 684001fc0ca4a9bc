import { disconnectError } from '../../kite/call/call-errors.js';
import { defaultLimits } from '../../kite/limits/kite-limits.js';
import { parseLine } from './arguments.js';
import { CliError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { type Operation, toCliError } from '../frame/failures.js';
import { type Line, readLines } from '../frame/read-lines.js';
import { OutputWindow, type OutputEntry } from './output-window.js';
import { toErrorData, formatFailure } from '../frame/report-failure.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

/** How the lines of the standard input become calls, and calls lines of stdout. */
export interface StdinMode {
  /** Most calls in flight at once. */
  readonly parallel: number;
  /** Whether results are printed in the order of the lines. */
  readonly ordered: boolean;
  /** Whether a line that fails is told on stderr and the others go on. */
  readonly keepGoing: boolean;
  /** Whether each line of stdout is `{"ok":…}` or `{"error":…,"line":n}`; without order, both tell their line. */
  readonly envelope: boolean;
}

export interface StdinCallOptions extends StdinMode {
  /** The one connection of all calls. */
  readonly client: {
    call(method: string, args: unknown[]): Promise<unknown>;
    on(event: 'disconnect', listener: (code: number, reason: string) => void): () => void;
  };
  readonly method: string;
  /** A result as it is printed, its newline included. */
  readonly format: (result: unknown) => string;
  readonly operation: Operation;
}

/**
 * Calls a method once for each line of the standard input and prints the results. Reads no further than `parallel` lines
 * ahead of what has been printed, and prints no faster than stdout is read: the length of the input does not matter to
 * memory.
 *
 * @throws CliError for the first call that fails, after the results of the lines before; with `keepGoing` at the end, with
 *   the exit code of the first
 */
export async function callForEachLine(options: StdinCallOptions, runtime: CommandRuntime): Promise<void> {
  const { stdin, stdout, signal } = runtime;
  const { client, operation, ordered, parallel } = options;
  // Ends the wait for the next line, which may never come.
  const stop = (): void => {
    stdin.destroy();
  };
  const window = new OutputWindow({ size: parallel, ordered, output: stdout, onFailure: stop });
  const calls = new LineCalls(options, runtime);
  // Calls in flight fail by themselves, before this is heard; without any, nobody else would notice.
  const off = client.on('disconnect', (_code, reason) => {
    setImmediate(() => window.fail(toCliError(disconnectError(reason), operation)));
  });
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const line of readLines(stdin, defaultLimits.messageBytes))
      await window.add(calls.callLine(line));
    await window.finish();
    calls.throwIfFailed();
  } catch (error) {
    // A stream that was stopped ends with an error of its own, which is not the reason.
    signal.throwIfAborted();
    window.throwIfFailed();
    throw error;
  } finally {
    off();
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** The calls of all lines, and what became of them. */
class LineCalls {
  readonly #options: StdinCallOptions;
  readonly #runtime: CommandRuntime;
  #made = 0;
  #failed = 0;
  /** The failure of the first line that has failed. */
  #first: CliError | undefined;
  #firstLine = Number.POSITIVE_INFINITY;

  constructor(options: StdinCallOptions, runtime: CommandRuntime) {
    this.#options = options;
    this.#runtime = runtime;
  }

  /** Makes the call of a line. */
  async callLine({ text, number }: Line): Promise<OutputEntry> {
    const { client, method, format, envelope, ordered, operation } = this.#options;
    this.#made++;
    try {
      const result = await client.call(method, parseLine(text, number));
      if (!envelope) return { text: format(result) };
      return { text: format({ ok: result ?? null, ...(!ordered && { line: number }) }) };
    } catch (error) {
      return this.#failure(withLineNumber(toCliError(error, operation), number), number);
    }
  }

  /** @throws CliError where a line has failed */
  throwIfFailed(): void {
    const first = this.#first;
    if (!first) return;
    throw new CliError(`${this.#failed} of ${this.#made} lines failed; the first: ${first.message}`, {
      exitCode: first.exitCode,
      type: first.type,
      code: first.code,
      requestId: first.requestId,
      hint: first.hint,
      cause: first,
    });
  }

  #failure(error: CliError, line: number): OutputEntry {
    const { keepGoing, envelope, format } = this.#options;
    this.#failed++;
    if (line < this.#firstLine) {
      this.#first = error;
      this.#firstLine = line;
    }
    const text = envelope ? format({ error: toErrorData(error), line }) : '';
    // Without a connection no line can succeed any more.
    if (!keepGoing || error.exitCode === ExitCode.unreachable) return { text, failure: error };
    if (!envelope) this.#runtime.stderr.write(formatFailure(error.with({ hint: '' })));
    return { text };
  }
}

function withLineNumber(error: CliError, lineNumber: number): CliError {
  if (error.operation === '') return error;
  return error.with({ operation: `${error.operation} (line ${lineNumber} of the standard input)` });
}
