import { withCallback } from './arguments.js';
import { type ConnectionOptions, withConnection } from './connection.js';
import { toCliError } from './failures.js';
import { toJson } from './json.js';
import { callLines } from './stdin.js';
import { type Surroundings, write } from './surroundings.js';

export interface CallOptions extends ConnectionOptions {
  readonly method: string;
  readonly args: readonly unknown[];
  /** Print a string result as it is, without quotes. */
  readonly raw: boolean;
  /** Hand over a function whose calls are printed as NDJSON. */
  readonly callback: boolean;
  /** Read the arguments of one call from each line of the standard input, with so many calls in flight. */
  readonly stdin: false | { readonly parallel: number };
}

/**
 * Calls a method and prints its result to stdout: one JSON value, indented on a terminal and on one line elsewhere. Calls
 * of a callback are printed before it, one JSON array of arguments a line.
 *
 * @throws CliError with the exit code and the advice that belong to what failed.
 */
export async function call(options: CallOptions, surroundings: Surroundings): Promise<void> {
  await withConnection(options, surroundings, async ({ client, doing }) => {
    const { method, raw, stdin } = options;
    if (stdin !== false) {
      await callLines(
        {
          client,
          method,
          parallel: stdin.parallel,
          format: (result) => formatResult(result, raw),
          doing: doing(method),
        },
        surroundings,
      );
      return;
    }
    const { stdout } = surroundings;
    const print = (...values: unknown[]): void => {
      stdout.write(`${toJson(values)}\n`);
    };
    const args = options.callback ? withCallback(options.args, print) : [...options.args];
    const result = await client.call(method, args).catch((error: unknown) => {
      throw toCliError(error, doing(method));
    });
    const indent = stdout.isTTY === true && !options.callback ? 2 : undefined;
    await write(stdout, formatResult(result, raw, indent));
  });
}

/** A result as it is printed, its newline included. */
export function formatResult(result: unknown, raw: boolean, indent?: number): string {
  return `${raw && typeof result === 'string' ? result : toJson(result, indent)}\n`;
}
