import { boolean, integer } from '@oclif/core/flags';
import type { InferredFlags } from '@oclif/core/interfaces';
import { parseArgumentSource } from './argument-sources.js';
import { CALLBACK_PLACEHOLDER } from './arguments.js';
import type { CallOptions } from './call.js';
import { requireStreamable, type ResultStyle } from './call-result.js';
import { usageError } from '../runtime/cli-error.js';
import { formatOf, outputFlags } from '../terminal/output-format.js';
import type { StdinMode } from './call-stdin.js';
import { connectionFlags, connectionOptions } from '../target/connection-flags.js';
import { optionalSwitch } from '../settings/flag-kinds.js';

/** The flags of the commands that call a method. */
export const callFlags = {
  ...connectionFlags,
  raw: boolean({ default: false, summary: 'Print a result that is a string as it is, without quotes.' }),
  callback: boolean({
    default: false,
    exclusive: ['stdin'],
    summary: 'Hand a function to the method, and print each call of it.',
    description:
      `The function stands wherever an argument says "${CALLBACK_PLACEHOLDER}", also within JSON, and behind the last ` +
      'argument if none does. Each call prints its arguments as one line, a JSON array; the result is the last line.',
  }),
  interactive: boolean({
    default: false,
    exclusive: ['stdin'],
    summary:
      'Let the kite ask you, with kite.prompt and kite.getPass; without a deadline, unless you give one.',
  }),
  stdin: optionalSwitch({
    summary: 'Call the method once for each line of the standard input.',
    description:
      'A line is a JSON array, which lists the arguments, or any other JSON value, which is the only argument. Results ' +
      'are printed in the order of the lines, one line each. The first call that fails ends the command, unless it is to ' +
      'keep going.',
  }),
  parallel: integer({
    min: 1,
    max: 10_000,
    dependsOn: ['stdin'],
    summary: 'With --stdin: maximum concurrent calls. Default: 1.',
    helpValue: 'N',
  }),
  ordered: optionalSwitch({
    dependsOn: ['stdin'],
    exclusive: ['unordered'],
    summary: 'With --stdin: print results in the order of the lines, which is the default.',
  }),
  unordered: optionalSwitch({
    dependsOn: ['stdin'],
    summary: 'With --stdin: print each result as soon as it is there.',
  }),
  'keep-going': optionalSwitch({
    dependsOn: ['stdin'],
    summary: 'With --stdin: go on after a line that fails; the exit code is that of the first.',
  }),
  envelope: optionalSwitch({
    dependsOn: ['stdin'],
    exclusive: ['raw'],
    summary: 'With --stdin: print {"ok":…} or {"error":…,"line":n} for each line.',
    description: 'With --unordered the line number is part of both.',
  }),
  ...outputFlags,
};

/** The values of `callFlags`. */
export type CallFlags = InferredFlags<typeof callFlags>;

/** @throws CliError where flags or arguments do not fit. */
export function callOptions(
  method: string,
  args: readonly string[],
  flags: CallFlags,
  env: Readonly<Record<string, string | undefined>>,
): CallOptions {
  const { callback, interactive, stdin } = flags;
  if (stdin && args.length > 0) {
    throw usageError('With --stdin the arguments come from the standard input, not from the command line.');
  }
  const style = resultStyle(flags);
  return {
    ...connectionOptions(flags, env),
    ...style,
    interactive,
    method,
    args: args.map((text) => parseArgumentSource(text, callback)),
    callback,
    stdin: stdin ? stdinMode(flags, style) : false,
  };
}

function resultStyle(flags: CallFlags): ResultStyle {
  const { raw, callback, stdin } = flags;
  const style = { raw, format: formatOf(flags) };
  if (raw && style.format !== undefined && style.format !== 'json' && style.format !== 'ndjson') {
    throw usageError(`--raw is about JSON, and -o ${style.format} prints none.`, 'Leave one of them out.');
  }
  if (callback || stdin) requireStreamable(style, callback ? '--callback' : '--stdin');
  return style;
}

function stdinMode(flags: CallFlags, { format }: ResultStyle): StdinMode {
  const { parallel, unordered, envelope } = flags;
  if (envelope && format === 'name') {
    throw usageError('--envelope and -o name cannot be used together.');
  }
  return {
    parallel: parallel ?? 1,
    ordered: !unordered,
    keepGoing: flags['keep-going'] ?? false,
    envelope: envelope ?? false,
  };
}
