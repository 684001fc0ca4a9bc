import { boolean, string } from '@oclif/core/flags';
import { argumentOf } from './argument-sources.js';
import { CALLBACK_PLACEHOLDER } from './arguments.js';
import type { CallOptions } from './call.js';
import { requireStreamable, type ResultStyle } from './call-result.js';
import { usageError } from '../runtime/cli-error.js';
import { formatOf, outputFlags, type ParsedOutputFlags } from '../terminal/output-format.js';
import type { LinesMode } from './call-stdin.js';
import {
  connectionFlags,
  connectionOptions,
  type ParsedConnectionFlags,
  wholeNumber,
} from '../target/connection-flags.js';

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
  interactive: boolean({
    default: false,
    summary:
      'Let the kite ask you, with kite.prompt and kite.getPass; without a deadline, unless you give one.',
  }),
  stdin: boolean({
    default: false,
    summary: 'Call the method once for each line of the standard input.',
    description:
      'A line is a JSON array, which lists the arguments, or any other JSON value, which is the only argument. Results ' +
      'are printed in the order of the lines, one line each. The first call that fails ends the command, unless it is to ' +
      'keep going.',
  }),
  parallel: string({
    summary: 'With --stdin: maximum concurrent calls. Default: 1.',
    helpValue: 'N',
  }),
  ordered: boolean({
    default: false,
    summary: 'With --stdin: print results in the order of the lines, which is the default.',
  }),
  unordered: boolean({
    default: false,
    summary: 'With --stdin: print each result as soon as it is there.',
  }),
  'keep-going': boolean({
    default: false,
    summary: 'With --stdin: go on after a line that fails; the exit code is that of the first.',
  }),
  envelope: boolean({
    default: false,
    summary: 'With --stdin: print {"ok":…} or {"error":…,"line":n} for each line.',
    description: 'With --unordered the line number is part of both.',
  }),
  ...outputFlags,
};

/** What oclif makes of `callFlags`. */
export interface ParsedCallFlags extends ParsedConnectionFlags, ParsedOutputFlags {
  readonly raw: boolean;
  readonly callback: boolean;
  readonly interactive: boolean;
  readonly stdin: boolean;
  readonly parallel?: string | undefined;
  readonly ordered: boolean;
  readonly unordered: boolean;
  readonly 'keep-going': boolean;
  readonly envelope: boolean;
}

/** @throws CliError where flags or arguments do not fit. */
export function callOptions(
  method: string,
  args: readonly string[],
  flags: ParsedCallFlags,
  env: Readonly<Record<string, string | undefined>>,
): CallOptions {
  const { callback, interactive, stdin } = flags;
  if (stdin && callback) throw usageError('--callback and --stdin do not go together.');
  if (stdin && interactive) throw usageError('--interactive and --stdin do not go together.');
  if (stdin && args.length > 0) {
    throw usageError('With --stdin the arguments come from the standard input, not from the command line.');
  }
  const style = styleOf(flags);
  return {
    ...connectionOptions(flags, env),
    ...style,
    interactive,
    method,
    args: args.map((text) => argumentOf(text, callback)),
    callback,
    stdin: stdin ? linesMode(flags, style) : withoutLines(flags),
  };
}

function styleOf(flags: ParsedCallFlags): ResultStyle {
  const { raw, callback, stdin } = flags;
  const style = { raw, format: formatOf(flags) };
  if (raw && style.format !== undefined && style.format !== 'json' && style.format !== 'ndjson') {
    throw usageError(`--raw is about JSON, and -o ${style.format} prints none.`, 'Leave one of them out.');
  }
  if (callback || stdin) requireStreamable(style, callback ? '--callback' : '--stdin');
  return style;
}

function linesMode(flags: ParsedCallFlags, { format, raw }: ResultStyle): LinesMode {
  const { parallel, ordered, unordered, envelope } = flags;
  if (ordered && unordered) throw usageError('--ordered and --unordered do not go together.');
  if (envelope && (raw || format === 'name')) {
    throw usageError(`--envelope and ${raw ? '--raw' : '-o name'} do not go together.`);
  }
  return {
    parallel: wholeNumber(parallel ?? '1', 'parallel', 1, 10_000),
    ordered: !unordered,
    keepGoing: flags['keep-going'],
    envelope,
  };
}

const ABOUT_LINES = ['ordered', 'unordered', 'keep-going', 'envelope'] as const;

function withoutLines(flags: ParsedCallFlags): false {
  const given = flags.parallel === undefined ? ABOUT_LINES.find((name) => flags[name]) : 'parallel';
  if (given !== undefined) throw usageError(`--${given} is about --stdin.`, 'Add --stdin.');
  return false;
}
