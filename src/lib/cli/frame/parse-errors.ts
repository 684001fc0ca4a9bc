import { stripVTControlCharacters } from 'node:util';
import { invalidValueMessage } from '../../kite/config/resolve-setting.js';
import { usageError, type CliError } from '../runtime/cli-error.js';
import { usageOf } from './usage.js';

/** The syntax of a command, for the error messages. */
export interface CommandSyntax {
  /** The name of the command, such as `kontrol keys list`. */
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

// Text that oclif adds to the message of an error, or of the parser of a flag.
const PARSER_PREFIX = /^Parsing --(\S+) \n\t(.*)$/s;
const MORE_HELP = /\nSee more help with --help$/;
// The note does not apply: `normalizeArgv` moves flags to the front and adds `--`.
const ORDER_NOTE = /\n+Note: --\S+ allows? multiple values\..*$/s;
const ERRORS_HEADING = /^The following errors? occurred:\n\s*/;
const ERROR_SEPARATOR = '\n  ';

/** Converts a parse error of oclif to a usage error with the wording of this program. Returns undefined for other errors. */
export function fromParseError(error: unknown, command: CommandSyntax): CliError | undefined {
  if (!(error instanceof Error)) return undefined;
  const text = stripVTControlCharacters(error.message).replace(MORE_HELP, '').replace(ORDER_NOTE, '');
  const [, flag, reason] = PARSER_PREFIX.exec(text) ?? [];
  if (flag !== undefined && reason !== undefined)
    return usageError(valueSentence(flag, reason, command), undefined);
  if (!('oclif' in error)) return undefined;
  if ('args' in error && Array.isArray(error.args))
    return usageError(argumentSentence(error.args, command), expansionHint(error.args));
  const sentences = text
    .replace(ERRORS_HEADING, '')
    .split(ERROR_SEPARATOR)
    .map((reason) => sentenceOf(reason, command));
  return usageError([...new Set(sentences)].join(' '));
}

/** `args` contains the definitions of missing arguments, or the values of unexpected arguments. */
function argumentSentence(args: readonly unknown[], { id, args: syntax }: CommandSyntax): string {
  const named = Object.entries(syntax).map(([name, one]) => ({ ...one, name }));
  const missing = args.flatMap((arg) =>
    typeof arg === 'object' && arg !== null && 'name' in arg ? [String(arg.name).toUpperCase()] : [],
  );
  const words = missing.length > 0 ? missing : args.map(String);
  const problem = missing.length > 0 ? 'Missing argument' : 'Unexpected argument';
  return `${problem}${words.length === 1 ? '' : 's'} ${words.join(' ')}. Usage: ${usageOf(id, named)}`;
}

/** What to do if unexpected arguments are paths, to which a shell has expanded a query. */
function expansionHint(args: readonly unknown[]): string | undefined {
  if (!args.every((arg) => typeof arg === 'string' && arg.startsWith('/'))) return undefined;
  return "Quote a query with * or ?, such as '/bob/*/math': a shell replaces it with the paths of files that match.";
}

/** Returns why the value of a flag is not accepted. `valueFlag` throws a complete sentence, unlike the parsers of oclif. */
function valueSentence(flag: string, reason: string, { flags }: CommandSyntax): string {
  const [, value] = /^Expected an integer .*received: (.*)$/s.exec(reason) ?? [];
  if (value === undefined) return reason.startsWith(`--${flag} `) ? reason : `--${flag}: ${reason}`;
  const { min, max } = flags[flag] ?? {};
  const from = min === undefined ? '' : ` from ${min}`;
  const to = max === undefined ? '' : ` ${min === undefined ? 'up ' : ''}to ${max}`;
  return invalidValueMessage(`--${flag}`, value, `a whole number${from}${to}`);
}

type Translation = readonly [
  pattern: RegExp,
  sentence: (groups: readonly string[], command: CommandSyntax) => string,
];

/** The messages of oclif, with the replacement for each. */
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
  [/^Exactly one of the following must be provided: (.*)$/, ([names]) => `Pass exactly one of ${names}.`],
  [/^At least one of the following must be provided: (.*)$/, ([names]) => `Pass at least one of ${names}.`],
  [/^Flag --(\S+) can only be specified once$/, ([name]) => `--${name} can be used only once.`],
  [/^Flag --(\S+) expects a value$/, ([name]) => `--${name} needs a value.`],
  [
    /^Flag --(\S+) expects one of these values: (.*)$/,
    ([name, values]) => `--${name} needs a value: one of ${values}.`,
  ],
  [
    /^Expected --([^=]+)=(.*) to be one of: (.*)$/s,
    ([name, value, values]) => invalidValueMessage(`--${name}`, value, `one of ${values}`),
  ],
  [
    /^Expected (.*) to be one of: (.*)$/s,
    ([value, values = ''], { args }) => {
      const name = Object.keys(args).find((arg) => args[arg]?.options?.join(', ') === values);
      return invalidValueMessage(name?.toUpperCase() ?? 'The argument', value, `one of ${values}`);
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

/** Sorts the flags, because oclif reports the conflict for either of them. */
function conflictSentence(flag = '', other = ''): string {
  const [one, two] = flag < other ? [flag, other] : [other, flag];
  return `--${one} and --${two} cannot be used together.`;
}

function flagWithValue(name: string, flags: CommandSyntax['flags']): string {
  const { type, helpValue, options } = flags[name] ?? { type: 'option' };
  if (type === 'boolean') return `--${name}`;
  return `--${name} ${helpValue === undefined ? (options?.join('|') ?? name.toUpperCase()) : String(helpValue)}`;
}
