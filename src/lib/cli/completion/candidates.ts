import { commandGroups, splitArgv } from '../frame/argv.js';
import type { ArgInfo, CommandInfo, FlagInfo } from './command-manifest.js';

/** A completion of the current word. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** A source of values outside the manifest. */
export type ValueSource =
  | { readonly type: 'kites'; readonly typed: string }
  | { readonly type: 'methods' }
  | { readonly type: 'contexts' }
  | { readonly type: 'accounts' };

/** The completions of the current word. */
export type CompletionResult =
  | { readonly type: 'candidates'; readonly candidates: readonly Candidate[] }
  /** File names, which the shell completes. */
  | { readonly type: 'files' }
  /** File names after `prefix` in the same word, such as `@stream:`, and other candidates. */
  | {
      readonly type: 'paths';
      readonly prefix: string;
      readonly typed: string;
      readonly candidates: readonly Candidate[];
    }
  | {
      readonly type: 'lookup';
      readonly source: ValueSource;
      /** Text before the value in the same word, such as `--to=`. */
      readonly prefix: string;
      /** The flags of the command line, by name. */
      readonly flags: Readonly<Record<string, string>>;
    };

const NO_CANDIDATES: CompletionResult = { type: 'candidates', candidates: [] };

/** The descriptions of command groups, such as `kontrol keys`. */
export type GroupDescriptions = ReadonlyMap<string, string>;

/** Completes the last of the words after `kitectl`, which can be empty. */
export function complete(
  words: readonly string[],
  commands: readonly CommandInfo[],
  groups: GroupDescriptions,
): CompletionResult {
  const typed = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const ids = commands.map(({ id }) => id);
  const { id, rest } = splitArgv(before, ids);
  const command = commands.find((candidate) => candidate.id === id);
  if (command) return completeWithinCommand(command, rest, typed);
  const path = id === undefined ? [] : [id, ...rest];
  if (path[0] === 'help') return completeCommandWord(path.slice(1), typed, commands, groups);
  if (path.length > 0 && !commandGroups(ids).includes(path.join(' '))) return NO_CANDIDATES;
  const result = completeCommandWord(path, typed, commands, groups);
  if (path.length > 0 || result.type !== 'candidates') return result;
  const help = filterByPrefix([{ value: 'help', description: 'Show help for a command or a topic.' }], typed);
  return { type: 'candidates', candidates: [...result.candidates, ...help] };
}

/** Completes the next word of commands that start with `path`. */
function completeCommandWord(
  path: readonly string[],
  typed: string,
  commands: readonly CommandInfo[],
  groups: GroupDescriptions,
): CompletionResult {
  const next = new Map<string, string>();
  for (const { id, summary, hidden } of commands) {
    const words = id.split(' ');
    const word = words[path.length];
    if (hidden || word === undefined || path.some((part, index) => words[index] !== part)) continue;
    next.set(
      word,
      words.length === path.length + 1 ? summary : (groups.get([...path, word].join(' ')) ?? ''),
    );
  }
  const candidates = Array.from(next, ([value, description]) => ({ value, description }));
  return { type: 'candidates', candidates: filterByPrefix(candidates, typed) };
}

function completeWithinCommand(
  command: CommandInfo,
  rest: readonly string[],
  typed: string,
): CompletionResult {
  const { flags, positional, pendingFlag, afterDoubleDash } = parseWords(command, rest);
  if (pendingFlag) return completeFlagValue(pendingFlag, typed, '', flags);
  if (!afterDoubleDash && typed.startsWith('-') && typed !== '-') {
    const [, name = '', value] = /^--?([\w-]+)=(.*)$/s.exec(typed) ?? [];
    const flag = findFlag(command, name);
    if (flag && value !== undefined)
      return completeFlagValue(flag, value, typed.slice(0, -value.length || undefined), flags);
    return completeFlagName(command, flags, typed);
  }
  const arg = command.args[Math.min(positional, command.args.length - 1)];
  if (!arg || (positional >= command.args.length && !arg.multiple)) return NO_CANDIDATES;
  return completeArgument(command, arg, typed, flags);
}

interface ParsedWords {
  /** The flags with their values; the value of a switch is empty. */
  readonly flags: Readonly<Record<string, string>>;
  /** Number of arguments. */
  readonly positional: number;
  /** The flag whose value is the next word. */
  readonly pendingFlag: FlagInfo | undefined;
  /** Whether the words contain `--`. */
  readonly afterDoubleDash: boolean;
}

