import { disconnectError } from '../kite/call-errors.js';
import { defaultLimits } from '../util/limits.js';
import { parseLine } from './arguments.js';
import type { CliError } from './cli-error.js';
import { type Doing, toCliError } from './failures.js';
import { readLines } from './lines.js';
import { OrderedWindow } from './ordered-window.js';
import type { Surroundings } from './surroundings.js';

export interface LinesOptions {
  /** The one connection of all calls. */
  readonly client: {
    call(method: string, args: unknown[]): Promise<unknown>;
    on(event: 'disconnect', listener: (code: number, reason: string) => void): () => void;
  };
  readonly method: string;
  /** Most calls in flight at once. */
  readonly parallel: number;
  /** A result as it is printed, its newline included. */
  format(result: unknown): string;
  readonly doing: Doing;
}

/**
 * Calls a method once for each line of the standard input and prints the results in the order of the lines. Reads no
 * further than `parallel` lines ahead of what has been printed, and prints no faster than stdout is read: the length of
 * the input does not matter to memory. The first call that fails ends it, after the results of the lines before.
 */
export async function callLines(options: LinesOptions, surroundings: Surroundings): Promise<void> {
  const { stdin, stdout, signal } = surroundings;
  const { client, method, doing } = options;
  // Ends the wait for the next line, which may never come.
  const stop = (): void => {
    stdin.destroy();
  };
  const window = new OrderedWindow(options.parallel, stdout, stop);
  const one = async (text: string, lineNumber: number): Promise<string> => {
    try {
      return options.format(await client.call(method, parseLine(text, lineNumber)));
    } catch (error) {
      throw atLine(toCliError(error, doing), lineNumber);
    }
  };
  // Calls in flight fail by themselves, before this is heard; without any, nobody else would notice.
  const off = client.on('disconnect', (_code, reason) => {
    setImmediate(() => window.fail(toCliError(disconnectError(reason), doing)));
  });
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const line of readLines(stdin, defaultLimits.messageBytes)) {
      await window.add(one(line.text, line.number));
    }
    await window.finish();
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

function atLine(error: CliError, lineNumber: number): CliError {
  if (error.doing === '') return error;
  return error.with({ doing: `${error.doing} (line ${lineNumber} of the standard input)` });
}
