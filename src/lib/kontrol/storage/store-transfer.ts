import { KiteError } from '../../protocol/errors.js';
import { record } from '../../util/record.js';
import { readCredential, readInvite, readKeyPair, readRegistration } from './shared/read-records.js';
import { Sealer } from './shared/sealer.js';
import {
  isStorageError,
  type Registration,
  type Storage,
  type StoredCredential,
  type StoredKeyPair,
} from './shared/storage.js';

/** The version of the format. A reader refuses others. */
const VERSION = 1;

/** Number of writes that are made concurrently. Stores on a server combine them. */
const CONCURRENT_WRITES = 256;

/** Number of records by their type. */
export type TransferCounts = Record<RecordType, number>;

type RecordType = 'keyPair' | 'revokedKiteKey' | 'credential' | 'invite' | 'registration';

function noCounts(): TransferCounts {
  return { keyPair: 0, revokedKiteKey: 0, credential: 0, invite: 0, registration: 0 };
}

/** The secrets that encrypt the private keys of an export. */
export interface TransferSecrets {
  readonly secret?: string;
  readonly formerSecret?: string;
}

/**
 * Yields what is in a store, as records of JSON: first `{type: 'kontrolExport', version, from}`, then each key pair, revoked kite
 * key, credential, invite and registration, and at last `{type: 'end', records}`, without which an export is incomplete. The
 * secret encrypts the private keys. Nodes can write to the store meanwhile: what they change is exported as it was before or after.
 */
export async function* exportStore(
  storage: Storage,
  { secret }: { readonly secret: string },
): AsyncGenerator<Readonly<Record<string, unknown>>, TransferCounts> {
  const counts = noCounts();
  const sealer = new Sealer(secret);
  const made = (type: RecordType, fields: object): Readonly<Record<string, unknown>> => {
    counts[type]++;
    return { type, ...fields };
  };
  yield { type: 'kontrolExport', version: VERSION, from: storage.name };
  for (const pair of await storage.keyPairs())
    yield made('keyPair', { ...pair, privateKey: await sealer.seal(pair.privateKey, pair.id) });
  for (const id of await storage.revokedKiteKeys()) yield made('revokedKiteKey', { id });
  // The type of a credential has another name here.
  for (const { type: kind, ...credential } of await storage.credentials())
    yield made('credential', { ...credential, kind });
  for (const invite of await storage.invites()) yield made('invite', invite);
  for (const registration of await storage.registrations()) yield made('registration', registration);
  yield { type: 'end', records: Object.values(counts).reduce((sum, count) => sum + count) };
  return counts;
}

/**
 * Writes the records of an export to a store: `add` for each, then `finish`. A record replaces what the store has under its id, so
 * an import that was interrupted can be repeated.
 */
export class StoreImport {
  readonly #storage: Storage;
  readonly #sealer: Sealer;
  readonly #now: number;
  readonly #counts = noCounts();
  /** The key pairs. They are written when the last one was read. */
  #pairs: StoredKeyPair[] | undefined = [];
  #credentials: StoredCredential[] = [];
  readonly #writes = new Set<Promise<void>>();
  #failure: { readonly reason: unknown } | undefined;
  #hasBegun = false;
  #hasEnded = false;
  /** Registrations that were not written, because they have expired, or because their id belongs to another user. */
  skipped = 0;

  constructor(storage: Storage, { secret, formerSecret }: TransferSecrets, now: number) {
    this.#storage = storage;
    this.#sealer = new Sealer(secret, formerSecret);
    this.#now = now;
  }

