import { boolean, integer, string } from '@oclif/core/flags';
import type { InferredFlags } from '@oclif/core/interfaces';
import { type ArgumentSource, objectSource, parseArgumentSource } from './argument-sources.js';
import { CALLBACK_PLACEHOLDER } from './arguments.js';
import type { CallCommandOptions } from './call.js';
import { requireStreamable, type ResultStyle } from './call-result.js';
import { usageError } from '../runtime/cli-error.js';
import { formatOf, outputFlags } from '../terminal/output-format.js';
import type { StdinMode } from './call-stdin.js';
import { connectionFlags, connectionOptions } from '../target/connection-flags.js';
import { optionalSwitch } from '../settings/flag-kinds.js';

// A flag that depends on another one has no default in oclif, which would count as setting it.
const DEFAULT_PARALLEL = 1;

/** The flags that change how arguments are parsed, of `call`, `tell` and `bench`. */
export const argumentFlags = {
  string: boolean({
    default: false,
    summary: 'Send each argument as a string, as it is.',
  }),
  'raw-field': string({
    char: 'f',
    multiple: true,
    multipleNonGreedy: true,
    summary: 'Add a string to an object, which is the last argument. Repeatable.',
    description:
      'NAME is a key, a path such as user[name], or tags[] to append to a list. All fields of --raw-field and --field are in one object.',
    helpValue: 'NAME=STRING',
  }),
  field: string({
    char: 'F',
    multiple: true,
    multipleNonGreedy: true,
    summary: 'Add a value to the object of --raw-field; the value is parsed like an argument. Repeatable.',
    helpValue: 'NAME=VALUE',
  }),
};

/** @throws CliError if an argument or a field is invalid */
export function argumentSources(
  words: readonly string[],
  flags: InferredFlags<typeof argumentFlags>,
  callback = false,
): readonly ArgumentSource[] {
  const sources = words.map(
    (word): ArgumentSource =>
      flags.string ? { type: 'text', value: word } : parseArgumentSource(word, callback),
  );
  const object = objectSource(flags['raw-field'] ?? [], flags.field ?? [], callback);
  return object ? [...sources, object] : sources;
}

