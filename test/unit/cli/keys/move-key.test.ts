import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { moveKey } from '../../../../src/lib/cli/keys/move-key.js';
import { findKey } from '../../../../src/lib/cli/target/find-key.js';
import type { Keychain } from '../../../../src/lib/cli/target/keychain.js';
import { writeKiteKeyFile } from '../../../../src/lib/keys/index.js';
import { settingsOf } from '../../../helpers/cli/command-settings.js';
import { fakeKeytar, userWithKey } from '../../../helpers/cli/fake-keytar.js';
import { testRuntime } from '../../../helpers/cli/test-runtime.js';
import { testKeyPair, testKiteKey } from '../../../helpers/kite/keys.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

describe('moveKey', () => {
  it('moveKey keeps the old key if the new location returns another one', async () => {
    const { env, home, key, account } = await userWithKey();
    await writeKiteKeyFile(key.jwt, { home });
    const other = testKiteKey('eve', await testKeyPair(0), new ManualClock());
    const keytar = fakeKeytar();
    const open = async (): Promise<Keychain> => {
      const keychain = await keytar.open();
      return {
        ...bound(keychain),
        get: async (name) => (name === account ? keytar.items.get(name) && other.jwt : keychain.get(name)),
      };
    };
    const options = {
      settings: settingsOf({}, env),
      to: 'keychain',
      force: false,
      format: undefined,
    } as const;
    await expect(moveKey(options, testRuntime({ env }), open)).rejects.toThrow('the old one was left');
    expect((await findKey(settingsOf({ 'key-file': join(home, 'kite.key') }, env)))?.key.username).toBe(
      'bob',
    );
  });
});

/** The methods of a keychain as functions. */
function bound(keychain: Keychain): Keychain {
  return {
    get: (account) => keychain.get(account),
    set: (account, secret) => keychain.set(account, secret),
    remove: (account) => keychain.remove(account),
    list: () => keychain.list(),
    requireOpen: () => keychain.requireOpen(),
  };
}
