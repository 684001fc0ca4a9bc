import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { findAdminKey } from '../../../../src/lib/cli/kontrol/kontrol-admin.js';
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

describe('the key for the administration of Kontrol', () => {
  const write = async (username: string, home: string) =>
    writeKiteKeyFile(testKiteKey(username, await testKeyPair(), systemClock).jwt, { home });

  it('is what Kontrol made for itself, else the kite key of a person who is Kontrol', async () => {
    const home = join(folder, 'home');
    await expect(findAdminKey(CommandSettings.withoutFlags(env))).rejects.toThrow(
      join(home, 'kontrol', 'kite.key'),
    );
    await write('kontrol', home);
    expect((await findAdminKey(CommandSettings.withoutFlags(env))).key.username).toBe('kontrol');
    const own = await write('kontrol', join(home, 'kontrol'));
    expect((await findAdminKey(CommandSettings.withoutFlags(env))).key.jwt).toBe(readKiteKeyFile(own).jwt);
  });

  it('is nobody else’s', async () => {
    await write('bob', join(folder, 'home'));
    await expect(findAdminKey(CommandSettings.withoutFlags(env))).rejects.toThrow('No kite key of Kontrol');
  });
});
