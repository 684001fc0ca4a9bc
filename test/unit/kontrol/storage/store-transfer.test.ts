import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../../../src/lib/kontrol/storage/memory/memory-storage.js';
import { exportStore, StoreImport } from '../../../../src/lib/kontrol/storage/store-transfer.js';
import { FakeStorage } from '../../../helpers/storage/fake-storage.js';
import { idOf, NOW, PAIR, registration } from '../../../helpers/storage/storage-conformance.js';

const BEGIN = { type: 'kontrolExport', version: 1, from: 'file' };

async function importing(records: readonly unknown[], storage = new MemoryStorage()): Promise<unknown> {
  const target = new StoreImport(storage, { secret: 'a secret' }, NOW);
  for (const record of records) await target.add(record);
  return target.finish();
}

describe('an import into a store', () => {
  it.each<[string, unknown[], string]>([
    ['nothing', [], 'its last line is missing'],
    ['a value that is not an object', [5], 'does not begin an export'],
    ['no begin', [{ type: 'end', records: 0 }], 'does not begin an export'],
    ['another version', [{ ...BEGIN, version: 2 }], 'has the version 2, and this kitectl reads version 1'],
    ['no end', [BEGIN], 'its last line is missing'],
    ['a record too few', [BEGIN, { type: 'end', records: 1 }], 'it had 1 records, and 0 were read'],
    ['a record after the end', [BEGIN, { type: 'end', records: 0 }, BEGIN], 'follows the end'],
    ['an unknown record', [BEGIN, { type: 'password' }], 'is not a record of an export'],
    ['a key pair without a key', [BEGIN, { type: 'keyPair', id: 'a' }], 'is not a key pair'],
    [
      'a late key pair',
      [BEGIN, { type: 'revokedKiteKey', id: 'a' }, { ...PAIR, type: 'keyPair' }],
      'must precede',
    ],
    [
      'a key that another secret encrypts',
      [BEGIN, { ...PAIR, type: 'keyPair', privateKey: 'sealed:1:AAAA' }],
      'cannot be decrypted with KONTROL_SECRET',
    ],
    ['a credential of no type', [BEGIN, { type: 'credential', id: 'a' }], 'is not a record of an export'],
    ['an invite without a user', [BEGIN, { type: 'invite', hash: 'a' }], 'is not a record of an export'],
    ['a registration without a kite', [BEGIN, { type: 'registration' }], 'is not a record of an export'],
  ])('an import of %s fails with a message', async (_, records, message) => {
    await expect(importing(records)).rejects.toMatchObject({
      type: 'argumentError',
      message: expect.stringContaining(message) as string,
    });
  });

  it('an import into the store of another Kontrol fails before it writes anything', async () => {
    const storage = new MemoryStorage();
    await storage.putKeyPair({ ...PAIR, id: 'theirs' });
    const records = [BEGIN, { ...PAIR, type: 'keyPair' }, { type: 'revokedKiteKey', id: 'a' }];
    await expect(importing(records, storage)).rejects.toThrow('belongs to another Kontrol');
    expect([await storage.keyPairs(), await storage.revokedKiteKeys()]).toEqual([
      [{ ...PAIR, id: 'theirs' }],
      [],
    ]);
  });

  it('an import leaves out a registration whose id belongs to another user', async () => {
    const storage = new MemoryStorage();
    await storage.put(registration({ username: 'alice' }), NOW);
    const target = new StoreImport(storage, { secret: 'a secret' }, NOW);
    await target.add(BEGIN);
    await target.add({ type: 'registration', ...registration() });
    await target.add({ type: 'registration', ...registration({ id: idOf(2) }) });
    await target.add({ type: 'end', records: 2 });
    expect(await target.finish()).toMatchObject({ registration: 1 });
    expect(target.skipped).toBe(1);
  });

  it('an import of more records than are written concurrently writes all, and reports a store that fails', async () => {
    const storage = new MemoryStorage();
    const count = 2000;
    const records = Array.from({ length: count }, (_, index) => ({
      type: 'registration',
      ...registration({ id: idOf(index) }),
    }));
    const whole = [BEGIN, ...records, { type: 'end', records: count }];
    expect(await importing(whole, storage)).toMatchObject({ registration: count });
    expect(await storage.registrations()).toHaveLength(count);
    const broken = new FakeStorage();
    broken.down = true;
    const target = new StoreImport(broken, { secret: 'a secret' }, NOW);
    const failing = async (): Promise<unknown> => {
      for (const record of whole) await target.add(record);
      return target.finish();
    };
    await expect(failing()).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('an export of a store', () => {
  it('an export begins with its version, ends with the number of its records, and encrypts private keys', async () => {
    const storage = new MemoryStorage();
    await storage.putKeyPair(PAIR);
    const records: unknown[] = [];
    for await (const record of exportStore(storage, { secret: 'a secret' })) records.push(record);
    expect(records).toEqual([
      { type: 'kontrolExport', version: 1, from: 'memory' },
      { type: 'keyPair', ...PAIR, privateKey: expect.stringMatching(/^sealed:1:/) as string },
      { type: 'end', records: 1 },
    ]);
  });
});
