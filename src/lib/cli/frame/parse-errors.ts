import { stripVTControlCharacters } from 'node:util';
import { invalidValueMessage } from '../../kite/config/resolve-setting.js';
import { usageError, type CliError } from '../runtime/cli-error.js';
import { usageOf } from './usage.js';

/** What is needed to know of the command whose line is wrong. */
export interface CommandSyntax {
  /** Its words. */
  readonly id: string;
  readonly args: Readonly<Record<string, ArgumentSyntax>>;
  readonly flags: Readonly<Record<string, FlagValueSyntax>>;
}

interface ArgumentSyntax {
  readonly required?: boolean | undefined;
  readonly multiple?: boolean | undefined;
  readonly options?: readonly string[] | undefined;
}

interface FlagValueSyntax {
  readonly type: string;
  readonly helpValue?: string | readonly string[] | undefined;
  readonly options?: readonly string[] | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** What oclif adds to the message of an error, or to that of a flag's parser. */
const PARSER_PREFIX = /^Parsing --(\S+) \n\t(.*)$/s;
const MORE_HELP = /\nSee more help with --help$/;
/** Where flags may be is not the person's concern: `normalizeArgv` puts them in front, and `--` behind them. */
const ORDER_NOTE = /\n+Note: --\S+ allows? multiple values\..*$/s;
const ERRORS_HEADING = /^The following errors? occurred:\n\s*/;
const ERROR_SEPARATOR = '\n  ';

/** A mistake on a command line that oclif found, as an error of this program. Undefined: it is something else. */
export function fromParseError(error: unknown, command: CommandSyntax): CliError | undefined {
  if (!(error instanceof Error)) return undefined;
  const text = stripVTControlCharacters(error.message).replace(MORE_HELP, '').replace(ORDER_NOTE, '');
  const [, flag, reason] = PARSER_PREFIX.exec(text) ?? [];
  if (flag !== undefined && reason !== undefined)
    return usageError(valueSentence(flag, reason, command), undefined);
  if (!('oclif' in error)) return undefined;
  if ('args' in error && Array.isArray(error.args)) return usageError(argumentSentence(error.args, command));
  const sentences = text
    .replace(ERRORS_HEADING, '')
    .split(ERROR_SEPARATOR)
    .map((reason) => sentenceOf(reason, command));
  return usageError([...new Set(sentences)].join(' '));
}

/** Arguments that are missing are what oclif knows of them; those that are too many are what was given. */
function argumentSentence(args: readonly unknown[], { id, args: kinds }: CommandSyntax): string {
  const named = Object.entries(kinds).map(([name, kind]) => ({ ...kind, name }));
  const missing = args.flatMap((arg) =>
    typeof arg === 'object' && arg !== null && 'name' in arg ? [String(arg.name).toUpperCase()] : [],
  );
  const words = missing.length > 0 ? missing : args.map(String);
  const what = missing.length > 0 ? 'Missing argument' : 'Unexpected argument';
  return `${what}${words.length === 1 ? '' : 's'} ${words.join(' ')}. Usage: ${usageOf(id, named)}`;
}

/** Why the value of a flag is not accepted. `valueFlag` gives the whole sentence, the parsers of oclif do not. */
function valueSentence(flag: string, reason: string, { flags }: CommandSyntax): string {
  const [, given] = /^Expected an integer .*received: (.*)$/s.exec(reason) ?? [];
  if (given === undefined) return reason.startsWith(`--${flag} `) ? reason : `--${flag}: ${reason}`;
  const { min, max } = flags[flag] ?? {};
  const from = min === undefined ? '' : ` from ${min}`;
  const to = max === undefined ? '' : ` ${min === undefined ? 'up ' : ''}to ${max}`;
  return invalidValueMessage(`--${flag}`, given, `a whole number${from}${to}`);
}

type Translation = readonly [
  pattern: RegExp,
  sentence: (groups: readonly string[], command: CommandSyntax) => string,
];

/** What oclif says, and what this program says in its place. */
const TRANSLATIONS: readonly Translation[] = [
  [
    /^Missing required flag (\S+)$/,
    ([name = ''], { flags }) => `Missing required flag: ${flagWithValue(name, flags)}`,
  ],
  [/^--([^=]+)=.* cannot also be provided when using --(\S+)$/s, ([a, b]) => conflictSentence(a, b)],
  [/^--(\S+) cannot also be provided when using --(\S+)$/, ([a, b]) => conflictSentence(a, b)],
  [
    /^All of the following must be provided when using --(\S+): (.*)$/,
    ([name, others = '']) => `--${name} needs ${others.split(', ').join(' and ')}.`,
  ],
  [
    /^One of the following must be provided when using --(\S+): (.*)$/,
    ([name, others = '']) => `--${name} needs ${others.split(', ').join(' or ')}.`,
  ],
  [
    /^Only the following can be provided when using --(\S+): (.*)$/,
    ([name, others]) => `--${name} can be used only with ${others}.`,
  ],
  [/^Exactly one of the following must be provided: (.*)$/, ([names]) => `Give exactly one of ${names}.`],
  [/^At least one of the following must be provided: (.*)$/, ([names]) => `Give at least one of ${names}.`],
  [/^Flag --(\S+) can only be specified once$/, ([name]) => `--${name} can be given only once.`],
  [/^Flag --(\S+) expects a value$/, ([name]) => `--${name} needs a value.`],
  [
    /^Flag --(\S+) expects one of these values: (.*)$/,
    ([name, values]) => `--${name} needs a value: one of ${values}.`,
  ],
  [
    /^Expected --([^=]+)=(.*) to be one of: (.*)$/s,
    ([name, given, values]) => invalidValueMessage(`--${name}`, given, `one of ${values}`),
  ],
  [
    /^Expected (.*) to be one of: (.*)$/s,
    ([given, values = ''], { args }) => {
      const name = Object.keys(args).find((arg) => args[arg]?.options?.join(', ') === values);
      return invalidValueMessage(name?.toUpperCase() ?? 'The argument', given, `one of ${values}`);
    },
  ],
];

function sentenceOf(text: string, command: CommandSyntax): string {
  for (const [pattern, sentence] of TRANSLATIONS) {
    const match = pattern.exec(text);
    if (match) return sentence(match.slice(1), command);
  }
  return text;
}

/** In the order of the alphabet: each of the two may name the other. */
function conflictSentence(flag = '', other = ''): string {
  const [one, two] = flag < other ? [flag, other] : [other, flag];
  return `--${one} and --${two} cannot be used together.`;
}

function flagWithValue(name: string, flags: CommandSyntax['flags']): string {
  const { type, helpValue, options } = flags[name] ?? { type: 'option' };
  if (type === 'boolean') return `--${name}`;
  return `--${name} ${helpValue === undefined ? (options?.join('|') ?? name.toUpperCase()) : String(helpValue)}`;
}
