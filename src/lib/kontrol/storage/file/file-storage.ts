import { chmodSync, type Stats, statSync } from 'node:fs';
import type { Database, RootDatabase, RootDatabaseOptionsWithPath } from 'lmdb';
import { makeFolder } from '../../../keys/secure-files.js';
import { ConfigurationError } from '../../../protocol/errors.js';
import { type Clock, systemClock } from '../../../util/clock.js';
import { withDeadline } from '../../../util/deadline.js';
import { messageOf } from '../../../util/message-of.js';
import { STORAGE_DEADLINE } from '../shared/storage-deadline.js';
import { formatMode, isFolderOpen, shellQuote } from '../../../keys/secret-access.js';
import { systemErrorReason } from '../../../util/system-error.js';
import {
  checkOwner,
  isHeldBy,
  isSameEntry,
  mergeCredential,
  refreshed,
  silenced,
  unexpired,
} from '../shared/entries.js';
import { FolderLock } from './folder-lock.js';
import {
  type HeldEntry,
  type PutResult,
  type Registration,
  type SilentMark,
  type Storage,
  StorageError,
  type StoredCredential,
  type StoredInvite,
  type StoredKeyPair,
} from '../shared/storage.js';

export interface FileStorageOptions {
  readonly clock?: Clock;
  /** Timeout of a call in milliseconds. Default: 5,000. */
  readonly deadline?: number;
  /** Called with a warning about the folder. Default: none is given. */
  readonly warn?: (text: string) => void;
}

/** The key and the value of a write that tests whether writes succeed. As large as a large registration. */
const PROBE = 'probe';
const PROBE_VALUE = 'x'.repeat(16_384);

interface Tables {
  readonly root: RootDatabase;
  readonly registrations: Database<Registration, string>;
  readonly keyPairs: Database<StoredKeyPair, string>;
  readonly revoked: Database<true, string>;
  readonly invites: Database<StoredInvite, string>;
  readonly credentials: Database<StoredCredential, string>;
}

/**
 * A store in a folder, with LMDB. It does not need a server, and acknowledged writes survive a crash. Only the owner can access
 * the folder and its files. One Kontrol at a time can use a folder.
 *
 * If the disk does not respond, a call rejects at its deadline, and further writes reject immediately until it has finished, so
 * that they do not queue up. A write that was rejected at its deadline may still take effect.
 */
export class FileStorage implements Storage {
  readonly name = 'file';
  readonly shared = false;
  readonly secrets = 'file-mode';
  readonly #folder: string;
  readonly #lock: FolderLock;
  readonly #clock: Clock;
  readonly #deadline: number;
  readonly #warn: (text: string) => void;
  #tables: Tables | undefined;
  /** Number of calls that exceeded their deadline and have not finished. */
  #overdue = 0;
  /** Why the last write failed. */
  #writeFailure: StorageError | undefined;

  constructor(
    folder: string,
    { clock = systemClock, deadline = STORAGE_DEADLINE, warn = () => {} }: FileStorageOptions = {},
  ) {
    this.#folder = folder;
    this.#clock = clock;
    this.#deadline = deadline;
    this.#warn = warn;
    this.#lock = new FolderLock(folder, { clock, deadline });
  }

