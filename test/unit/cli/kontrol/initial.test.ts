import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { writeInitialKey } from '../../../../src/lib/cli/kontrol/initial.js';
import { startOptions } from '../../../../src/lib/cli/kontrol/kontrol-start-options.js';
import { readKiteKeyFile, verifyJwt } from '../../../../src/lib/keys/index.js';
import { systemClock } from '../../../../src/lib/util/clock.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';
import { Sink, testRuntime } from '../../../helpers/cli/test-runtime.js';

let folder: string;

let env: Record<string, string>;

beforeEach(() => {
  folder = temporaryFolder();
  env = { KITE_HOME: join(folder, 'home') };
});

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
    testRuntime({ env, stdout, stderr }),
  );
  return { stdout: stdout.text, stderr: stderr.text };
}

const kiteKey = () => readKiteKeyFile(join(folder, 'home', 'kite.key'));

describe('the initial kite key', () => {
  it('the initial kite key is signed with a new key pair if there is none, which is reported', async () => {
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

  it('the initial kite key does not change when it is created again', async () => {
    await initial();
    const { jwt } = kiteKey();
    const { stdout, stderr } = await initial();
    expect(stdout).toContain('is there already');
    expect(stderr).toBe('');
    expect(kiteKey().jwt).toBe(jwt);
  });

  it('the initial kite key replaces another one only with --force', async () => {
    await initial();
    const { jwt } = kiteKey();
    await expect(initial({ username: 'boss' })).rejects.toMatchObject({ exitCode: 3 });
    expect(kiteKey().jwt).toBe(jwt);
    await initial({ username: 'boss', force: true });
    expect(kiteKey().username).toBe('boss');
  });
});
