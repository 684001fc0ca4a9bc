import { afterEach, describe, expect, it } from 'vitest';
import type {
  Registration,
  Storage,
  StoredCredential,
  StoredKeyPair,
} from '../../../src/lib/kontrol/storage/shared/storage.js';
import { MemoryStorage } from '../../../src/lib/kontrol/storage/memory/memory-storage.js';
import {
  exportStore,
  StoreImport,
  type TransferCounts,
} from '../../../src/lib/kontrol/storage/store-transfer.js';
import { testIdentity } from '../kite/keys.js';

export const NOW = Date.UTC(2026, 0, 1) + 123;

/** The id of kite number `n`: some stores accept only UUIDs. */
export function idOf(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

/** The pair that signed every registration of these tests: some stores reject an unknown pair. */
export const PAIR: StoredKeyPair = {
  id: '11111111-0000-4000-8000-000000000001',
  publicKey: 'PUBLIC 1',
  privateKey: 'PRIVATE 1',
  createdAt: NOW,
  state: 'active',
};

const OTHER_PAIR: StoredKeyPair = {
  ...PAIR,
  id: '11111111-0000-4000-8000-000000000002',
  publicKey: 'PUBLIC 2',
  privateKey: 'PRIVATE 2',
};

export function registration(
  changes: Partial<Registration> & { id?: string; username?: string } = {},
): Registration {
  const { id = idOf(1), username = 'bob', ...rest } = changes;
  return {
    kite: testIdentity({ id, username }),
    url: 'http://127.0.0.1:3636/kite',
    keyId: PAIR.id,
    registeredAt: NOW,
    expiresAt: NOW + 90_000,
    ...rest,
  };
}

export function credential(changes: Partial<StoredCredential> = {}): StoredCredential {
  return { id: 'key', type: 'kiteKey', username: 'bob', kiteKeyId: 'jti-1', issuedAt: NOW, ...changes };
}

interface ExportedRecord {
  readonly type?: unknown;
  readonly id?: unknown;
  readonly hash?: unknown;
  readonly privateKey?: unknown;
  readonly kite?: { readonly id: string };
}

async function exportOf(storage: Storage): Promise<{ records: ExportedRecord[]; counts: TransferCounts }> {
  const lines = exportStore(storage, { secret: 'a secret' });
  const records: ExportedRecord[] = [];
  for (;;) {
    const { done, value } = await lines.next();
    if (done) return { records, counts: value };
    records.push(JSON.parse(JSON.stringify(value)) as ExportedRecord);
  }
}

async function importTo(storage: Storage, records: readonly ExportedRecord[]): Promise<TransferCounts> {
  const target = new StoreImport(storage, { secret: 'new', formerSecret: 'a secret' }, NOW);
  for (const record of records) await target.add(record);
  return target.finish();
}

/** Records without what differs between exports: their order, and how the private keys are encrypted. */
function comparable(records: readonly ExportedRecord[]): ExportedRecord[] {
  const nameOf = ({ type, id, hash, kite }: ExportedRecord): string => [type, id, hash, kite?.id].join(' ');
  return records
    .filter(({ type }) => type !== 'kontrolExport' && type !== 'end')
    .map((record) => ({ ...record, privateKey: undefined }))
    .toSorted((one, other) => nameOf(one).localeCompare(nameOf(other)));
}

/** The contract of every store. `make` returns the same store each time within one test. */
export function storageConformance(name: string, make: () => Storage, lasting: boolean): void {
  describe(`the ${name} store`, () => {
    const opened: Storage[] = [];
    const open = async (): Promise<Storage> => {
      const storage = make();
      await storage.open();
      opened.push(storage);
      await storage.putKeyPair(PAIR);
      return storage;
    };
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((storage) => storage.close()));
    });

    it('a store keeps registrations, and replaces one with the same id', async () => {
      const storage = await open();
      expect(await storage.put(registration(), NOW)).toBe('ok');
      expect(await storage.put(registration({ id: idOf(2) }), NOW)).toBe('ok');
      expect(await storage.put(registration({ url: 'http://other/kite' }), NOW)).toBe('ok');
      const stored = await storage.registrations();
      expect(stored).toHaveLength(2);
      expect(stored).toContainEqual(registration({ url: 'http://other/kite' }));
      expect(stored).toContainEqual(registration({ id: idOf(2) }));
    });

    it('a store gives an id to another user only after it expired', async () => {
      const storage = await open();
      await storage.put(registration(), NOW);
      const theirs = registration({ username: 'mallory', expiresAt: NOW + 200_000 });
      expect(await storage.put(theirs, NOW)).toBe('taken');
      expect(await storage.registrations()).toEqual([registration()]);
      expect(await storage.put(theirs, NOW + 90_000)).toBe('ok');
      expect(await storage.registrations()).toEqual([theirs]);
    });

    it('a store gives an id to one of two users who register it at the same time', async () => {
      const storage = await open();
      const results = await Promise.all([
        storage.put(registration({ username: 'bob' }), NOW),
        storage.put(registration({ username: 'alice' }), NOW),
      ]);
      expect(results.toSorted()).toEqual(['ok', 'taken']);
    });

    it('a store keeps each of many registrations at the same time', async () => {
      const storage = await open();
      const many = Array.from({ length: 1200 }, (_, n) => registration({ id: idOf(n) }));
      expect(new Set(await Promise.all(many.map((each) => storage.put(each, NOW))))).toEqual(new Set(['ok']));
      const stored = await storage.registrations();
      expect(new Set(stored.map(({ kite }) => kite.id))).toEqual(new Set(many.map(({ kite }) => kite.id)));
    });

    it('a store refreshes the expiry of existing entries only', async () => {
      const storage = await open();
      await storage.put(registration(), NOW);
      await storage.refresh([idOf(1), idOf(9), 'no-uuid'], NOW + 500_000);
      expect(await storage.registrations()).toEqual([registration({ expiresAt: NOW + 500_000 })]);
    });

    it('a store marks existing entries as silent until they are put or refreshed', async () => {
      const storage = await open();
      const [first, second] = [registration(), registration({ id: idOf(2) })];
      await Promise.all([storage.put(first, NOW), storage.put(second, NOW)]);
      const mark = (id: string, silentSince: number) => ({ id, silentSince, expiresAt: NOW + 90_000 });
      const silenceAll = (at: number) =>
        storage.silence([idOf(1), idOf(2), idOf(9), 'no-uuid'].map((id) => mark(id, at)));
      const silent = (silentSince: number) => [first, second].map((each) => ({ ...each, silentSince }));
      await silenceAll(NOW + 1);
      expect(byIds(await storage.registrations())).toEqual(silent(NOW + 1));
      await silenceAll(NOW + 2);
      expect(byIds(await storage.registrations())).toEqual(silent(NOW + 2));
      await storage.refresh([idOf(1)], NOW + 95_000);
      await storage.put({ ...second, expiresAt: NOW + 96_000 }, NOW);
      const heard = [
        { ...first, expiresAt: NOW + 95_000 },
        { ...second, expiresAt: NOW + 96_000 },
      ];
      expect(byIds(await storage.registrations())).toEqual(heard);
      // By a node that does not know yet that the kite has registered at another one.
      await storage.silence([mark(idOf(2), NOW + 3)]);
      expect(byIds(await storage.registrations())).toEqual(heard);
    });

    it('a store marks thousands of entries as silent at the same time', async () => {
      const storage = await open();
      const many = Array.from({ length: 1200 }, (_, n) => registration({ id: idOf(n) }));
      await Promise.all(many.map((each) => storage.put(each, NOW)));
      await storage.silence(
        many.map(({ kite, expiresAt }) => ({ id: kite.id, silentSince: NOW + 1, expiresAt })),
      );
      const stored = await storage.registrations();
      expect(stored.filter(({ silentSince }) => silentSince === NOW + 1)).toHaveLength(1200);
    });

    it('a store removes an entry only if it has not been replaced', async () => {
      const storage = await open();
      await storage.put(registration(), NOW);
      await storage.delete(idOf(1), { url: 'http://other/kite' });
      expect(await storage.registrations()).toHaveLength(1);
      await storage.delete(idOf(1), { url: registration().url });
      await storage.delete('no-uuid', { url: registration().url });
      expect(await storage.registrations()).toEqual([]);
    });

    it('a store lets a node refresh, mark and remove only the entries of kites that have registered at it', async () => {
      const storage = await open();
      const held = registration({ node: 'b' });
      await storage.put(registration({ node: 'a' }), NOW);
      await storage.put(held, NOW);
      const { url, expiresAt } = held;
      const mark = { id: idOf(1), silentSince: NOW + 1, expiresAt };
      await storage.refresh([idOf(1)], NOW + 500_000, 'a');
      await storage.silence([{ ...mark, node: 'a' }]);
      await storage.delete(idOf(1), { url, node: 'a' });
      expect(await storage.registrations()).toEqual([held]);
      await storage.silence([{ ...mark, node: 'b' }]);
      expect(await storage.registrations()).toEqual([{ ...held, silentSince: NOW + 1 }]);
      await storage.refresh([idOf(1)], NOW + 500_000, 'b');
      expect(await storage.registrations()).toEqual([{ ...held, expiresAt: NOW + 500_000 }]);
      await storage.delete(idOf(1), { url, node: 'b' });
      expect(await storage.registrations()).toEqual([]);
    });

    it('a store lets any node refresh and remove an entry that an earlier version has written', async () => {
      const storage = await open();
      await storage.put(registration(), NOW);
      await storage.refresh([idOf(1)], NOW + 500_000, 'a');
      expect(await storage.registrations()).toEqual([registration({ expiresAt: NOW + 500_000 })]);
      await storage.delete(idOf(1), { url: registration().url, node: 'a' });
      expect(await storage.registrations()).toEqual([]);
    });

    it('a store restores an entry only if there is none', async () => {
      const storage = await open();
      expect(await storage.put(registration({ node: 'a' }), NOW, true)).toBe('ok');
      expect(await storage.put(registration({ node: 'b' }), NOW + 900_000, true)).toBe('taken');
      expect(await storage.registrations()).toEqual([registration({ node: 'a' })]);
    });

    it('a store has after an import what another store exports, and exports the same again', async () => {
      const storage = await open();
      const source = new MemoryStorage();
      for (const pair of [PAIR, { ...OTHER_PAIR, state: 'revoked' as const }]) await source.putKeyPair(pair);
      await source.revokeKiteKey('jti-1');
      await source.putCredentials([credential(), credential({ id: 'other', type: 'session', lastUse: NOW })]);
      await source.putInvite({ hash: 'h1', username: 'bob', expiresAt: NOW + 1000, keyTtl: 5 });
      await source.put(registration(), NOW);
      await source.put(registration({ id: idOf(2), username: 'alice' }), NOW);
      // It has expired when the export is imported.
      await source.put(registration({ id: idOf(3), expiresAt: NOW - 2 }), NOW - 1000);
      const { records, counts } = await exportOf(source);
      expect(counts).toEqual({ keyPair: 2, revokedKiteKey: 1, credential: 2, invite: 1, registration: 3 });
      expect(JSON.stringify(records)).not.toContain('PRIVATE');
      // An import that was interrupted can be repeated.
      await expect(importTo(storage, records.slice(0, -1))).rejects.toThrow('incomplete');
      expect(await importTo(storage, records)).toEqual({ ...counts, registration: 2 });
      expect(await sortedPairs(storage)).toEqual(await sortedPairs(source));
      const isKept = ({ kite }: ExportedRecord): boolean => kite?.id !== idOf(3);
      const again = await exportOf(storage);
      expect(comparable(again.records)).toEqual(comparable(records.filter(isKept)));
    });

    it('a store sweeps expired entries', async () => {
      const storage = await open();
      await storage.put(registration(), NOW);
      await storage.put(registration({ id: idOf(2), expiresAt: NOW + 300_000 }), NOW);
      await storage.putInvite({ hash: 'old', username: 'bob', expiresAt: NOW + 1 });
      await storage.sweep(NOW + 100_000);
      expect((await storage.registrations()).map(({ kite }) => kite.id)).toEqual([idOf(2)]);
      expect(await storage.takeInvite('old', NOW)).toBeUndefined();
    });

    it('a store keeps key pairs by their id', async () => {
      const storage = await open();
      await storage.putKeyPair(OTHER_PAIR);
      expect(await sortedPairs(storage)).toEqual([PAIR, OTHER_PAIR]);
      await storage.putKeyPair({ ...PAIR, state: 'retired' });
      expect(await sortedPairs(storage)).toEqual([{ ...PAIR, state: 'retired' }, OTHER_PAIR]);
      await storage.putKeyPair({ ...PAIR, state: 'revoked' });
      await storage.putKeyPair({ ...OTHER_PAIR, state: 'retired' });
      expect((await sortedPairs(storage)).map(({ state }) => state)).toEqual(['revoked', 'retired']);
    });

    it('a store keeps the revoked kite keys', async () => {
      const storage = await open();
      await storage.revokeKiteKey('jti-1');
      await storage.revokeKiteKey('jti-1');
      await storage.revokeKiteKey('jti-2');
      expect((await storage.revokedKiteKeys()).toSorted()).toEqual(['jti-1', 'jti-2']);
    });

    it('a store redeems an invite once, and not after it expired', async () => {
      const storage = await open();
      const invite = { hash: 'h1', username: 'bob', expiresAt: NOW + 1000 };
      await storage.putInvite(invite);
      const takers = await Promise.all([storage.takeInvite('h1', NOW), storage.takeInvite('h1', NOW)]);
      expect(takers.filter((taken) => taken !== undefined)).toEqual([invite]);
      await storage.putInvite(invite);
      expect(await storage.takeInvite('h1', NOW + 1000)).toBeUndefined();
      expect(await storage.takeInvite('unknown', NOW)).toBeUndefined();
    });

    it('a store lists its invites', async () => {
      const storage = await open();
      const invites = ['h1', 'h2'].map((hash) => ({ hash, username: 'bob', expiresAt: NOW + 1000 }));
      for (const invite of invites) await storage.putInvite(invite);
      await storage.putInvite({ hash: 'h3', username: 'alice', expiresAt: NOW + 1000, keyTtl: 5 });
      await storage.takeInvite('h2', NOW);
      const listed = (await storage.invites()).toSorted((one, other) => one.hash.localeCompare(other.hash));
      expect(listed).toEqual([
        invites[0],
        { hash: 'h3', username: 'alice', expiresAt: NOW + 1000, keyTtl: 5 },
      ]);
    });

    it('a store keeps the lifetime of the kite key that an invite is for', async () => {
      const storage = await open();
      const invite = { hash: 'h1', username: 'bob', expiresAt: NOW + 1000, keyTtl: 90 * 24 * 3_600_000 };
      await storage.putInvite(invite);
      expect(await storage.takeInvite('h1', NOW)).toEqual(invite);
    });

    it('a store deletes the invites of one user', async () => {
      const storage = await open();
      const [first, second, other] = ['h1', 'h2', 'h3'].map((hash, index) => ({
        hash,
        username: index < 2 ? 'bob' : 'alice',
        expiresAt: NOW + 1000,
      }));
      for (const invite of [first, second, other]) if (invite) await storage.putInvite(invite);
      expect(await storage.deleteInvites('bob')).toBe(2);
      expect(await storage.deleteInvites('bob')).toBe(0);
      expect(await storage.takeInvite('h1', NOW)).toBeUndefined();
      expect(await storage.takeInvite('h3', NOW)).toEqual(other);
    });

    it('a store keeps credentials, and the latest use and end of each', async () => {
      const storage = await open();
      const session = credential({ id: 'session', type: 'session', endsAt: NOW + 1000 });
      await storage.putCredentials([credential(), session, credential({ id: 'other', username: 'alice' })]);
      await storage.putCredentials([credential({ lastUse: NOW + 10 }), credential({ id: 'session' })]);
      await storage.putCredentials([credential({ lastUse: NOW + 5 })]);
      await storage.putCredentials([{ ...session, endsAt: NOW + 2000, lastUse: NOW }]);
      await storage.putCredentials([]);
      const ofBob = (await storage.credentials('bob')).toSorted((a, b) => a.id.localeCompare(b.id));
      expect(ofBob).toEqual([
        credential({ lastUse: NOW + 10 }),
        { ...session, endsAt: NOW + 2000, lastUse: NOW },
      ]);
      expect(await storage.credentials()).toHaveLength(3);
      expect(await storage.credentials('nobody')).toEqual([]);
    });

    it('a store keeps many credentials, and deletes some', async () => {
      const storage = await open();
      const many = Array.from({ length: 300 }, (_, n) => credential({ id: `id-${n}` }));
      await storage.putCredentials(many);
      expect(await storage.credentials()).toHaveLength(300);
      await storage.deleteCredentials([...many.slice(1).map(({ id }) => id), 'unknown']);
      expect(await storage.credentials()).toEqual([credential({ id: 'id-0' })]);
    });

    it('a store answers a ping while it is open', async () => {
      const storage = await open();
      expect(['undefined', 'number']).toContain(typeof (await storage.ping()));
    });

    it(`a store has ${lasting ? 'everything' : 'nothing'} after it is closed and opened again`, async () => {
      const storage = await open();
      await storage.put(registration(), NOW);
      await storage.revokeKiteKey('jti-1');
      await storage.putCredentials([credential({ lastUse: NOW })]);
      await storage.close();
      const again = await open();
      expect(await again.registrations()).toEqual(lasting ? [registration()] : []);
      expect(await again.revokedKiteKeys()).toEqual(lasting ? ['jti-1'] : []);
      expect(await again.credentials('bob')).toEqual(lasting ? [credential({ lastUse: NOW })] : []);
    });
  });
}

function byIds(registrations: readonly Registration[]): Registration[] {
  return registrations.toSorted((one, other) => one.kite.id.localeCompare(other.kite.id));
}

async function sortedPairs(storage: Storage): Promise<StoredKeyPair[]> {
  return (await storage.keyPairs()).toSorted((a, b) => a.id.localeCompare(b.id));
}