function parseWords(command: CommandInfo, rest: readonly string[]): ParsedWords {
  const flags: Record<string, string> = {};
  let positional = 0;
  let pendingFlag: FlagInfo | undefined;
  for (const [index, word] of rest.entries()) {
    if (pendingFlag) {
      flags[pendingFlag.name] = word;
      pendingFlag = undefined;
    } else if (word === '--') {
      return {
        flags,
        positional: positional + rest.length - index - 1,
        pendingFlag: undefined,
        afterDoubleDash: true,
      };
    } else if (/^-[^\d.]/.test(word)) {
      const [, name = '', value] = /^--?([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
      const flag = findFlag(command, name);
      if (flag?.takesValue && value === undefined) pendingFlag = flag;
      else if (flag) flags[flag.name] = value ?? '';
    } else positional++;
  }
  return { flags, positional, pendingFlag, afterDoubleDash: false };
}

function findFlag({ flags }: CommandInfo, name: string): FlagInfo | undefined {
  return flags.find((flag) => flag.name === name) ?? flags.find((flag) => flag.char === name);
}

function completeFlagName(
  command: CommandInfo,
  usedFlags: Readonly<Record<string, string>>,
  typed: string,
): CompletionResult {
  // Keeps the single dash of Go programs.
  const dashes = /^-[^-]/.test(typed) ? '-' : '--';
  const candidates = command.flags
    .filter(({ name, multiple }) => multiple || !Object.hasOwn(usedFlags, name))
    .map(({ name, summary }) => ({ value: dashes + name, description: summary }));
  const help = { value: `${dashes}help`, description: 'Show help for this command.' };
  return { type: 'candidates', candidates: filterByPrefix([...candidates, help], typed) };
}

function completeFlagValue(
  flag: FlagInfo,
  typed: string,
  prefix: string,
  flags: Readonly<Record<string, string>>,
): CompletionResult {
  if (flag.options.length > 0) return completeOption(flag.options, typed, prefix);
  switch (flag.completion) {
    case 'kites':
      return { type: 'lookup', source: { type: 'kites', typed }, prefix, flags };
    case 'contexts':
      return { type: 'lookup', source: { type: 'contexts' }, prefix, flags };
    case 'files':
      return { type: 'files' };
    case undefined:
      return NO_CANDIDATES;
  }
}

/** The sources of arguments, by the name of the argument. */
const ARGUMENT_SOURCES: Readonly<Record<string, (typed: string) => ValueSource>> = {
  method: () => ({ type: 'methods' }),
  path: (typed) => ({ type: 'kites', typed }),
  account: () => ({ type: 'accounts' }),
};

function completeArgument(
  { id }: CommandInfo,
  { name, options }: ArgInfo,
  typed: string,
  flags: Readonly<Record<string, string>>,
): CompletionResult {
  if (options.length > 0) return completeOption(options, typed, '');
  if (name === 'name' && /^context (?:use|show|remove)$/.test(id)) {
    return { type: 'lookup', source: { type: 'contexts' }, prefix: '', flags };
  }
  const source = Object.hasOwn(ARGUMENT_SOURCES, name) ? ARGUMENT_SOURCES[name] : undefined;
  if (source) return { type: 'lookup', source: source(typed), prefix: '', flags };
  return name === 'args' ? completeContent(typed) : NO_CANDIDATES;
}

/** The words that read a file, with their descriptions. */
const CONTENT_WORDS: readonly Candidate[] = [
  { value: '@bytes:', description: 'Send a file as bytes.' },
  { value: '@json:', description: 'Send a file as JSON.' },
  { value: '@stream:', description: 'Send a file as a stream of bytes.' },
  { value: '@text:', description: 'Send a file as a string.' },
];

/** Completes an argument that reads a file. */
function completeContent(word: string): CompletionResult {
  if (!word.startsWith('@') || word.startsWith('@@')) return NO_CANDIDATES;
  const prefix = CONTENT_WORDS.find(({ value }) => word.startsWith(value))?.value ?? '@';
  const candidates = prefix === '@' ? filterByPrefix(CONTENT_WORDS, word) : [];
  return { type: 'paths', prefix, typed: word.slice(prefix.length), candidates };
}

function completeOption(options: readonly string[], typed: string, prefix: string): CompletionResult {
  const candidates = options
    .filter((option) => option.startsWith(typed))
    .map((option) => ({ value: prefix + option, description: '' }));
  return { type: 'candidates', candidates };
}

/** Returns the candidates that start with `typed`. */
export function filterByPrefix(candidates: readonly Candidate[], typed: string): readonly Candidate[] {
  return candidates.filter(({ value }) => value.startsWith(typed));
}
