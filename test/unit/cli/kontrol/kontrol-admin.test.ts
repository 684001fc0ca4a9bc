import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { adminKey } from '../../../../src/lib/cli/kontrol/kontrol-admin.js';
import { CommandSettings } from '../../../../src/lib/cli/settings/command-settings.js';
import { readKiteKeyFile, writeKiteKeyFile } from '../../../../src/lib/keys/index.js';
import { systemClock } from '../../../../src/lib/util/clock.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';
import { testKeyPair, testKiteKey } from '../../../helpers/kite/keys.js';

let folder: string;

let env: Record<string, string>;

beforeEach(() => {
  folder = temporaryFolder();
  env = { KITE_HOME: join(folder, 'home') };
});

describe('the administration key of Kontrol', () => {
  const write = async (username: string, home: string) =>
    writeKiteKeyFile(testKiteKey(username, await testKeyPair(), systemClock).jwt, { home });

  it("the administration key is Kontrol's own kite key, else a kite key of Kontrol's user", async () => {
    const home = join(folder, 'home');
    await expect(adminKey(CommandSettings.withoutFlags(env))).rejects.toThrow(
      join(home, 'kontrol', 'kite.key'),
    );
    await write('kontrol', home);
    expect((await adminKey(CommandSettings.withoutFlags(env))).key.username).toBe('kontrol');
    const own = await write('kontrol', join(home, 'kontrol'));
    expect((await adminKey(CommandSettings.withoutFlags(env))).key.jwt).toBe(readKiteKeyFile(own).jwt);
  });

  it('the administration key is never a kite key of another user', async () => {
    await write('bob', join(folder, 'home'));
    await expect(adminKey(CommandSettings.withoutFlags(env))).rejects.toThrow('no kite key of Kontrol');
  });
});
