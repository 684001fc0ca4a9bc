import { createHash } from 'node:crypto';
import type { Clock } from '../../util/clock.js';
import { FIELD_LENGTH, type KontrolLimits } from '../limits/kontrol-limits.js';
import { nameProblem } from '../../protocol/identity-name.js';
import { mergeCredential } from '../storage/shared/entries.js';
import type { Storage, StoredCredential } from '../storage/shared/storage.js';
import type { Caller } from './caller.js';

export interface CredentialUsesOptions {
  readonly storage: Pick<Storage, 'credentials' | 'putCredentials' | 'deleteCredentials'>;
  readonly limits: Pick<KontrolLimits, 'credentialUses' | 'credentialsPerUser'>;
  readonly clock: Clock;
}

/** A credential, and whether the store has it. */
interface KnownCredential {
  credential: StoredCredential;
  stored: boolean;
}

/** The last use is recorded to the hour, so that few calls lead to a write. */
const HOUR = 3_600_000;
/** The last time that a `Date` can have. */
const MAX_TIME = 8.64e15;

/**
 * Records the kite keys and sessions that this node has issued or verified, and when each was last used, in the store: so the
 * record is the same at each node, and survives restarts. Changes are collected until `flush`.
 */
export class CredentialUses {
  readonly #options: CredentialUsesOptions;
  /** By user, and by what identifies the credential. The least recently used ones first. */
  readonly #users = new Map<string, Map<string, KnownCredential>>();
  #size = 0;
  /** What the store does not have yet, by id. */
  readonly #pending = new Map<string, KnownCredential>();
  /** The ids of credentials to delete from the store. */
  readonly #removed = new Set<string>();
  #flushing: Promise<void> = Promise.resolve();
  #expiredAt = 0;

  constructor(options: CredentialUsesOptions) {
    this.#options = options;
  }

  /** Loads what the nodes have recorded. Rejects with a StorageError. */
  async load(): Promise<void> {
    const credentials = await this.#options.storage.credentials();
    for (const credential of credentials.toSorted((a, b) => (a.lastUse ?? 0) - (b.lastUse ?? 0)))
      this.#add(keyOf(credential, credential.endsAt), { credential, stored: true });
    this.#removeEnded();
  }

  /** Records that a credential was issued. */
  issued(caller: Caller): void {
    this.#record(caller, undefined);
  }

  /** Records that a credential was used now. */
  used(caller: Caller): void {
    const now = this.#options.clock.now();
    this.#record(caller, now - (now % HOUR));
  }

  /** Whether there are changes that are not being written yet. */
  get hasChanges(): boolean {
    return this.#pending.size + this.#removed.size > 0;
  }

  /** Writes the changes to the store. Rejects with a StorageError; the changes are then written by the next call. */
  flush(): Promise<void> {
    const flushed = this.#flushing.catch(() => undefined).then(() => this.#write());
    this.#flushing = flushed;
    return flushed;
  }

  /** Returns the credentials of a user, or of all, that have not ended. Rejects with a StorageError. */
  async list(username?: string): Promise<readonly StoredCredential[]> {
    await this.flush();
    const now = this.#options.clock.now();
    return (await this.#options.storage.credentials(username)).filter((each) => !hasEnded(each, now));
  }

  #record(caller: Caller, lastUse: number | undefined): void {
    const endsAt = Number.isFinite(caller.sessionEnd) ? caller.sessionEnd : undefined;
    const key = keyOf(caller, endsAt);
    const known = this.#users.get(caller.username)?.get(key);
    if (known && isUpToDate(known.credential, lastUse, endsAt)) {
      this.#touch(caller.username, key, known);
      return;
    }
    if (!isRecordable(caller)) return;
    const { type, username, kiteKeyId, issuedAt } = caller;
    const id = known?.credential.id ?? createHash('sha256').update(key).digest('hex');
    const fresh = {
      id,
      type,
      username,
      kiteKeyId,
      issuedAt,
      ...(lastUse !== undefined && { lastUse }),
      ...(endsAt !== undefined && { endsAt }),
    };
    const changed = known ?? { credential: fresh, stored: false };
    changed.credential = mergeCredential(known?.credential, fresh);
    this.#add(key, changed);
    this.#pending.set(id, changed);
  }

