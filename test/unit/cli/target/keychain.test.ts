import { describe, expect, it } from 'vitest';
import { openKeychain } from '../../../../src/lib/cli/target/keychain.js';
import { fakeKeytar } from '../../../helpers/cli/fake-keytar.js';

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
  ])('openKeychain on the error %s explains what to install', async (code, message, said) => {
    await expect(openKeychain(failing(code, message))).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining(said) as string,
      hint: expect.stringContaining('libsecret-1-dev') as string,
    });
  });

  it('the keychain distinguishes a missing key from a locked keychain, and hides its probe entry', async () => {
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
      'is unavailable: The name org.freedesktop.secrets was not provided\\x1b',
    );
  });
});
