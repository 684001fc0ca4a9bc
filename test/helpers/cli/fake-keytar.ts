import { keychainAccount } from '../../../src/lib/cli/settings/key-location.js';
import { type Keychain, openKeychain } from '../../../src/lib/cli/target/keychain.js';
import { testKeyPair, testKiteKey } from '../kite/keys.js';
import { ManualClock } from '../process/manual-clock.js';
import { temporaryFolder } from '../process/temporary-folder.js';

/** A `keytar` in memory; operations in `fails` are rejected. */
export function fakeKeytar(fails: Partial<Record<'set' | 'get', string>> = {}) {
  const items = new Map<string, string>();
  const refuse = (what: 'set' | 'get'): void => {
    if (fails[what] !== undefined) throw new Error(fails[what]);
  };
  const keytar = {
    getPassword: async (_service: string, account: string) => {
      refuse('get');
      return items.get(account) ?? null;
    },
    setPassword: async (_service: string, account: string, password: string) => {
      refuse('set');
      items.set(account, password);
    },
    deletePassword: async (_service: string, account: string) => items.delete(account),
    findCredentials: async () => Array.from(items, ([account, password]) => ({ account, password })),
  };
  return { items, fails, open: (): Promise<Keychain> => openKeychain(async () => ({ default: keytar })) };
}

export async function userWithKey() {
  const home = temporaryFolder();
  const key = testKiteKey('bob', await testKeyPair(0), new ManualClock());
  return { home, env: { KITE_HOME: home }, key, account: keychainAccount(key) };
}
