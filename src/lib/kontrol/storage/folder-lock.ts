import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { StorageError } from './storage.js';

/**
 * A folder for one process. The lock is a file with the number of the process that has it; one that was left by a process
 * that is gone counts for nothing.
 */
export class FolderLock {
  readonly #folder: string;
  readonly #file: string;
  #held = false;

  constructor(folder: string) {
    this.#folder = folder;
    this.#file = path.join(folder, 'kontrol.lock');
  }

  /** Takes the folder. Throws a StorageError `locked` that names who has it. */
  take(): void {
    if (this.#tryToTake()) return;
    const holder = this.#holder();
    if (holder !== undefined && isAlive(holder)) {
      const message =
        `The folder ${this.#folder} belongs to another Kontrol, process ${holder}. ` +
        'Stop that one, or give this one a folder of its own';
      throw new StorageError('locked', message);
    }
    rmSync(this.#file, { force: true });
    if (!this.#tryToTake())
      throw new StorageError('locked', `The folder ${this.#folder} was taken by another Kontrol`);
  }

  release(): void {
    if (this.#held) rmSync(this.#file, { force: true });
    this.#held = false;
  }

  #tryToTake(): boolean {
    try {
      writeFileSync(this.#file, `${process.pid}\n`, { flag: 'wx', mode: 0o600 });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StorageError('unavailable', `The folder ${this.#folder} cannot be used: ${reason}`, {
        cause,
      });
    }
    this.#held = true;
    return true;
  }

  #holder(): number | undefined {
    try {
      const pid = Number(readFileSync(this.#file, 'utf8'));
      return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
    } catch {
      return undefined;
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process lives too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
