import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '../../keys/secure-files.js';
import { HISTORY_LENGTH, HISTORY_LINE_LENGTH } from '../runtime/command-limits.js';

/** What is kept of a line, `first` where it is the first in a new file, or why nothing is. */
export type AddResult = 'kept' | 'first' | 'asked' | 'secret' | 'long' | 'failed';

/** A token, a PEM file, or a word that says that a secret comes. */
const SECRET =
  /\beyJ[\w-]{8,}\.|-----BEGIN|(?:pass(?:word|wd|phrase)?|secret|token|api[-_]?key|credentials?|kite\.?key)["']?\s*[:=]/i;

/**
 * The lines of former shells, in a file that only this person can read. Lines that look as if they held a secret are not
 * kept, nor those that begin with a space.
 */
export class History {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** The lines, the latest first. Nothing that is wrong with the file keeps a shell from starting. */
  async read(): Promise<string[]> {
    const lines = (await this.#lines()).filter((line) => line !== '');
    // It only grows, until it is twice as long as it may be.
    if (lines.length > 2 * HISTORY_LENGTH) await this.#shorten(lines.slice(-HISTORY_LENGTH));
    return lines.slice(-HISTORY_LENGTH).toReversed();
  }

  async add(line: string): Promise<AddResult> {
    if (line.startsWith(' ')) return 'asked';
    if (SECRET.test(line)) return 'secret';
    if (line.length > HISTORY_LINE_LENGTH) return 'long';
    try {
      await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 });
      const handle = await open(this.#file, 'a', 0o600);
      try {
        // It may have been made by somebody else, for all to read.
        await handle.chmod(0o600);
        const { size } = await handle.stat();
        await handle.appendFile(`${line}\n`);
        return size === 0 ? 'first' : 'kept';
      } finally {
        await handle.close();
      }
    } catch {
      return 'failed';
    }
  }

  async #lines(): Promise<string[]> {
    try {
      return (await readFile(this.#file, 'utf8')).split('\n');
    } catch (error) {
      if (errorCode(error) !== undefined) return [];
      throw error;
    }
  }

  async #shorten(lines: readonly string[]): Promise<void> {
    const shorter = `${this.#file}.new`;
    try {
      await writeFile(shorter, `${lines.join('\n')}\n`, { mode: 0o600 });
      await rename(shorter, this.#file);
    } catch {
      // It stays as long as it is.
    }
  }
}