  /**
   * Writes a record. May return before it is written.
   *
   * @throws KiteError `argumentError` if it is not a record of an export, if its private key cannot be decrypted, or if the store
   *   has key pairs that the export does not have; StorageError if the store cannot be written
   */
  async add(value: unknown): Promise<void> {
    const fields = record(value);
    const { type } = fields;
    if (!this.#hasBegun) return this.#begin(fields);
    if (this.#hasEnded) throw malformed('follows the end of the export');
    if (type === 'keyPair') return this.#addPair(fields);
    await this.#writePairs();
    if (type === 'end') return this.#end(fields);
    const write = this.#writeOf(fields);
    if (!write) throw malformed('is not a record of an export of Kontrol');
    this.#counts[type as RecordType]++;
    await this.#run(write);
  }

  /**
   * Resolves with the number of records that were written.
   *
   * @throws KiteError `argumentError` if the export is incomplete; StorageError if the store cannot be written
   */
  async finish(): Promise<TransferCounts> {
    await this.#flush();
    if (!this.#hasEnded)
      throw new KiteError(
        'argumentError',
        'The export is incomplete: its last line is missing. What it contains was imported',
      );
    return { ...this.#counts, registration: this.#counts.registration - this.skipped };
  }

  #begin({ type, version }: Readonly<Record<string, unknown>>): void {
    if (type !== 'kontrolExport') throw malformed('does not begin an export of Kontrol');
    if (version !== VERSION)
      throw malformed(
        `has the version ${JSON.stringify(version)}, and this kitectl reads version ${VERSION}`,
      );
    this.#hasBegun = true;
  }

  async #addPair(fields: Readonly<Record<string, unknown>>): Promise<void> {
    const pair = readKeyPair(fields);
    if (!pair) throw malformed('is not a key pair');
    if (!this.#pairs) throw malformed('is a key pair, which must precede the other records');
    this.#counts.keyPair++;
    this.#pairs.push({ ...pair, privateKey: await this.#openKey(pair) });
  }

  async #openKey({ id, privateKey }: StoredKeyPair): Promise<string> {
    try {
      return await this.#sealer.open(privateKey, id);
    } catch (error) {
      if (!isStorageError(error)) throw error;
      throw malformed(
        'has a private key that cannot be decrypted with KONTROL_SECRET or KONTROL_FORMER_SECRET',
      );
    }
  }

  async #writePairs(): Promise<void> {
    const pairs = this.#pairs;
    if (!pairs) return;
    this.#pairs = undefined;
    const ids = new Set(pairs.map(({ id }) => id));
    const other = (await this.#storage.keyPairs()).find(({ id }) => !ids.has(id));
    if (other)
      throw new KiteError(
        'argumentError',
        `The store has the key pair ${other.id}, which is not in the export: it belongs to another Kontrol`,
      );
    for (const pair of pairs) await this.#storage.putKeyPair(pair);
  }

  async #end({ records }: Readonly<Record<string, unknown>>): Promise<void> {
    const read = Object.values(this.#counts).reduce((sum, count) => sum + count);
    if (records !== read)
      throw new KiteError(
        'argumentError',
        `The export is incomplete: it had ${JSON.stringify(records)} records, and ${read} were read`,
      );
    await this.#flush();
    this.#hasEnded = true;
  }

  /** Returns a function that writes a record; undefined if it is malformed. */
  #writeOf(fields: Readonly<Record<string, unknown>>): (() => Promise<void>) | undefined {
    const storage = this.#storage;
    const { type, id, kind } = fields;
    switch (type) {
      case 'revokedKiteKey':
        return typeof id === 'string' ? () => storage.revokeKiteKey(id) : undefined;
      case 'credential': {
        const credential = readCredential({ ...fields, type: kind });
        return credential && (() => this.#putCredential(credential));
      }
      case 'invite': {
        const invite = readInvite(fields);
        return invite && (() => storage.putInvite(invite));
      }
      case 'registration': {
        const registration = readRegistration(fields);
        return registration && (() => this.#putRegistration(registration));
      }
      default:
        return undefined;
    }
  }

  async #putCredential(credential: StoredCredential): Promise<void> {
    this.#credentials.push(credential);
    if (this.#credentials.length >= CONCURRENT_WRITES)
      await this.#storage.putCredentials(this.#credentials.splice(0));
  }

  async #putRegistration(registration: Registration): Promise<void> {
    const isLive = registration.expiresAt > this.#now;
    if (!isLive || (await this.#storage.put(registration, this.#now)) === 'taken') this.skipped++;
  }

  /** Starts a write. Waits while there are too many. */
  async #run(write: () => Promise<void>): Promise<void> {
    this.#throwIfFailed();
    const writing: Promise<void> = write()
      .catch((reason: unknown) => void (this.#failure ??= { reason }))
      .finally(() => this.#writes.delete(writing));
    this.#writes.add(writing);
    if (this.#writes.size >= CONCURRENT_WRITES) await Promise.race(this.#writes);
  }

  async #flush(): Promise<void> {
    await Promise.all(this.#writes);
    this.#throwIfFailed();
    if (this.#credentials.length > 0) await this.#storage.putCredentials(this.#credentials.splice(0));
  }

  #throwIfFailed(): void {
    if (this.#failure) throw this.#failure.reason;
  }
}

function malformed(problem: string): KiteError {
  return new KiteError('argumentError', `The record ${problem}`);
}
