import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adminKey } from '../../../../src/lib/cli/kontrol/kontrol-admin.js';
import { writeInitialKey } from '../../../../src/lib/cli/kontrol/initial.js';
import { readKeyFiles } from '../../../../src/lib/cli/kontrol/key-files.js';
import { startOptions } from '../../../../src/lib/cli/kontrol/kontrol-start-options.js';
import { readKiteKeyFile, verifyJwt, writeKiteKeyFile } from '../../../../src/lib/keys/index.js';
import { systemClock } from '../../../../src/lib/util/clock.js';
import { testKeyPair, testKiteKey } from '../../../helpers/keys.js';
import { Sink, surroundingsOf } from '../../../helpers/cli/test-runtime.js';

let folder: string;
let env: Record<string, string>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kitectl-initial-'));
  env = { KITE_HOME: join(folder, 'home') };
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function initial(more: object = {}) {
  const stdout = new Sink();
  const stderr = new Sink();
  const flags = {
    initial: true,
    force: false,
    webrtc: false,
    publickeyfile: join(folder, 'certs', 'key_pub.pem'),
    privatekeyfile: join(folder, 'certs', 'key.pem'),
    ...more,
  };
  await writeInitialKey(
    { ...startOptions(flags, env), format: undefined },
    surroundingsOf({ env, stdout, stderr }),
  );
  return { stdout: stdout.text, stderr: stderr.text };
}

const kiteKey = () => readKiteKeyFile(join(folder, 'home', 'kite.key'));

describe('the initial kite key', () => {
  it('is signed with a key pair that is made, where there is none, and said to be', async () => {
    const { stdout, stderr } = await initial();
    expect(stderr).toContain(`Made a key pair: ${join(folder, 'certs', 'key.pem')}`);
    expect(stdout).toContain(join(folder, 'home', 'kite.key'));
    expect((await stat(join(folder, 'certs', 'key.pem'))).mode & 0o777).toBe(0o600);
    const publicKey = await readFile(join(folder, 'certs', 'key_pub.pem'), 'utf8');
    const claims = verifyJwt(kiteKey().jwt, publicKey, { clock: systemClock });
    expect(claims).toMatchObject({
      iss: 'kontrol',
      sub: 'kontrol',
      kontrolURL: 'http://127.0.0.1:4000/kite',
      kontrolKey: publicKey,
    });
  });

  it('stays as it is when it is made again', async () => {
    await initial();
    const { jwt } = kiteKey();
    const { stdout, stderr } = await initial();
    expect(stdout).toContain('is there already');
    expect(stderr).toBe('');
    expect(kiteKey().jwt).toBe(jwt);
  });

  it('replaces another one only when forced', async () => {
    await initial();
    const { jwt } = kiteKey();
    await expect(initial({ username: 'boss' })).rejects.toMatchObject({ exitCode: 3 });
    expect(kiteKey().jwt).toBe(jwt);
    await initial({ username: 'boss', force: true });
    expect(kiteKey().username).toBe('boss');
  });
});

describe('key files', () => {
  const files = () => ({ publicKey: join(folder, 'pub.pem'), privateKey: join(folder, 'key.pem') });

  it('that are both missing are none', async () => {
    expect(await readKeyFiles(files())).toBeUndefined();
  });

  it('of which one is missing are refused, with what to do', async () => {
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

  it('are refused where others can read the private one', async () => {
    const { privateKey, publicKey } = await testKeyPair();
    await writeFile(files().privateKey, privateKey);
    await chmod(files().privateKey, 0o644);
    await writeFile(files().publicKey, publicKey);
    await expect(readKeyFiles(files())).rejects.toMatchObject({
      exitCode: 3,
      hint: expect.stringContaining('chmod 600') as string,
    });
  });

  it('are refused where they do not belong together', async () => {
    await writeFile(files().privateKey, (await testKeyPair(0)).privateKey, { mode: 0o600 });
    await writeFile(files().publicKey, (await testKeyPair(1)).publicKey);
    await expect(readKeyFiles(files())).rejects.toMatchObject({ code: 'keyPairMismatch' });
  });
});

describe('the key for the administration of Kontrol', () => {
  const write = async (username: string, home: string) =>
    writeKiteKeyFile(testKiteKey(username, await testKeyPair(), systemClock).jwt, { home });

  it('is what Kontrol made for itself, else the kite key of a person who is Kontrol', async () => {
    const home = join(folder, 'home');
    await expect(adminKey({ keyFile: undefined }, env)).rejects.toThrow(join(home, 'kontrol', 'kite.key'));
    await write('kontrol', home);
    expect((await adminKey({ keyFile: undefined }, env)).key.username).toBe('kontrol');
    const own = await write('kontrol', join(home, 'kontrol'));
    expect((await adminKey({ keyFile: undefined }, env)).key.jwt).toBe(readKiteKeyFile(own).jwt);
  });

  it('is nobody else’s', async () => {
    await write('bob', join(folder, 'home'));
    await expect(adminKey({ keyFile: undefined }, env)).rejects.toThrow('no kite key of Kontrol');
  });
});
