import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeKiteKeyFile } from '../../../../src/lib/keys/index.js';
import { findKiteKey } from '../../../../src/lib/kite/config/find-kite-key.js';
import { jwtOf } from '../../../helpers/kite/kite-key-files.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';

describe('findKiteKey', () => {
  it('findKiteKey uses the given key, KITE_KEY, KITE_KEY_FILE and the kite home, in this order', async () => {
    const home = temporaryFolder();
    await writeKiteKeyFile(await jwtOf('home'), { home });
    const other = await writeKiteKeyFile(await jwtOf('file'), { home: temporaryFolder() });
    const env = { KITE_HOME: home, KITE_KEY_FILE: other, KITE_KEY: `${await jwtOf('text')}\n` };
    expect(findKiteKey(await jwtOf('given'), env)?.username).toBe('given');
    expect(findKiteKey(undefined, env)?.username).toBe('text');
    expect(findKiteKey(undefined, { ...env, KITE_KEY: '' })?.username).toBe('file');
    expect(findKiteKey(undefined, { KITE_HOME: home })?.username).toBe('home');
    expect(findKiteKey(false, env)).toBeUndefined();
  });

  it('findKiteKey accepts a kite home without a key, and rejects a missing key file', () => {
    const home = temporaryFolder();
    expect(findKiteKey(undefined, { KITE_HOME: home })).toBeUndefined();
    const env = { KITE_HOME: home, KITE_KEY_FILE: path.join(home, 'other') };
    expect(() => findKiteKey(undefined, env)).toThrow(expect.objectContaining({ code: 'keyFileMissing' }));
  });

  it('findKiteKey names the source of an invalid key, without the key', () => {
    expect(() => findKiteKey('x', {})).toThrow(/^The option kiteKey holds no kite key/);
    expect(() => findKiteKey(undefined, { KITE_KEY: 'hunter2' })).toThrow(
      /^The environment variable KITE_KEY holds no kite key(?!.*hunter2)/,
    );
  });
});
