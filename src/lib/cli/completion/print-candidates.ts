import { makeVisible } from '../../util/printable.js';
import { type CommandRuntime, write } from '../runtime/command-runtime.js';
import { lookUpValues } from './look-up-values.js';
import { type Candidate, complete, filterByPrefix } from './candidates.js';
import { readManifest } from './command-manifest.js';
import { shellWords } from './shell-words.js';

export interface CompleteOptions {
  /** The words behind the name of the program, the last of which is completed. */
  readonly words: readonly string[];
  /** The line in their place, with the name of the program. */
  readonly line: string | undefined;
  /** The folder of the package. */
  readonly root: string;
}

/** What tells a shell to complete file names. */
const FILES_DIRECTIVE = ':files';

/**
 * Prints what may stand where the last word is, one a line, with a tab before its description. Never fails: a shell would
 * show that in the middle of a line.
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
    case 'ask': {
      const { source, flags, prefix } = completion;
      const answers = await lookUpValues(source, flags, runtime);
      const candidates = answers
        .filter(isSafeForShell)
        .map((value): Candidate => ({ value: prefix + value, description: '' }));
      return filterByPrefix(candidates, typed.at(-1) ?? '').map(formatCandidate);
    }
  }
}

function formatCandidate({ value, description }: Candidate): string {
  return description === '' ? value : `${value}\t${makeVisible(description)}`;
}

/** A name that a peer has chosen goes into the line of a shell, where some characters do things. */
function isSafeForShell(value: string): boolean {
  return /^[\p{L}\p{N}/@:._+,=-]+$/u.test(value) && !value.startsWith('-');
}
