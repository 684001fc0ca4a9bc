import { usageError } from '../runtime/cli-error.js';
import { suggest } from '../runtime/suggest.js';

/** The syntax of a flag. */
export interface FlagSyntax {
  /** A `boolean` flag has no value. */
  readonly type: string;
  /** The short name, one letter. */
  readonly char?: string | undefined;
  /** Other names of the flag. */
  readonly aliases?: readonly string[] | undefined;
  /** Whether `--no-NAME` turns the switch off. */
  readonly allowNo?: boolean | undefined;
}

export type FlagSyntaxTable = Readonly<Record<string, FlagSyntax>>;

const NEGATIVE_NUMBER = /^-(\d|\.\d)/;

/**
 * Normalizes a command line for oclif: flags first, then `--`, then the arguments.
 *
 * - `-to=http://…` and `-to http://…`, the syntax of Go programs, become `--to`;
 * - aliases of a flag, such as `-publicHost`, become its canonical name, `--public-host`;
 * - `-o json`, `-o=json` and `-ojson` become `--output json`;
 * - `-4` and `-.5` are arguments;
 * - `--raw=true` and `--raw=false` set a switch; oclif would parse them as a switch and an argument.
 *
 * Words after `--` are not changed.
 *
 * @throws CliError for an unknown flag, with the most similar flag as a hint
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
    const { name, syntax, attached } = parseFlag(token, flags);
    if (syntax.type === 'boolean') {
      if (switchValue(name, token)) head.push(`--${name}`);
      else if (syntax.allowNo) head.push(`--no-${name}`);
      continue;
    }
    const value = attached ?? argv[++i];
    if (value === undefined) throw usageError(`--${name} needs a value.`);
    head.push(`--${name}`, value);
  }
  return args.length === 0 ? head : [...head, '--', ...args];
}

/** Whether a command line contains `-h`, `-help` or `--help` before `--`. */
export function requestsHelp(argv: readonly string[]): boolean {
  return beforeDoubleDash(argv).some((token) => token === '-h' || token === '-help' || token === '--help');
}

/**
 * Whether a command line contains `-version` or `--version` as a switch, without a value, before `--`. The Go reverse proxy prints
 * its version then; other programs have a flag with a value of the same name.
 */
export function requestsVersion(argv: readonly string[]): boolean {
  const words = beforeDoubleDash(argv);
  return words.some((token, index) => {
    const next = words[index + 1];
    return /^--?version(?:=true)?$/.test(token) && (token.includes('=') || next?.startsWith('-') !== false);
  });
}

/** Whether a command line contains a switch such as `--json` or `-json` before `--`. */
export function hasSwitch(argv: readonly string[], name: string): boolean {
  return beforeDoubleDash(argv).some((token) => new RegExp(`^--?${name}(=true)?$`).test(token));
}

/**
 * Splits a command line into the command and the remaining words. Global flags before the command are moved after it. A command
 * is the longest sequence of words that is in `commands`, such as `kontrol keys list`.
 */
export function splitArgv(
  argv: readonly string[],
  commands: readonly string[],
): { id: string | undefined; rest: string[] } {
  const at = countLeadingGlobals(argv);
  const words = longestCommandPrefix(argv.slice(at), commands) ?? argv.slice(at, at + 1);
  return {
    id: words.length === 0 ? undefined : words.join(' '),
    rest: [...argv.slice(0, at), ...argv.slice(at + words.length)],
  };
}

/** Returns how many words before the command are global flags and their values. */
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

/** Parses the global flags that are needed before the command is known. */
export function parseGlobalFlags(argv: readonly string[]): {
  readonly color: 'auto' | 'always' | 'never';
  readonly noInput: boolean;
  /** Whether failures are reported as JSON. */
  readonly json: boolean;
} {
  const value = lastFlagValue(argv, ['color']);
  const color = value === 'always' || value === 'never' ? value : 'auto';
  const output = lastFlagValue(argv, ['output', 'o']);
  return {
    color: hasSwitch(argv, 'no-color') ? 'never' : color,
    noInput: hasSwitch(argv, 'no-input'),
    json: hasSwitch(argv, 'json') || output === 'json' || output === 'ndjson',
  };
}

/** Returns the value of the last flag with one of these names. */
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

/** Returns the longest sequence of leading words that is in `commands`, or undefined. */
export function longestCommandPrefix(
  words: readonly string[],
  commands: readonly string[],
): string[] | undefined {
  for (let count = words.length; count > 0; count--) {
    if (commands.includes(words.slice(0, count).join(' '))) return words.slice(0, count);
  }
  return undefined;
}

/** Returns the groups of commands, such as `kontrol` and `kontrol keys`. */
export function commandGroups(commands: readonly string[]): string[] {
  const groups = commands.flatMap((id) => {
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
  readonly syntax: FlagSyntax;
  /** The value in the same word. */
  readonly attached: string | undefined;
}

function parseFlag(token: string, flags: FlagSyntaxTable): ParsedFlag {
  const name = canonicalName(flagName(token), flags);
  const attached = token.includes('=') ? token.slice(token.indexOf('=') + 1) : undefined;
  const syntax = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (syntax) return { name, syntax, attached };
  const letter = token.startsWith('--') ? undefined : name[0];
  for (const [long, candidate] of Object.entries(flags)) {
    if (letter === undefined || candidate.char !== letter) continue;
    if (name.length === 1) return { name: long, syntax: candidate, attached };
    if (candidate.type !== 'boolean') return { name: long, syntax: candidate, attached: token.slice(2) };
  }
  throw unknownFlag(token, Object.keys(flags));
}

function flagName(token: string): string {
  return token.replace(/^--?/, '').replace(/=.*$/s, '');
}

function canonicalName(name: string, flags: FlagSyntaxTable): string {
  if (Object.hasOwn(flags, name)) return name;
  return Object.keys(flags).find((flag) => flags[flag]?.aliases?.includes(name)) ?? name;
}

function isNegated(name: string, flags: FlagSyntaxTable): boolean {
  const positive = name.slice(3);
  return name.startsWith('no-') && Object.hasOwn(flags, positive) && flags[positive]?.allowNo === true;
}

function switchValue(name: string, token: string): boolean {
  if (!token.includes('=')) return true;
  const value = token.slice(token.indexOf('=') + 1);
  if (value === 'true') return true;
  if (value === 'false') return false;
  throw usageError(`--${name} is a switch: "${value}" is not true or false.`);
}

function unknownFlag(token: string, flags: readonly string[]): Error {
  const near = suggest(flagName(token), [...flags, 'help']);
  return usageError(
    `Unknown flag: ${token.replace(/=.*$/s, '')}`,
    near === undefined ? 'Put -- before arguments that start with a dash.' : `Did you mean --${near}?`,
  );
}
