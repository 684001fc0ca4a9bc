import { usageError } from '../runtime/cli-error.js';
import { suggest } from '../runtime/suggest.js';

/** What the normaliser needs to know of a flag. */
export interface FlagSyntax {
  /** Whether a value follows it: none follows a `boolean`. */
  readonly type: string;
  /** Its one letter. */
  readonly char?: string | undefined;
  /** Under which names it is known besides. */
  readonly aliases?: readonly string[] | undefined;
  /** A switch that can be turned off as well, with `--no-` before its name. */
  readonly allowNo?: boolean | undefined;
}

export type FlagSyntaxTable = Readonly<Record<string, FlagSyntax>>;

const NEGATIVE_NUMBER = /^-(\d|\.\d)/;

/**
 * Turns a command line as people write it into the one that oclif reads: flags first, then `--`, then the arguments,
 * where nothing is taken for a flag.
 *
 * - `-to=http://…` and `-to http://…`, the spelling of Go programs, become `--to`;
 * - other names of a flag, such as `-publicHost`, become its own, `--public-host`;
 * - `-o json`, `-o=json` and `-ojson` become `--output json`;
 * - `-4` and `-.5` are arguments;
 * - `--raw=true` and `--raw=false` set a switch, which oclif would read as a switch and an argument.
 *
 * What stands behind `--` is left alone.
 *
 * @throws CliError for a flag that the command does not have; it suggests the one that was probably meant.
 */
export function normalizeArgv(argv: readonly string[], flags: FlagSyntaxTable): string[] {
  const head: string[] = [];
  const args: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const token = argv[i] ?? '';
    if (token === '--') {
      args.push(...argv.slice(i + 1));
      break;
    }
    if (!token.startsWith('-') || token === '-' || NEGATIVE_NUMBER.test(token)) {
      args.push(token);
      continue;
    }
    const negated = flagName(token);
    if (!Object.hasOwn(flags, negated) && isNegated(negated, flags)) {
      head.push(switchValue(negated, token) ? `--${negated}` : `--${negated.slice(3)}`);
      continue;
    }
    const { name, kind, attached } = parseFlag(token, flags);
    if (kind.type === 'boolean') {
      if (switchValue(name, token)) head.push(`--${name}`);
      else if (kind.allowNo) head.push(`--no-${name}`);
      continue;
    }
    const value = attached ?? argv[++i];
    if (value === undefined) throw usageError(`--${name} needs a value.`);
    head.push(`--${name}`, value);
  }
  return args.length === 0 ? head : [...head, '--', ...args];
}

/** Whether `-h`, `-help` or `--help` asks for help; behind `--` it is an argument. */
export function requestsHelp(argv: readonly string[]): boolean {
  return beforeDoubleDash(argv).some((token) => token === '-h' || token === '-help' || token === '--help');
}

/** Whether a switch such as `json` is given, in either spelling. */
export function hasSwitch(argv: readonly string[], name: string): boolean {
  return beforeDoubleDash(argv).some((token) => new RegExp(`^--?${name}(=true)?$`).test(token));
}

/**
 * The command, and what stands behind it; switches from before it move behind it. A command may be several words, of
 * which as many count as name one of the `known`: `kontrol keys list`.
 */
export function splitArgv(
  argv: readonly string[],
  known: readonly string[],
): { id: string | undefined; rest: string[] } {
  const at = countLeadingGlobals(argv);
  const words = longestCommandPrefix(argv.slice(at), known) ?? argv.slice(at, at + 1);
  return {
    id: words.length === 0 ? undefined : words.join(' '),
    rest: [...argv.slice(0, at), ...argv.slice(at + words.length)],
  };
}

/** How many words before the command are switches, and flags with their values, that every command has. */
function countLeadingGlobals(argv: readonly string[]): number {
  let at = 0;
  for (;;) {
    const token = argv[at] ?? '';
    if (/^--?(json|no-color|no-input)(=.*)?$/s.test(token)) at++;
    else if (/^--?(color|context|output|o)=/.test(token)) at++;
    else if (/^--?(color|context|output|o)$/.test(token)) at += 2;
    else return Math.min(at, argv.length);
  }
}

