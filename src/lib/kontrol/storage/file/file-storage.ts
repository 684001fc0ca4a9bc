import { chmodSync, mkdirSync } from 'node:fs';
import type { Database, RootDatabase, RootDatabaseOptionsWithPath } from 'lmdb';
import { type Clock, systemClock } from '../../../util/clock.js';
import { withDeadline } from '../../../util/deadline.js';
import { STORAGE_DEADLINE } from '../shared/storage-deadline.js';
import { mayReplace, unexpired } from '../shared/entries.js';
import { FolderLock } from './folder-lock.js';
import {
  type PutResult,
  type Registration,
  type Storage,
  StorageError,
  type StoredInvite,
  type StoredKeyPair,
} from '../shared/storage.js';

export interface FileStorageOptions {
  readonly clock?: Clock;
  /** Milliseconds that a call may take. Default 5,000. */
  readonly deadline?: number;
}

interface Tables {
  readonly root: RootDatabase;
  readonly registrations: Database<Registration, string>;
  readonly keyPairs: Database<StoredKeyPair, string>;
  readonly revoked: Database<true, string>;
  readonly invites: Database<StoredInvite, string>;
}

/**
 * Keeps everything in a folder, with LMDB: nothing to install, and what was acknowledged is there after a crash. Folder and
 * files are their owner's alone. One Kontrol at a time has a folder.
 *
 * A call that a stopped disk holds up rejects after the deadline, and until it has ended so do the ones after it, at once:
 * nothing piles up behind it. What was given up may be written later still.
 */
export class FileStorage implements Storage {
  readonly name = 'file';
  readonly secrets = 'file-mode';
  readonly #folder: string;
  readonly #lock: FolderLock;
  readonly #clock: Clock;
  readonly #deadline: number;
  #tables: Tables | undefined;
  /** Calls that were given up and have not ended. */
  #overdue = 0;

  constructor(folder: string, { clock = systemClock, deadline = STORAGE_DEADLINE }: FileStorageOptions = {}) {
    this.#folder = folder;
    this.#clock = clock;
    this.#deadline = deadline;
    this.#lock = new FolderLock(folder, { clock, deadline });
  }

  async open(): Promise<void> {
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      chmodSync(this.#folder, 0o700);
    } catch (cause) {
      throw this.#error('unavailable', 'cannot be made', cause);
    }
    await this.#lock.take();
    try {
      this.#tables = await openTables(this.#folder);
    } catch (cause) {
      await this.#lock.release();
      throw this.#error('broken', 'cannot be opened', cause);
    }
  }

  async close(): Promise<void> {
    const tables = this.#tables;
    this.#tables = undefined;
    try {
      await this.#inTime(Promise.resolve(tables?.root.close()));
    } catch (cause) {
      throw this.#error('unavailable', 'cannot be closed', cause);
    } finally {
      await this.#lock.release();
    }
  }

  ping(): Promise<void> {
    return this.#overdue > 0 ? Promise.reject(this.#stuck()) : this.#do(() => undefined);
  }

  registrations(): Promise<Registration[]> {
    return this.#do(({ registrations }) => valuesOf(registrations));
  }

