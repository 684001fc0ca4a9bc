import { commandGroups, splitArgv } from '../frame/argv.js';
import type { ArgInfo, CommandInfo, FlagInfo } from './command-manifest.js';

/** What stands for a word that may be completed. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** What is asked of others than the manifest. */
export type ValueSource =
  | { readonly type: 'kites'; readonly typed: string }
  | { readonly type: 'methods' }
  | { readonly type: 'contexts' }
  | { readonly type: 'accounts' };

/** What may stand where the last word is. */
export type CompletionResult =
  | { readonly type: 'candidates'; readonly candidates: readonly Candidate[] }
  /** The shell knows files better. */
  | { readonly type: 'files' }
  | {
      readonly type: 'ask';
      readonly source: ValueSource;
      /** What stands before the value in the same word: `--to=`. */
      readonly prefix: string;
      readonly flags: Readonly<Record<string, string>>;
    };

const NO_CANDIDATES: CompletionResult = { type: 'candidates', candidates: [] };

/** What groups of commands, such as `kontrol keys`, are about. */
export type GroupDescriptions = ReadonlyMap<string, string>;

/** What may stand where the last of the words behind `kitectl` is; it may be empty, or begun. */
export function complete(
  words: readonly string[],
  commands: readonly CommandInfo[],
  groups: GroupDescriptions,
): CompletionResult {
  const typed = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const known = commands.map(({ id }) => id);
  const { id, rest } = splitArgv(before, known);
  const command = commands.find((one) => one.id === id);
  if (command) return completeWithinCommand(command, rest, typed);
  const path = id === undefined ? [] : [id, ...rest];
  if (path[0] === 'help') return completeCommandWord(path.slice(1), typed, commands, groups);
  if (path.length > 0 && !commandGroups(known).includes(path.join(' '))) return NO_CANDIDATES;
  const words0 = completeCommandWord(path, typed, commands, groups);
  if (path.length > 0 || words0.type !== 'candidates') return words0;
  const help = filterByPrefix([{ value: 'help', description: 'Help for a command or a topic.' }], typed);
  return { type: 'candidates', candidates: [...words0.candidates, ...help] };
}

/** The next word of commands that begin with `path`. */
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
    if (hidden || word === undefined || path.some((one, index) => words[index] !== one)) continue;
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
  /** The flags that are given, with their values; a switch has an empty one. */
  readonly flags: Readonly<Record<string, string>>;
  /** How many arguments there are already. */
  readonly positional: number;
  /** The flag whose value comes next. */
  readonly pendingFlag: FlagInfo | undefined;
  /** Whether `--` has been. */
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
  given: Readonly<Record<string, string>>,
  typed: string,
): CompletionResult {
  // Who writes flags as Go does gets them so.
  const dashes = /^-[^-]/.test(typed) ? '-' : '--';
  const candidates = command.flags
    .filter(({ name, multiple }) => multiple || !Object.hasOwn(given, name))
    .map(({ name, summary }) => ({ value: dashes + name, description: summary }));
  const help = { value: `${dashes}help`, description: 'Help for this command.' };
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
      return { type: 'ask', source: { type: 'kites', typed }, prefix, flags };
    case 'contexts':
      return { type: 'ask', source: { type: 'contexts' }, prefix, flags };
    case 'files':
      return { type: 'files' };
    case undefined:
      return NO_CANDIDATES;
  }
}

/** What the arguments of commands are, by their names. */
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
    return { type: 'ask', source: { type: 'contexts' }, prefix: '', flags };
  }
  const source = Object.hasOwn(ARGUMENT_SOURCES, name) ? ARGUMENT_SOURCES[name] : undefined;
  if (source) return { type: 'ask', source: source(typed), prefix: '', flags };
  return NO_CANDIDATES;
}

function completeOption(options: readonly string[], typed: string, prefix: string): CompletionResult {
  const candidates = options
    .filter((option) => option.startsWith(typed))
    .map((option) => ({ value: prefix + option, description: '' }));
  return { type: 'candidates', candidates };
}

/** The candidates that go on with what is typed. */
export function filterByPrefix(candidates: readonly Candidate[], typed: string): readonly Candidate[] {
  return candidates.filter(({ value }) => value.startsWith(typed));
}