  async open(): Promise<void> {
    try {
      await makeFolder(this.#folder);
    } catch (cause) {
      throw this.#error('unavailable', 'cannot be created', cause);
    }
    const stats = statSync(this.#folder);
    if (isOpenToOthers(stats)) {
      const reason =
        'belongs to another user, and can be written by others. Use a folder that only you can write';
      throw this.#error('broken', reason);
    }
    if (isWritableByAll(stats)) {
      throw new ConfigurationError(
        'homeWritable',
        `The folder ${this.#folder} can be written by all users, who could have put files in it. Check them, then restrict it with: chmod 700 ${shellQuote(this.#folder)}`,
      );
    }
    this.#restrict(stats);
    await this.#lock.acquire();
    try {
      this.#tables = await openTables(this.#folder);
    } catch (cause) {
      await this.#lock.release();
      throw this.#error('broken', 'cannot be opened', cause);
    }
  }

  /** Denies others the folder. Warns where this is not permitted, as in a volume of Kubernetes, whose folder belongs to root. */
  #restrict({ mode }: Stats): void {
    if (process.platform === 'win32' || (mode & 0o077) === 0) return;
    try {
      chmodSync(this.#folder, 0o700);
    } catch (cause) {
      this.#warn(
        `The data folder ${this.#folder} has the mode ${formatMode(mode)}, which cannot be changed (${systemErrorReason(cause)}): its group has access to the keys of Kontrol`,
      );
    }
  }

  async close(): Promise<void> {
    const tables = this.#tables;
    this.#tables = undefined;
    try {
      await this.#withDeadline(Promise.resolve(tables?.root.close()));
    } catch (cause) {
      throw this.#error('unavailable', 'cannot be closed', cause);
    } finally {
      await this.#lock.release();
    }
  }

  ping(): Promise<undefined> {
    if (this.#overdue > 0) return Promise.reject(this.#overdueError());
    // After a failed write, only a write shows whether the disk has space again.
    if (this.#writeFailure)
      return this.#write(({ root }) => {
        void root.put(PROBE, PROBE_VALUE);
        return undefined;
      });
    return this.#read(() => undefined);
  }

  registrations(): Promise<Registration[]> {
    return this.#read(({ registrations }) => valuesOf(registrations));
  }

  put(registration: Registration, now: number, ifAbsent = false): Promise<PutResult> {
    return this.#write(({ registrations }) => {
      const { id } = registration.kite;
      const result = checkOwner(registrations.get(id), { registration, now, ifAbsent });
      if (result === 'ok') void registrations.put(id, registration);
      return result;
    });
  }

  refresh(ids: readonly string[], expiresAt: number, node?: string): Promise<void> {
    return this.#write(({ registrations }) => {
      for (const id of ids) {
        const old = registrations.get(id);
        if (old && isHeldBy(old, node)) void registrations.put(id, refreshed(old, expiresAt));
      }
    });
  }

  silence(marks: readonly SilentMark[]): Promise<void> {
    return this.#write(({ registrations }) => {
      for (const mark of marks) {
        const marked = silenced(registrations.get(mark.id), mark);
        if (marked) void registrations.put(mark.id, marked);
      }
    });
  }

  delete(id: string, held: HeldEntry): Promise<void> {
    return this.#write(({ registrations }) => {
      if (isSameEntry(registrations.get(id), held)) void registrations.remove(id);
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
    return this.#read(({ keyPairs }) => valuesOf(keyPairs));
  }

  putKeyPair(pair: StoredKeyPair): Promise<void> {
    return this.#write(({ keyPairs }) => void keyPairs.put(pair.id, pair));
  }

  revokedKiteKeys(): Promise<string[]> {
    return this.#read(({ revoked }) => [...revoked.getKeys()]);
  }

  revokeKiteKey(jti: string): Promise<void> {
    return this.#write(({ revoked }) => void revoked.put(jti, true));
  }

  invites(): Promise<StoredInvite[]> {
    return this.#read(({ invites }) => valuesOf(invites));
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

  deleteInvites(username: string): Promise<number> {
    return this.#write(({ invites }) => {
      const own = valuesOf(invites).filter((invite) => invite.username === username);
      for (const { hash } of own) void invites.remove(hash);
      return own.length;
    });
  }

  credentials(username?: string): Promise<StoredCredential[]> {
    return this.#read(({ credentials }) =>
      valuesOf(credentials).filter((each) => username === undefined || each.username === username),
    );
  }

  putCredentials(list: readonly StoredCredential[]): Promise<void> {
    return this.#write(({ credentials }) => {
      for (const each of list) void credentials.put(each.id, mergeCredential(credentials.get(each.id), each));
    });
  }

  deleteCredentials(ids: readonly string[]): Promise<void> {
    return this.#write(({ credentials }) => {
      for (const id of ids) void credentials.remove(id);
    });
  }

  /** Does nothing: no other process can change the folder. */
  watch(): () => void {
    return () => {};
  }

  async #read<Result>(work: (tables: Tables) => Result): Promise<Result> {
    const tables = this.#requireOpen();
    try {
      return work(tables);
    } catch (cause) {
      throw this.#error('unavailable', 'cannot be read', cause);
    }
  }

  /** Runs synchronous work in a transaction, and resolves once it is on the disk. Concurrent writes share a transaction. */
  async #write<Result>(work: (tables: Tables) => Result): Promise<Result> {
    const tables = this.#requireOpen();
    if (this.#overdue > 0) throw this.#overdueError();
    try {
      const result = await this.#withDeadline(tables.root.transaction(() => work(tables)));
      this.#writeFailure = undefined;
      return result;
    } catch (cause) {
      this.#writeFailure = this.#error('unavailable', 'cannot be written', await commitReason(cause));
      throw this.#writeFailure;
    }
  }

  #requireOpen(): Tables {
    if (!this.#tables) throw this.#error('unavailable', 'is not open');
    return this.#tables;
  }

  async #withDeadline<Result>(work: Promise<Result>): Promise<Result> {
    const onTimeout = (): Error => {
      this.#overdue++;
      const onSettled = (): void => void this.#overdue--;
      work.then(onSettled, onSettled);
      return new Error(`no response within ${this.#deadline / 1000} s`);
    };
    return await withDeadline(work, { clock: this.#clock, ms: this.#deadline, onTimeout });
  }

  #overdueError(): StorageError {
    return this.#error('unavailable', 'a write did not finish in time; check the disk');
  }

  #error(code: StorageError['code'], problem: string, cause?: unknown): StorageError {
    const reason =
      cause === undefined ? '' : `: ${cause instanceof Error ? messageOf(cause) : JSON.stringify(cause)}`;
    return new StorageError(code, `The file store in ${this.#folder} ${problem}${reason}`, { cause });
  }
}

