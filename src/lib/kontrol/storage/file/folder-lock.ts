import path from 'node:path';
import type { Clock } from '../../../util/clock.js';
import { lockHolder, SocketLock } from '../../../util/socket-lock.js';
import { systemErrorReason } from '../../../util/system-error.js';
import { StorageError } from '../shared/storage.js';

/** Locks a folder for one process, with a socket in the folder. */
export class FolderLock {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #deadline: number;
  #lock: SocketLock | undefined;

  /** `deadline`: milliseconds that the holder has to respond. */
  constructor(folder: string, { clock, deadline }: { readonly clock: Clock; readonly deadline: number }) {
    this.#folder = folder;
    this.#clock = clock;
    this.#deadline = deadline;
  }

  /** Acquires the lock. Rejects with a StorageError `locked` that contains the process id of the holder. */
  async acquire(): Promise<void> {
    const file = path.join(this.#folder, 'kontrol.lock');
    try {
      this.#lock = await SocketLock.acquire(file, { clock: this.#clock, deadline: this.#deadline });
    } catch (cause) {
      const holder = lockHolder(cause);
      if (holder !== undefined) {
        const message = `The folder ${this.#folder} is in use by another Kontrol, process ${holder}`;
        throw new StorageError('locked', message, { cause });
      }
      const reason = systemErrorReason(cause);
      throw new StorageError('unavailable', `The folder ${this.#folder} cannot be locked: ${reason}`, {
        cause,
      });
    }
  }

  async release(): Promise<void> {
    const lock = this.#lock;
    this.#lock = undefined;
    await lock?.release();
  }
}
