import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readKeyFiles } from '../../../../src/lib/cli/kontrol/key-files.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';
import { testKeyPair } from '../../../helpers/kite/keys.js';

let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
});

describe('key files', () => {
  const files = () => ({ publicKey: join(folder, 'pub.pem'), privateKey: join(folder, 'key.pem') });

  it('key files that are both missing are ignored', async () => {
    expect(await readKeyFiles(files())).toBeUndefined();
  });

  it('key files are rejected with a hint if one of them is missing', async () => {
    const { privateKey, publicKey } = await testKeyPair();
    await writeFile(files().privateKey, privateKey, { mode: 0o600 });
    await expect(readKeyFiles(files())).rejects.toMatchObject({
      exitCode: 3,
      hint: expect.stringContaining('openssl rsa') as string,
    });
    await rm(files().privateKey);
    await writeFile(files().publicKey, publicKey);
    await expect(readKeyFiles(files())).rejects.toMatchObject({ exitCode: 3 });
  });

  it('key files are rejected if the private key is readable by others', async () => {
    const { privateKey, publicKey } = await testKeyPair();
    await writeFile(files().privateKey, privateKey);
    await chmod(files().privateKey, 0o644);
    await writeFile(files().publicKey, publicKey);
    await expect(readKeyFiles(files())).rejects.toMatchObject({
      exitCode: 3,
      hint: expect.stringContaining('chmod 400') as string,
    });
  });

  it('key files are rejected if they are not a pair', async () => {
    await writeFile(files().privateKey, (await testKeyPair(0)).privateKey, { mode: 0o600 });
    await writeFile(files().publicKey, (await testKeyPair(1)).publicKey);
    await expect(readKeyFiles(files())).rejects.toMatchObject({ code: 'keyPairMismatch' });
  });
});