/** Whether a folder belongs to another user, and others than its owner and a group of this process can write to it. */
function isOpenToOthers({ uid, gid, mode }: Stats): boolean {
  if (process.platform === 'win32' || uid === process.getuid?.()) return false;
  return (mode & 0o002) !== 0 || isFolderOpen({ uid: 0, gid, mode: mode & 0o777 });
}

/** Whether every user can write to a folder. A sticky bit does not prevent others from adding files. */
function isWritableByAll({ mode }: Stats): boolean {
  return process.platform !== 'win32' && (mode & 0o002) !== 0;
}

async function openTables(folder: string): Promise<Tables> {
  // Imported lazily, because loading it takes a while.
  const { open } = await import('lmdb');
  // The types of lmdb do not declare the permissions.
  const options: RootDatabaseOptionsWithPath & { permissionsMode: number } = {
    path: folder,
    maxDbs: 8,
    encoding: 'json',
    // The files contain private keys.
    permissionsMode: 0o600,
    // A write is acknowledged only once it is on the disk.
    overlappingSync: false,
    // The promise of an internal batch would be rejected without a handler if a commit fails.
    eventTurnBatching: false,
  };
  const root = open(options);
  return {
    root,
    registrations: root.openDB({ name: 'registrations', encoding: 'json' }),
    keyPairs: root.openDB({ name: 'keyPairs', encoding: 'json' }),
    revoked: root.openDB({ name: 'revoked', encoding: 'json' }),
    invites: root.openDB({ name: 'invites', encoding: 'json' }),
    credentials: root.openDB({ name: 'credentials', encoding: 'json' }),
  };
}

/**
 * Returns why a transaction failed. lmdb rejects it with an error whose `commitError` is a promise, which rejects with the
 * reason. Without a handler, that rejection would end the process.
 */
async function commitReason(cause: unknown): Promise<unknown> {
  const { commitError } = (cause ?? {}) as { readonly commitError?: unknown };
  if (!(commitError instanceof Promise)) return cause;
  const unknownReason = new Promise((resolve) => setImmediate(resolve, cause));
  return Promise.race([commitError.catch((reason: unknown) => reason), unknownReason]);
}

function valuesOf<Value>(table: Database<Value, string>): Value[] {
  return Array.from(table.getRange(), ({ value }) => value);
}
