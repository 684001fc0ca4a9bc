import {
  checkOwner,
  isHeldBy,
  isSameEntry,
  mergeCredential,
  refreshed,
  silenced,
  unexpired,
} from '../shared/entries.js';
import type {
  HeldEntry,
  PutResult,
  Registration,
  SilentMark,
  Storage,
  StoredCredential,
  StoredInvite,
  StoredKeyPair,
} from '../shared/storage.js';

/** A store in the memory of this process, for tests and development. Its content is lost when the process ends. */
export class MemoryStorage implements Storage {
  readonly name = 'memory';
  readonly shared = false;
  readonly secrets = 'memory';
  readonly #registrations = new Map<string, Registration>();
  readonly #keyPairs = new Map<string, StoredKeyPair>();
  readonly #revoked = new Set<string>();
  readonly #invites = new Map<string, StoredInvite>();
  readonly #credentials = new Map<string, StoredCredential>();

  open(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  ping(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  registrations(): Promise<Registration[]> {
    return Promise.resolve([...this.#registrations.values()]);
  }

  put(registration: Registration, now: number, ifAbsent = false): Promise<PutResult> {
    const { id } = registration.kite;
    const result = checkOwner(this.#registrations.get(id), { registration, now, ifAbsent });
    if (result === 'ok') this.#registrations.set(id, registration);
    return Promise.resolve(result);
  }

  refresh(ids: readonly string[], expiresAt: number, node?: string): Promise<void> {
    for (const id of ids) {
      const old = this.#registrations.get(id);
      if (old && isHeldBy(old, node)) this.#registrations.set(id, refreshed(old, expiresAt));
    }
    return Promise.resolve();
  }

  silence(marks: readonly SilentMark[]): Promise<void> {
    for (const mark of marks) {
      const marked = silenced(this.#registrations.get(mark.id), mark);
      if (marked) this.#registrations.set(mark.id, marked);
    }
    return Promise.resolve();
  }

  delete(id: string, held: HeldEntry): Promise<void> {
    if (isSameEntry(this.#registrations.get(id), held)) this.#registrations.delete(id);
    return Promise.resolve();
  }

  sweep(now: number): Promise<void> {
    for (const [id, { expiresAt }] of this.#registrations) {
      if (expiresAt < now) this.#registrations.delete(id);
    }
    for (const [hash, invite] of this.#invites) if (!unexpired(invite, now)) this.#invites.delete(hash);
    return Promise.resolve();
  }

  keyPairs(): Promise<StoredKeyPair[]> {
    return Promise.resolve([...this.#keyPairs.values()]);
  }

  putKeyPair(pair: StoredKeyPair): Promise<void> {
    this.#keyPairs.set(pair.id, pair);
    return Promise.resolve();
  }

  revokedKiteKeys(): Promise<string[]> {
    return Promise.resolve([...this.#revoked]);
  }

  revokeKiteKey(jti: string): Promise<void> {
    this.#revoked.add(jti);
    return Promise.resolve();
  }

  invites(): Promise<StoredInvite[]> {
    return Promise.resolve([...this.#invites.values()]);
  }

  putInvite(invite: StoredInvite): Promise<void> {
    this.#invites.set(invite.hash, invite);
    return Promise.resolve();
  }

  takeInvite(hash: string, now: number): Promise<StoredInvite | undefined> {
    const invite = this.#invites.get(hash);
    this.#invites.delete(hash);
    return Promise.resolve(unexpired(invite, now));
  }

  deleteInvites(username: string): Promise<number> {
    const own = [...this.#invites.values()].filter((invite) => invite.username === username);
    for (const { hash } of own) this.#invites.delete(hash);
    return Promise.resolve(own.length);
  }

  credentials(username?: string): Promise<StoredCredential[]> {
    const all = [...this.#credentials.values()];
    return Promise.resolve(username === undefined ? all : all.filter((each) => each.username === username));
  }

  putCredentials(credentials: readonly StoredCredential[]): Promise<void> {
    for (const each of credentials)
      this.#credentials.set(each.id, mergeCredential(this.#credentials.get(each.id), each));
    return Promise.resolve();
  }

  deleteCredentials(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#credentials.delete(id);
    return Promise.resolve();
  }

  /** Does nothing: no other process can change the store. */
  watch(): () => void {
    return () => {};
  }
}