/** The flags of `call` and `tell`. */
export const callFlags = {
  ...connectionFlags,
  ...argumentFlags,
  raw: boolean({
    default: false,
    summary:
      'Print strings without quotes, and bytes as they are. On a terminal, control characters are escaped.',
  }),
  callback: boolean({
    default: false,
    exclusive: ['stdin'],
    summary: 'Pass a function to the method, and print each call of it.',
    description:
      `The function replaces each "${CALLBACK_PLACEHOLDER}" in the arguments, also within JSON; without one, it is added as the ` +
      'last argument. Each call of it prints one line, a JSON array of its arguments; the result is the last line.',
  }),
  interactive: boolean({
    default: false,
    exclusive: ['stdin'],
    summary: 'Let the kite prompt you, with kite.prompt and kite.getPass; the default timeout is then 0.',
  }),
  stdin: optionalSwitch({
    exclusive: ['string', 'raw-field', 'field'],
    summary: 'Call the method once per line of standard input.',
    description:
      'A line is a JSON array of arguments, or any other JSON value as the only argument. Prints one result or item of a stream ' +
      'per line, in the order of the input. The command exits at the first failed call, unless --keep-going is set.',
  }),
  parallel: integer({
    min: 1,
    max: 10_000,
    dependsOn: ['stdin'],
    summary: `With --stdin: maximum concurrent calls. Default: ${DEFAULT_PARALLEL}.`,
    helpValue: 'N',
  }),
  ordered: optionalSwitch({
    dependsOn: ['stdin'],
    exclusive: ['unordered'],
    summary: 'With --stdin: print results in the order of the input. This is the default.',
  }),
  unordered: optionalSwitch({
    dependsOn: ['stdin'],
    summary: 'With --stdin: print each result as soon as it arrives.',
  }),
  'keep-going': optionalSwitch({
    dependsOn: ['stdin'],
    summary: 'With --stdin: continue after a failed call; the exit code is that of the first failure.',
  }),
  envelope: optionalSwitch({
    dependsOn: ['stdin'],
    exclusive: ['raw'],
    summary: 'With --stdin: print {"ok":…} or {"error":…,"line":n} per line.',
    description:
      'Before {"ok":…}, which then has the return value, prints {"item":…} for each item of a stream. With --unordered, all contain ' +
      'the line number.',
  }),
  all: optionalSwitch({
    exclusive: ['stdin', 'interactive'],
    helpGroup: 'MANY KITES',
    summary: 'Call every kite of the query, or all of yours, and print a line for each as it answers.',
    description:
      'Calls the kites that are registered when the command begins, at the same time. Each line begins with the path of the kite, also ' +
      'each item of a stream; with --json, it is an object with kite, url, and ok, item, callback or error. A failure is reported on ' +
      'stderr, with --json on stdout. Exits with 0 if all have answered, and otherwise with the code of the first failure.',
  }),
  replies: integer({
    min: 1,
    max: 1_000_000,
    dependsOn: ['all'],
    helpGroup: 'MANY KITES',
    summary: 'With --all: succeed as soon as N kites have answered, and cancel the other calls.',
    helpValue: 'N',
  }),
  retry: integer({
    min: 0,
    max: 1000,
    exclusive: ['stdin'],
    helpGroup: 'MANY KITES',
    summary: 'Make a call that has certainly not run again, up to N times.',
    description:
      'Such a call was not sent, because no kite was found or could be reached, or it was rejected by a kite that shuts down. The delay ' +
      'begins with 200 ms, and doubles up to 10 s; a query is looked up again each time. Without --retry, such a call is made once at each ' +
      'of the other kites of a query. --timeout applies to each attempt.',
    helpValue: 'N',
  }),
  idempotent: optionalSwitch({
    exclusive: ['stdin'],
    helpGroup: 'MANY KITES',
    summary: 'Also make a call again that may have run: the method has the same effect if it runs twice.',
    description:
      'Applies if the connection is lost during a call, and, with --retry, if the call times out. A stream that has begun is not repeated.',
  }),
  ...outputFlags,
};

/** The values of `callFlags`. */
export type CallFlags = InferredFlags<typeof callFlags>;

/** @throws CliError if flags or arguments conflict */
export function callOptions(
  method: string,
  args: readonly string[],
  flags: CallFlags,
  env: Readonly<Record<string, string | undefined>>,
): CallCommandOptions {
  const { callback, interactive, stdin } = flags;
  if (stdin && args.length > 0) {
    throw usageError('With --stdin, arguments come from standard input and cannot be on the command line.');
  }
  const style = resultStyle(flags);
  return {
    ...connectionOptions(flags, env),
    ...style,
    interactive,
    method,
    args: argumentSources(args, flags, callback),
    callback,
    stdin: stdin ? stdinMode(flags, style) : false,
    all: flags.all ?? false,
    replies: flags.replies,
    retries: flags.retry ?? 0,
    idempotent: flags.idempotent ?? false,
  };
}

function resultStyle(flags: CallFlags): ResultStyle {
  const { raw, callback, stdin, all } = flags;
  const style = { raw, format: formatOf(flags) };
  if (raw && style.format !== undefined && style.format !== 'json' && style.format !== 'ndjson') {
    throw usageError(`--raw and -o ${style.format} cannot be used together.`, 'Remove one of them.');
  }
  if (callback || stdin || all) requireStreamable(style, all ? '--all' : callback ? '--callback' : '--stdin');
  if (all && raw && style.format !== undefined) {
    throw usageError(
      `--all, --raw and -o ${style.format} cannot be used together.`,
      'Remove --raw, or print lines of text without -o.',
    );
  }
  return style;
}

function stdinMode(flags: CallFlags, { format }: ResultStyle): StdinMode {
  const { parallel, unordered, envelope } = flags;
  if (envelope && format === 'name') {
    throw usageError('--envelope and -o name cannot be used together.');
  }
  return {
    parallel: parallel ?? DEFAULT_PARALLEL,
    ordered: !unordered,
    keepGoing: flags['keep-going'] ?? false,
    envelope: envelope ?? false,
  };
}