  #add(key: string, known: KnownCredential): void {
    const { username } = known.credential;
    if (!this.#users.get(username)?.has(key)) {
      const { credentialUses, credentialsPerUser } = this.#options.limits;
      if ((this.#users.get(username)?.size ?? 0) >= credentialsPerUser) this.#removeOldest(username, true);
      const [leastRecent] = this.#users.keys();
      if (this.#size >= credentialUses && leastRecent !== undefined) this.#removeOldest(leastRecent, false);
      this.#size++;
    }
    this.#touch(username, key, known);
  }

  /** Makes a credential the most recently used one. */
  #touch(username: string, key: string, known: KnownCredential): void {
    const own = this.#users.get(username) ?? new Map<string, KnownCredential>();
    this.#users.delete(username);
    this.#users.set(username, own);
    own.delete(key);
    own.set(key, known);
  }

  /** Forgets the credential of a user that was not used for the longest time. `fromStore`: deletes it from the store too. */
  #removeOldest(username: string, fromStore: boolean): void {
    const [key] = this.#users.get(username)?.keys() ?? [];
    if (key !== undefined) this.#remove(username, key, fromStore);
  }

  #remove(username: string, key: string, fromStore: boolean): void {
    const own = this.#users.get(username);
    const known = own?.get(key);
    if (!own || !known) return;
    own.delete(key);
    if (own.size === 0) this.#users.delete(username);
    this.#size--;
    this.#pending.delete(known.credential.id);
    if (fromStore && known.stored) this.#removed.add(known.credential.id);
  }

  #removeEnded(): void {
    const now = this.#options.clock.now();
    this.#expiredAt = this.#options.clock.monotonic();
    for (const [username, own] of this.#users)
      for (const [key, { credential }] of own)
        if (hasEnded(credential, now)) this.#remove(username, key, true);
  }

  #isKnown(known: KnownCredential): boolean {
    const { credential } = known;
    return this.#users.get(credential.username)?.get(keyOf(credential, credential.endsAt)) === known;
  }

  async #write(): Promise<void> {
    const { storage, clock } = this.#options;
    if (clock.monotonic() - this.#expiredAt >= HOUR) this.#removeEnded();
    const [pending, removed] = [[...this.#pending], [...this.#removed]];
    this.#pending.clear();
    this.#removed.clear();
    try {
      if (removed.length > 0) await storage.deleteCredentials(removed);
      for (const [, known] of pending) known.stored = true;
      if (pending.length > 0) await storage.putCredentials(pending.map(([, { credential }]) => credential));
    } catch (error) {
      for (const id of removed) this.#removed.add(id);
      for (const [id, known] of pending) if (this.#isKnown(known)) this.#pending.set(id, known);
      throw error;
    }
  }
}

/** Whether each store can record a credential. Kontrol issues no others, but its private key may have signed them. */
function isRecordable({ username, kiteKeyId, issuedAt, sessionEnd }: Caller): boolean {
  const times = [issuedAt, Number.isFinite(sessionEnd) ? sessionEnd : 0];
  const texts = [username, kiteKeyId === '' ? '-' : kiteKeyId];
  return (
    texts.every((text) => nameProblem(text) === undefined && text.length <= FIELD_LENGTH) &&
    times.every((time) => time >= 0 && time <= MAX_TIME)
  );
}

/** Returns what identifies a credential. The end of a kite key changes when it is renewed; a session is identified by its end. */
function keyOf(
  {
    type,
    username,
    kiteKeyId,
    issuedAt,
  }: Pick<StoredCredential, 'type' | 'username' | 'kiteKeyId' | 'issuedAt'>,
  endsAt: number | undefined,
): string {
  return JSON.stringify([type, username, kiteKeyId, issuedAt, type === 'session' ? endsAt : 0]);
}

function isUpToDate(
  known: StoredCredential,
  lastUse: number | undefined,
  endsAt: number | undefined,
): boolean {
  return (known.lastUse ?? 0) >= (lastUse ?? 0) && (known.endsAt ?? 0) >= (endsAt ?? 0);
}

function hasEnded({ endsAt }: StoredCredential, now: number): boolean {
  return endsAt !== undefined && endsAt <= now;
}