  put(registration: Registration, now: number): Promise<PutResult> {
    return this.#write(({ registrations }) => {
      const { id } = registration.kite;
      const result = mayReplace(registrations.get(id), registration, now);
      if (result === 'ok') void registrations.put(id, registration);
      return result;
    });
  }

  refresh(ids: readonly string[], expiresAt: number): Promise<void> {
    return this.#write(({ registrations }) => {
      for (const id of ids) {
        const old = registrations.get(id);
        if (old) void registrations.put(id, { ...old, expiresAt });
      }
    });
  }

  delete(id: string, url: string): Promise<void> {
    return this.#write(({ registrations }) => {
      if (registrations.get(id)?.url === url) void registrations.remove(id);
    });
  }

  sweep(now: number): Promise<void> {
    return this.#write(({ registrations, invites }) => {
      for (const { kite, expiresAt } of valuesOf(registrations))
        if (expiresAt < now) void registrations.remove(kite.id);
      for (const invite of valuesOf(invites)) if (!unexpired(invite, now)) void invites.remove(invite.hash);
    });
  }

  keyPairs(): Promise<StoredKeyPair[]> {
    return this.#do(({ keyPairs }) => valuesOf(keyPairs));
  }

  putKeyPair(pair: StoredKeyPair): Promise<void> {
    return this.#write(({ keyPairs }) => void keyPairs.put(pair.id, pair));
  }

  revokedKiteKeys(): Promise<string[]> {
    return this.#do(({ revoked }) => [...revoked.getKeys()]);
  }

  revokeKiteKey(jti: string): Promise<void> {
    return this.#write(({ revoked }) => void revoked.put(jti, true));
  }

  putInvite(invite: StoredInvite): Promise<void> {
    return this.#write(({ invites }) => void invites.put(invite.hash, invite));
  }

  takeInvite(hash: string, now: number): Promise<StoredInvite | undefined> {
    return this.#write(({ invites }) => {
      const invite = invites.get(hash);
      if (invite) void invites.remove(hash);
      return unexpired(invite, now);
    });
  }

  /** The folder is this process's alone: nobody else can change what is in it. */
  watch(): () => void {
    return () => {};
  }

  async #do<Result>(work: (tables: Tables) => Result): Promise<Result> {
    const tables = this.#ready();
    try {
      return work(tables);
    } catch (cause) {
      throw this.#error('unavailable', 'cannot be read', cause);
    }
  }

  /** Resolves once all of it is on the disk: nothing within has to be waited for. Writes of a moment share a transaction. */
  async #write<Result>(work: (tables: Tables) => Result): Promise<Result> {
    const tables = this.#ready();
    if (this.#overdue > 0) throw this.#stuck();
    try {
      return await this.#inTime(tables.root.transaction(() => work(tables)));
    } catch (cause) {
      throw this.#error('unavailable', 'cannot be written', cause);
    }
  }

  #ready(): Tables {
    if (!this.#tables) throw this.#error('unavailable', 'is not open');
    return this.#tables;
  }

  async #inTime<Result>(work: Promise<Result>): Promise<Result> {
    const onTimeout = (): Error => {
      this.#overdue++;
      const ended = (): void => void this.#overdue--;
      work.then(ended, ended);
      return new Error(`no answer in ${this.#deadline / 1000} s`);
    };
    return await withDeadline(work, { clock: this.#clock, ms: this.#deadline, onTimeout });
  }

  #stuck(): StorageError {
    return this.#error('unavailable', 'a write did not finish in time; check the disk');
  }

  #error(code: StorageError['code'], what: string, cause?: unknown): StorageError {
    const reason =
      cause === undefined ? '' : `: ${cause instanceof Error ? cause.message : JSON.stringify(cause)}`;
    return new StorageError(code, `The file store in ${this.#folder} ${what}${reason}`, { cause });
  }
}

async function openTables(folder: string): Promise<Tables> {
  // Loaded only by whoever keeps files: it takes a while.
  const { open } = await import('lmdb');
  // The types of lmdb leave out the permissions.
  const options: RootDatabaseOptionsWithPath & { permissionsMode: number } = {
    path: folder,
    maxDbs: 8,
    encoding: 'json',
    // Private keys are in it.
    permissionsMode: 0o600,
    // A write is acknowledged when it is on the disk, not when it is on its way there.
    overlappingSync: false,
  };
  const root = open(options);
  return {
    root,
    registrations: root.openDB({ name: 'registrations', encoding: 'json' }),
    keyPairs: root.openDB({ name: 'keyPairs', encoding: 'json' }),
    revoked: root.openDB({ name: 'revoked', encoding: 'json' }),
    invites: root.openDB({ name: 'invites', encoding: 'json' }),
  };
}

function valuesOf<Value>(table: Database<Value, string>): Value[] {
  return Array.from(table.getRange(), ({ value }) => value);
}
