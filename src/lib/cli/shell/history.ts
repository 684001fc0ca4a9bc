import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { withFileLock, writeFiles } from '../../keys/index.js';
import { makeFolder } from '../../keys/secure-files.js';
import { HISTORY_LENGTH, HISTORY_LINE_LENGTH } from '../runtime/command-limits.js';
import { errorCode } from '../../util/error-code.js';

/** Whether a line was added to the history (`created` if it is the first in a new file), or why not. */
export type AddResult = 'added' | 'created' | 'leadingSpace' | 'secret' | 'tooLong' | 'failed';

/** A token, a PEM block, or a name that indicates a secret. */
const SECRET =
  /\beyJ[\w-]{8,}\.|-----BEGIN|(?:pass(?:word|wd|phrase)?|secret|token|api[-_]?key|credentials?|kite\.?key)["']?\s*[:=]/i;

/**
 * The history of the shell, in a file that only the user can read. Lines that seem to contain a secret, or that start with a space,
 * are not added.
 */
export class History {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** Returns the lines, the latest first. Returns no lines if the file cannot be read. */
  async read(): Promise<string[]> {
    const lines = (await this.#lines()).filter((line) => line !== '');
    // Lines are appended until the file has twice the maximum length, so that it is rarely rewritten.
    if (lines.length > 2 * HISTORY_LENGTH)
      await withFileLock(this.#file, () => this.#shorten()).catch(() => {});
    return lines.slice(-HISTORY_LENGTH).toReversed();
  }

  async add(line: string): Promise<AddResult> {
    if (line.startsWith(' ')) return 'leadingSpace';
    if (SECRET.test(line)) return 'secret';
    if (line.length > HISTORY_LINE_LENGTH) return 'tooLong';
    try {
      await makeFolder(dirname(this.#file));
      return await withFileLock(this.#file, () => this.#append(line));
    } catch {
      return 'failed';
    }
  }

  async #append(line: string): Promise<AddResult> {
    const handle = await open(this.#file, 'a', 0o600);
    try {
      // Another program may have created it with other permissions.
      await handle.chmod(0o600);
      const { size } = await handle.stat();
      await handle.appendFile(`${line}\n`);
      return size === 0 ? 'created' : 'added';
    } finally {
      await handle.close();
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

  /** If it fails, the file keeps its length. */
  async #shorten(): Promise<void> {
    const lines = (await this.#lines()).filter((line) => line !== '').slice(-HISTORY_LENGTH);
    const content = `${lines.join('\n')}\n`;
    await writeFiles([{ path: this.#file, content, mode: 0o600 }], { force: true });
  }
}