/** What the command line says about how this program speaks, which has to be known before the command is. */
export function parseGlobalFlags(argv: readonly string[]): {
  readonly color: 'auto' | 'always' | 'never';
  readonly noInput: boolean;
  /** Whether a failure is told as JSON. */
  readonly json: boolean;
} {
  const said = lastFlagValue(argv, ['color']);
  const color = said === 'always' || said === 'never' ? said : 'auto';
  const output = lastFlagValue(argv, ['output', 'o']);
  return {
    color: hasSwitch(argv, 'no-color') ? 'never' : color,
    noInput: hasSwitch(argv, 'no-input'),
    json: hasSwitch(argv, 'json') || output === 'json' || output === 'ndjson',
  };
}

/** The value of the last flag of one of these names. */
function lastFlagValue(argv: readonly string[], names: readonly string[]): string | undefined {
  let value: string | undefined;
  const words = beforeDoubleDash(argv);
  words.forEach((token, index) => {
    const [, name, attached] = /^--?([a-z]+)(?:=(.*))?$/s.exec(token) ?? [];
    if (name !== undefined && names.includes(name)) value = attached ?? words[index + 1];
    else if (names.includes('o') && /^-o(json|ndjson)$/.test(token)) value = token.slice(2);
  });
  return value;
}

/** The words at the beginning that name one of the `known`, as many as possible; undefined where none does. */
export function longestCommandPrefix(
  words: readonly string[],
  known: readonly string[],
): string[] | undefined {
  for (let count = words.length; count > 0; count--) {
    if (known.includes(words.slice(0, count).join(' '))) return words.slice(0, count);
  }
  return undefined;
}

/** The first words of commands that have several: `kontrol`, `kontrol keys`. */
export function commandGroups(known: readonly string[]): string[] {
  const groups = known.flatMap((id) => {
    const words = id.split(' ');
    return words.slice(1).map((_word, index) => words.slice(0, index + 1).join(' '));
  });
  return [...new Set(groups)];
}

function beforeDoubleDash(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end === -1 ? argv : argv.slice(0, end);
}

interface ParsedFlag {
  readonly name: string;
  readonly kind: FlagSyntax;
  /** The value that stands in the same word. */
  readonly attached: string | undefined;
}

function parseFlag(token: string, flags: FlagSyntaxTable): ParsedFlag {
  const name = canonicalName(flagName(token), flags);
  const attached = token.includes('=') ? token.slice(token.indexOf('=') + 1) : undefined;
  const kind = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (kind) return { name, kind, attached };
  const letter = token.startsWith('--') ? undefined : name[0];
  for (const [long, one] of Object.entries(flags)) {
    if (letter === undefined || one.char !== letter) continue;
    if (name.length === 1) return { name: long, kind: one, attached };
    if (one.type !== 'boolean') return { name: long, kind: one, attached: token.slice(2) };
  }
  throw unknownFlag(token, Object.keys(flags));
}

function flagName(token: string): string {
  return token.replace(/^--?/, '').replace(/=.*$/s, '');
}

function canonicalName(name: string, flags: FlagSyntaxTable): string {
  if (Object.hasOwn(flags, name)) return name;
  return Object.keys(flags).find((own) => flags[own]?.aliases?.includes(name)) ?? name;
}

function isNegated(name: string, flags: FlagSyntaxTable): boolean {
  const own = name.slice(3);
  return name.startsWith('no-') && Object.hasOwn(flags, own) && flags[own]?.allowNo === true;
}

function switchValue(name: string, token: string): boolean {
  if (!token.includes('=')) return true;
  const value = token.slice(token.indexOf('=') + 1);
  if (value === 'true') return true;
  if (value === 'false') return false;
  throw usageError(`--${name} is a switch: it takes no value, or true or false, not "${value}".`);
}

function unknownFlag(token: string, known: readonly string[]): Error {
  const near = suggest(flagName(token), [...known, 'help']);
  return usageError(
    `There is no flag ${token.replace(/=.*$/s, '')} here.`,
    near === undefined ? 'An argument that begins with a dash goes behind --.' : `Did you mean --${near}?`,
  );
}
