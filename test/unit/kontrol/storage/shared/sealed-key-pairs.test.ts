import { describe, expect, it } from 'vitest';
import {
  SealedKeyPairs,
  type StoredPair,
} from '../../../../../src/lib/kontrol/storage/shared/sealed-key-pairs.js';
import type { StoredKeyPair } from '../../../../../src/lib/kontrol/storage/shared/storage.js';
import { PAIR } from '../../../../helpers/storage/storage-conformance.js';

const OTHER: StoredKeyPair = { ...PAIR, id: '11111111-0000-4000-8000-000000000002', privateKey: 'PRIVATE 2' };

/** A table in memory and its stored rows. */
function table() {
  const stored = new Map<string, StoredKeyPair>();
  return {
    stored,
    all: (): Promise<StoredPair[]> => Promise.resolve(Array.from(stored.values(), (pair) => ({ pair }))),
    put: async (pair: StoredKeyPair): Promise<void> => void stored.set(pair.id, pair),
    replace: async ({ pair }: StoredPair, privateKey: string): Promise<void> => {
      if (stored.get(pair.id) === pair) stored.set(pair.id, { ...pair, privateKey });
    },
  };
}

describe('the key pairs of a store', () => {
  it('the key pairs of a store are stored encrypted, and read unchanged', async () => {
    const pairs = table();
    const sealed = new SealedKeyPairs({ secret: 'a secret' }, pairs);
    expect(sealed.secrets).toBe('encrypted');
    await sealed.put(PAIR);
    expect(pairs.stored.get(PAIR.id)?.privateKey).toMatch(/^sealed:/);
    expect(await sealed.all()).toEqual([PAIR]);
  });

  it('the key pairs of a store are stored plain without a secret, and stay plain', async () => {
    const pairs = table();
    const plain = new SealedKeyPairs({}, pairs);
    expect(plain.secrets).toBe('plain');
    await plain.put(PAIR);
    await plain.seal();
    expect(await plain.reseal()).toEqual([]);
    expect(pairs.stored.get(PAIR.id)).toEqual(PAIR);
  });

  it('plain key pairs of a store are encrypted with a secret, and encrypted ones are not changed', async () => {
    const pairs = table();
    await new SealedKeyPairs({}, pairs).put(PAIR);
    const sealed = new SealedKeyPairs({ secret: 'a secret' }, pairs);
    await sealed.put(OTHER);
    const before = pairs.stored.get(OTHER.id);
    await sealed.seal();
    expect(pairs.stored.get(PAIR.id)?.privateKey).toMatch(/^sealed:/);
    expect(pairs.stored.get(OTHER.id)).toBe(before);
    expect(await sealed.all()).toEqual([PAIR, OTHER]);
  });

  it('the key pairs of a store are each encrypted once with a new secret', async () => {
    const pairs = table();
    await new SealedKeyPairs({ secret: 'old' }, pairs).put(PAIR);
    await new SealedKeyPairs({}, pairs).put(OTHER);
    const both = new SealedKeyPairs({ secret: 'new', formerSecret: 'old' }, pairs);
    expect(await both.reseal()).toEqual([PAIR.id, OTHER.id]);
    expect(await both.reseal()).toEqual([]);
    expect(await new SealedKeyPairs({ secret: 'new' }, pairs).all()).toEqual([PAIR, OTHER]);
  });

  it('the key pairs that another node stores during the encryption are kept', async () => {
    const pairs = table();
    await new SealedKeyPairs({}, pairs).put(PAIR);
    const retired = { ...PAIR, state: 'retired' } as const;
    const all = async (): Promise<StoredPair[]> => {
      const read = await pairs.all();
      await pairs.put(retired);
      return read;
    };
    await new SealedKeyPairs({ secret: 'a secret' }, { ...pairs, all }).seal();
    expect(pairs.stored.get(PAIR.id)).toEqual(retired);
  });
});
