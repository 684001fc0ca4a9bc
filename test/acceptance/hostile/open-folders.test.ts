import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readContexts, writeContexts } from '../../../src/lib/cli/settings/contexts.js';
import { readKiteKeyFile, writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { Kite } from '../../../src/lib/index.js';
import { FileStorage } from '../../../src/lib/kontrol/storage/file/file-storage.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { testKeyPair, testKiteKey } from '../../helpers/kite/keys.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';

// What other users can replace is neither written nor read.

const jwt = testKeyPair().then((pair) => testKiteKey('alice', pair, systemClock).jwt);

/** A kite home with a kite key and contexts, then with these permissions. */
async function home(mode: number): Promise<string> {
  const folder = join(temporaryFolder(), 'home');
  await writeKiteKeyFile(await jwt, { home: folder });
  await writeContexts({ contexts: new Map() }, { KITE_HOME: folder });
  chmodSync(folder, mode);
  return folder;
}

const USES: Readonly<Record<string, (folder: string) => unknown>> = {
  'writing a kite key': async (folder) => writeKiteKeyFile(await jwt, { home: folder, force: true }),
  'reading a kite key': (folder) => readKiteKeyFile(join(folder, 'kite.key')),
  'new Kite': (folder) => new Kite('math', '1.0.0', { env: { KITE_HOME: folder }, logger: silentLogger }),
  'writing contexts': (folder) => writeContexts({ contexts: new Map() }, { KITE_HOME: folder }),
  'reading contexts': (folder) => readContexts({ KITE_HOME: folder }),
};

const rows = Object.keys(USES).flatMap((use) =>
  [0o777, 0o722, 0o770, 0o757].map((mode) => ({ use, mode, octal: mode.toString(8) })),
);

it(`folders that other users can write are tested in ${rows.length} uses`, () => {
  expect(rows.length).toBe(20);
});

it.each(rows)('$use is refused in a folder with the mode $octal', async ({ use, mode }) => {
  const folder = await home(mode);
  await expect((async () => USES[use]?.(folder))()).rejects.toThrow(
    /can be written by other users.*chmod 700/,
  );
});

it.each(Object.keys(USES))(
  '%s works in a folder that other users can read, or that is sticky',
  async (use) => {
    for (const mode of [0o700, 0o755, 0o1777]) {
      const folder = await home(mode);
      await expect((async () => USES[use]?.(folder))()).resolves.not.toThrow();
    }
  },
);

it.each([0o666, 0o620, 0o602])(
  'contexts that other users can change are not read, with the mode %o',
  async (mode) => {
    const folder = await home(0o700);
    chmodSync(join(folder, 'contexts.json'), mode);
    expect(() => readContexts({ KITE_HOME: folder })).toThrow(/Other users can change .*contexts\.json/);
  },
);

it.each([0o777, 0o1777, 0o702].map((mode) => ({ mode, octal: mode.toString(8) })))(
  'the store of Kontrol is not opened in a folder with the mode $octal, which stays as it is',
  async ({ mode }) => {
    const folder = join(temporaryFolder(), 'data');
    mkdirSync(folder);
    chmodSync(folder, mode);
    await expect(new FileStorage(folder).open()).rejects.toThrow(
      `can be written by all users, who could have put files in it. Check them, then restrict it with: chmod 700 ${folder}`,
    );
    expect(statSync(folder).mode & 0o7777).toBe(mode);
  },
);

it('the store of Kontrol is not opened in a folder of another user that others can write', async () => {
  const folder = join(temporaryFolder(), 'data');
  mkdirSync(folder);
  writeFileSync(join(folder, 'x'), '');
  chmodSync(folder, 0o777);
  const { getuid } = process;
  process.getuid = () => 54_321;
  try {
    await expect(new FileStorage(folder).open()).rejects.toThrow('belongs to another user');
  } finally {
    process.getuid = getuid as () => number;
  }
});
