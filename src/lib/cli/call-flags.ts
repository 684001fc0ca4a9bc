import { boolean, string } from '@oclif/core/flags';
import { CALLBACK_PLACEHOLDER, parseArgument } from './arguments.js';
import type { CallOptions } from './call.js';
import { usageError } from './cli-error.js';
import {
  connectionFlags,
  connectionOptions,
  type ParsedConnectionFlags,
  wholeNumber,
} from './connection-flags.js';

/** The flags of the commands that call a method. */
export const callFlags = {
  ...connectionFlags,
  raw: boolean({ default: false, summary: 'Print a result that is a string as it is, without quotes.' }),
  callback: boolean({
    default: false,
    summary: 'Hand a function to the method, and print each call of it.',
    description:
      `The function stands wherever an argument says "${CALLBACK_PLACEHOLDER}", also within JSON, and behind the last ` +
      'argument if none does. Each call prints its arguments as one line, a JSON array; the result is the last line.',
  }),
  stdin: boolean({
    default: false,
    summary: 'Call the method once for each line of the standard input.',
    description:
      'A line is a JSON array, which lists the arguments, or any other JSON value, which is the only argument. Results ' +
      'are printed in the order of the lines, one line each. The first call that fails ends the command.',
  }),
  parallel: string({
    summary: 'With --stdin: how many calls may be in flight at once. Default: 1.',
    helpValue: 'N',
  }),
};

/** What oclif makes of `callFlags`. */
export interface ParsedCallFlags extends ParsedConnectionFlags {
  readonly raw: boolean;
  readonly callback: boolean;
  readonly stdin: boolean;
  readonly parallel?: string | undefined;
}

/** @throws CliError where flags or arguments do not fit. */
export function callOptions(
  method: string,
  args: readonly string[],
  flags: ParsedCallFlags,
  env: Readonly<Record<string, string | undefined>>,
): CallOptions {
  const { raw, callback, stdin, parallel } = flags;
  if (stdin && callback) throw usageError('--callback and --stdin do not go together.');
  if (stdin && args.length > 0) {
    throw usageError('With --stdin the arguments come from the standard input, not from the command line.');
  }
  if (!stdin && parallel !== undefined) throw usageError('--parallel is about --stdin.', 'Add --stdin.');
  return {
    ...connectionOptions(flags, env),
    method,
    args: args.map(parseArgument),
    raw,
    callback,
    stdin: stdin && { parallel: wholeNumber(parallel ?? '1', 'parallel', 1, 10_000) },
  };
}
