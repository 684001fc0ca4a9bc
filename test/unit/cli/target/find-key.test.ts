import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readContexts, writeContexts } from '../../../../src/lib/cli/target/contexts.js';
import { accountOf, findKey, placeOfKey } from '../../../../src/lib/cli/target/find-key.js';
import { type Keychain, openKeychain } from '../../../../src/lib/cli/target/keychain.js';
import { moveKey } from '../../../../src/lib/cli/keys/move-key.js';
import { planStore, storeKey } from '../../../../src/lib/cli/keys/store-key.js';
import { writeKiteKeyFile } from '../../../../src/lib/keys/index.js';
import { ManualClock } from '../../../helpers/manual-clock.js';
import { testKeyPair, testKiteKey } from '../../../helpers/keys.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';
import { surroundingsOf } from '../../../helpers/cli/test-runtime.js';

/** A `keytar` in memory; what `fails` names is refused. */
function fakeKeytar(fails: Partial<Record<'set' | 'get', string>> = {}) {
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

async function person() {
  const home = temporaryFolder();
  const key = testKiteKey('bob', await testKeyPair(0), new ManualClock());
  return { home, env: { KITE_HOME: home }, key, account: accountOf(key) };
}

const failing = (code: string, message: string) => () =>
  Promise.reject(Object.assign(new Error(message), { code }));

describe('openKeychain', () => {
  it.each([
    ['MODULE_NOT_FOUND', 'Cannot find module', 'is not installed'],
    [
      'ERR_DLOPEN_FAILED',
      'libsecret-1.so.0: cannot open\nmore',
      'cannot be loaded: libsecret-1.so.0: cannot open;',
    ],
  ])('with %s says what to install', async (code, message, said) => {
    await expect(openKeychain(failing(code, message))).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining(said) as string,
      hint: expect.stringContaining('libsecret-1-dev') as string,
    });
  });

  it('tells nothing from locked, and shows no probe among the keys', async () => {
    const { items, fails, open } = fakeKeytar();
    const keychain = await open();
    expect(await keychain.get('x')).toBeUndefined();
    expect(items.size).toBe(0);
    await keychain.set('a', 's');
    items.set('probe-of-another-process', 'p');
    expect(await keychain.list()).toEqual([{ account: 'a', secret: 's' }]);
    fails.set = 'Cannot create an item in a locked collection';
    await expect(keychain.get('x')).rejects.toThrow('is locked');
    await expect(keychain.list()).rejects.toThrow('is locked');
    await expect(keychain.remove('a')).rejects.toThrow('is locked');
    fails.get = 'The name org.freedesktop.secrets was not provided\u001b by any .service files';
    await expect(keychain.get('x')).rejects.toThrow(
      'cannot be reached: The name org.freedesktop.secrets was not provided\\x1b',
    );
  });
});

describe('placeOfKey', () => {
  it('takes --key-file, KITE_KEY, KITE_KEY_FILE, the context and the kite home, in this order', async () => {
    const { env, home } = await person();
    const home0 = { type: 'file', file: join(home, 'kite.key') };
    const choice = { keyFile: undefined };
    expect(placeOfKey(choice, env)).toEqual({ place: home0, reason: 'default' });
    await writeContexts(
      {
        current: 'a',
        contexts: new Map([
          ['a', { keyFile: '/a.key' }],
          ['b', { username: 'bob', kontrol: 'http://h/kite,http://i/kite', keyStore: 'keychain' }],
          ['c', { keyStore: 'keychain' }],
          ['d', {}],
        ]),
      },
      env,
    );
    const at = (context: string) => placeOfKey({ keyFile: undefined, context }, env);
    expect(placeOfKey(choice, env)).toEqual({ place: { type: 'file', file: '/a.key' }, reason: 'context' });
    expect(at('b').place).toEqual({ type: 'keychain', account: 'bob@http://h/kite' });
    expect(() => at('c')).toThrow('does not say whose');
    expect(at('d')).toEqual({ place: home0, reason: 'default' });
    const file = { ...env, KITE_KEY_FILE: '/f.key' };
    expect(placeOfKey(choice, file)).toEqual({
      place: { type: 'file', file: '/f.key' },
      reason: 'KITE_KEY_FILE',
    });
    expect(placeOfKey(choice, { ...file, KITE_KEY: 'x' }).reason).toBe('KITE_KEY');
    expect(placeOfKey({ keyFile: '/k' }, { ...file, KITE_KEY: 'x' }).reason).toBe('flag');
  });
});

describe('storeKey', () => {
  it('leaves the key in a file where the keychain refuses it in the end', async () => {
    const { env, home, key } = await person();
    const keytar = fakeKeytar();
    const plan = await planStore({ keyStore: 'keychain', context: undefined }, env, keytar.open);
    keytar.fails.set = 'Cannot create an item in a locked collection';
    for (const attempt of [1, 2]) {
      const failure: unknown = await storeKey(key.jwt, plan, env, { force: false }).catch(
        (error: unknown) => error,
      );
      const { message } = failure as Error;
      const [, file = ''] = /The kite key is in (\S+) instead/.exec(message) ?? [];
      expect(file.startsWith(attempt === 1 ? join(home, 'kite.key') : join(home, 'keys'))).toBe(true);
      expect(readFileSync(file, 'utf8')).toBe(`${key.jwt}\n`);
    }
    expect(readContexts(env).contexts.size).toBe(0);
  });

  it('does not ask for a key that the keychain would not take', async () => {
    const { env } = await person();
    const { open } = fakeKeytar({ set: 'no' });
    await expect(planStore({ keyStore: 'keychain', context: undefined }, env, open)).rejects.toThrow(
      'Nothing was lost',
    );
  });
});

describe('moveKey', () => {
  it('keeps the old key where the new place gives another one back', async () => {
    const { env, home, key, account } = await person();
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
    const options = { to: 'keychain', force: false, keyFile: undefined, format: undefined } as const;
    await expect(moveKey(options, surroundingsOf({ env }), open)).rejects.toThrow('the old one was left');
    expect((await findKey({ keyFile: join(home, 'kite.key') }, env))?.key.username).toBe('bob');
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
