import { describe, expect, it } from 'vitest';
import { renewedKeySaver } from '../../../../src/lib/cli/target/save-renewed-key.js';
import {
  newKiteKey,
  parseKiteKey,
  readKiteKeyFile,
  writeKiteKeyFile,
} from '../../../../src/lib/keys/index.js';
import { systemClock } from '../../../../src/lib/util/clock.js';
import { KONTROL_URL, testKeyPair } from '../../../helpers/kite/keys.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';

async function keys(count: number): Promise<string[]> {
  const keyPair = await testKeyPair(0);
  return Array.from({ length: count }, () =>
    newKiteKey({
      username: 'bob',
      kontrolUser: 'kontrol',
      kontrolUrl: KONTROL_URL,
      keyPair,
      clock: systemClock,
    }),
  );
}

describe('saving a renewed kite key', () => {
  it('a renewed kite key replaces the old one each time', async () => {
    const home = temporaryFolder();
    const [old = '', second = '', third = ''] = await keys(3);
    const file = await writeKiteKeyFile(old, { home });
    const keep = renewedKeySaver(
      { key: parseKiteKey(old), location: { type: 'file', file } },
      { KITE_HOME: home },
    );
    for (const fresh of [second, third]) {
      await keep(fresh);
      expect(readKiteKeyFile(file).jwt).toBe(fresh);
    }
  });

  it('a renewed kite key does not replace a key that was changed by another program', async () => {
    const home = temporaryFolder();
    const [old = '', other = '', fresh = ''] = await keys(3);
    const file = await writeKiteKeyFile(old, { home });
    const keep = renewedKeySaver(
      { key: parseKiteKey(old), location: { type: 'file', file } },
      { KITE_HOME: home },
    );
    await writeKiteKeyFile(other, { home, force: true });
    await keep(fresh);
    expect(readKiteKeyFile(file).jwt).toBe(other);
  });

  it('one of several processes that renew the same kite key stores its own, and also the next ones', async () => {
    const home = temporaryFolder();
    const [old = '', ...fresh] = await keys(6);
    const file = await writeKiteKeyFile(old, { home });
    const found = { key: parseKiteKey(old), location: { type: 'file', file } } as const;
    const savers = Array.from({ length: 5 }, () => renewedKeySaver(found, { KITE_HOME: home }));
    await Promise.all(savers.map((save, index) => save(fresh[index] ?? '')));
    const writer = fresh.indexOf(readKiteKeyFile(file).jwt);
    expect(writer).toBeGreaterThanOrEqual(0);
    const next = await keys(5);
    await Promise.all(savers.map((save, index) => save(next[index] ?? '')));
    expect(readKiteKeyFile(file).jwt).toBe(next[writer]);
  });

  it('a renewed kite key is stored in the keychain if the old one came from it', async () => {
    const [old = '', fresh = ''] = await keys(2);
    const kept = new Map([['bob', old]]);
    const keychain = {
      get: async (account: string) => kept.get(account),
      set: async (account: string, jwt: string) => void kept.set(account, jwt),
    };
    const found = { key: parseKiteKey(old), location: { type: 'keychain', account: 'bob' } } as const;
    await renewedKeySaver(found, {}, async () => keychain as never)(fresh);
    expect(kept.get('bob')).toBe(fresh);
  });

  it('a renewed kite key cannot be stored in a variable', async () => {
    const [old = '', fresh = ''] = await keys(2);
    const keep = renewedKeySaver(
      { key: parseKiteKey(old), location: { type: 'variable' } },
      { KITE_KEY: old },
    );
    await expect(keep(fresh)).rejects.toThrow('environment variable KITE_KEY');
  });
});
