import { readdir } from 'node:fs/promises';
import { makeVisible } from '../../util/make-visible.js';
import { type CommandRuntime, write } from '../runtime/command-runtime.js';
import { lookUpValues } from './look-up-values.js';
import { type Candidate, complete, filterByPrefix, type ValueSource } from './candidates.js';
import { readManifest } from './command-manifest.js';
import { shellWords } from './shell-words.js';

export interface CompleteOptions {
  /** The words after the name of the program. The last one is completed. */
  readonly words: readonly string[];
  /** The command line, including the name of the program. If set, it is used instead of `words`. */
  readonly line: string | undefined;
  /** The folder of the package. */
  readonly root: string;
}

/** Output that makes the shell script complete file names. */
const FILES_DIRECTIVE = ':files';

/**
 * Prints the completions of the last word, one per line, with a tab before the description. Never fails, because a shell would
 * show the error within the command line.
 */
export async function printCandidates(options: CompleteOptions, runtime: CommandRuntime): Promise<void> {
  const lines = await candidatesFor(options, runtime).catch((): readonly string[] => []);
  await write(runtime.stdout, lines.map((line) => `${line}\n`).join(''));
}

async function candidatesFor(
  { words, line, root }: CompleteOptions,
  runtime: CommandRuntime,
): Promise<readonly string[]> {
  const typed = line === undefined ? words : shellWords(line).slice(1);
  const { commands, groups } = readManifest(root);
  const completion = complete(typed, commands, groups);
  switch (completion.type) {
    case 'files':
      return [FILES_DIRECTIVE];
    case 'candidates':
      return completion.candidates.map(formatCandidate);
    case 'paths': {
      const paths = await pathsFrom(completion.typed);
      const values = paths.map((path) => completion.prefix + path).filter(isSafeForShell);
      return [...completion.candidates.map(formatCandidate), ...values];
    }
    case 'lookup': {
      const { source, flags, prefix } = completion;
      const values = await lookUpValues(source, flags, runtime);
      const candidates = values
        .filter((value) => isSafeForShell(withoutTyped(value, source)))
        .map((value): Candidate => ({ value: prefix + value, description: '' }));
      return filterByPrefix(candidates, typed.at(-1) ?? '').map(formatCandidate);
    }
  }
}

/** Returns the files and folders whose path starts with `typed`. Folders end with a slash. */
async function pathsFrom(typed: string): Promise<readonly string[]> {
  const folder = typed.slice(0, typed.lastIndexOf('/') + 1);
  const entries = await readdir(folder === '' ? '.' : folder, { withFileTypes: true });
  return entries
    .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
    .filter((path) => path.startsWith(typed))
    .toSorted();
}

function formatCandidate({ value, description }: Candidate): string {
  return description === '' ? value : `${value}\t${makeVisible(description)}`;
}

/** Returns a value without the parts of a path that the user has typed, such as globs. */
function withoutTyped(value: string, source: ValueSource): string {
  const typed = source.type === 'kites' ? source.typed.replace(/[^/]*$/, '') : '';
  return value.startsWith(typed) ? value.slice(typed.length) : value;
}

/** Whether a value has no special characters of shells. The shell inserts it unquoted, and a peer may have chosen it. */
function isSafeForShell(value: string): boolean {
  return /^[\p{L}\p{N}/@:._+,=-]+$/u.test(value) && !value.startsWith('-');
}
