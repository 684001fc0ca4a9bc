import {
  checkOwner,
  isHeldBy,
  isSameEntry,
  mergeCredential,
  refreshed,
  silenced,
} from '../../../src/lib/kontrol/storage/shared/entries.js';
import {
  type HeldEntry,
  type PutResult,
  type Registration,
  type SilentMark,
  type Storage,
  type StorageChange,
  StorageError,
  type StoredCredential,
  type StoredInvite,
  type StoredKeyPair,
} from '../../../src/lib/kontrol/storage/shared/storage.js';

/** A store in memory that two Kontrols can share, that counts calls, and that a test can make unavailable. */
export class FakeStorage implements Storage {
  readonly name = 'memory';
  readonly secrets = 'memory';
  readonly shared = true;
  readonly stored = new Map<string, Registration>();
  readonly pairs = new Map<string, StoredKeyPair>();
  readonly pendingInvites = new Map<string, StoredInvite>();
  readonly revoked = new Set<string>();
  readonly recorded = new Map<string, StoredCredential>();
  readonly calls: string[] = [];
  readonly #listeners = new Set<(change: StorageChange) => void>();
  /** The clock of the store. Undefined: it has none. */
  time: (() => number) | undefined;
  /** While true, every call rejects. */
  down = false;
  /** While set, writes of registrations wait for it. */
  writeGate: Promise<void> | undefined;
  /** The number of registrations that wait. */
  waiting = 0;

  open(): Promise<void> {
    return this.#do('open', () => {});
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  ping(): Promise<number | undefined> {
    return this.#do('ping', () => this.time?.());
  }

  registrations(): Promise<Registration[]> {
    return this.#do('registrations', () => [...this.stored.values()]);
  }

  async put(registration: Registration, now: number, ifAbsent = false): Promise<PutResult> {
    if (this.writeGate) {
      this.waiting++;
      await this.writeGate;
      this.waiting--;
    }
    return this.#do('put', () => {
      const old = this.stored.get(registration.kite.id);
      if (checkOwner(old, { registration, now, ifAbsent }) === 'taken') return 'taken';
      this.stored.set(registration.kite.id, registration);
      this.emit({ type: 'put', registration });
      return 'ok';
    });
  }

  refresh(ids: readonly string[], expiresAt: number, node?: string): Promise<void> {
    return this.#do('refresh', () => {
      for (const id of ids) {
        const old = this.stored.get(id);
        if (!old || !isHeldBy(old, node)) continue;
        const registration = refreshed(old, expiresAt);
        this.stored.set(id, registration);
        this.emit({ type: 'put', registration });
      }
    });
  }

  silence(marks: readonly SilentMark[]): Promise<void> {
    return this.#do('silence', () => {
      for (const mark of marks) {
        const registration = silenced(this.stored.get(mark.id), mark);
        if (!registration) continue;
        this.stored.set(mark.id, registration);
        this.emit({ type: 'put', registration });
      }
    });
  }

  delete(id: string, held: HeldEntry): Promise<void> {
    return this.#do('delete', () => {
      if (isSameEntry(this.stored.get(id), held) && this.stored.delete(id)) this.emit({ type: 'delete', id });
    });
  }

  sweep(now: number): Promise<void> {
    return this.#do('sweep', () => {
      for (const [id, { expiresAt }] of this.stored) if (expiresAt < now) this.stored.delete(id);
    });
  }

  keyPairs(): Promise<StoredKeyPair[]> {
    return this.#do('keyPairs', () => [...this.pairs.values()]);
  }

  putKeyPair(pair: StoredKeyPair): Promise<void> {
    return this.#do('putKeyPair', () => {
      this.pairs.set(pair.id, pair);
      this.emit({ type: 'keys' });
    });
  }

  revokedKiteKeys(): Promise<string[]> {
    return this.#do('revokedKiteKeys', () => [...this.revoked]);
  }

  revokeKiteKey(jti: string): Promise<void> {
    return this.#do('revokeKiteKey', () => {
      this.revoked.add(jti);
      this.emit({ type: 'keys' });
    });
  }

  invites(): Promise<StoredInvite[]> {
    return this.#do('invites', () => [...this.pendingInvites.values()]);
  }

  putInvite(invite: StoredInvite): Promise<void> {
    return this.#do('putInvite', () => void this.pendingInvites.set(invite.hash, invite));
  }

  takeInvite(hash: string, now: number): Promise<StoredInvite | undefined> {
    return this.#do('takeInvite', () => {
      const invite = this.pendingInvites.get(hash);
      this.pendingInvites.delete(hash);
      return invite && invite.expiresAt > now ? invite : undefined;
    });
  }

  deleteInvites(username: string): Promise<number> {
    return this.#do('deleteInvites', () => {
      const own = [...this.pendingInvites.values()].filter((invite) => invite.username === username);
      for (const { hash } of own) this.pendingInvites.delete(hash);
      return own.length;
    });
  }

  credentials(username?: string): Promise<StoredCredential[]> {
    return this.#do('credentials', () =>
      [...this.recorded.values()].filter((each) => username === undefined || each.username === username),
    );
  }

  putCredentials(credentials: readonly StoredCredential[]): Promise<void> {
    return this.#do('putCredentials', () => {
      for (const each of credentials)
        this.recorded.set(each.id, mergeCredential(this.recorded.get(each.id), each));
    });
  }

  deleteCredentials(ids: readonly string[]): Promise<void> {
    return this.#do('deleteCredentials', () => {
      for (const id of ids) this.recorded.delete(id);
    });
  }

  watch(listener: (change: StorageChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Notifies of a change as if another node had made it. */
  emit(change: StorageChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  #do<Result>(call: string, work: () => Result): Promise<Result> {
    this.calls.push(call);
    if (this.down) {
      const message = 'The memory store cannot be reached: a test took it away';
      return Promise.reject(new StorageError('unavailable', message));
    }
    return Promise.resolve(work());
  }
}
