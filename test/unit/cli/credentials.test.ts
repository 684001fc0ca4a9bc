import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseKey, loadKiteKey } from '../../../src/lib/cli/credentials.js';
import { generateKeyPair, newKiteKey, writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { systemClock } from '../../../src/lib/util/clock.js';

const LOCAL = 'http://localhost:3636/kite';
const REMOTE = 'http://kite.example.com/kite';

let home: string;
let file: string;
let jwt: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'kitectl-credentials-'));
  const keyPair = await generateKeyPair();
  const claims = {
    username: 'alice',
    kontrolUser: 'kontrol',
    kontrolUrl: LOCAL,
    keyPair,
    clock: systemClock,
  };
  jwt = newKiteKey(claims);
  file = await writeKiteKeyFile(jwt, { home });
});

afterAll(() => rm(home, { recursive: true, force: true }));

type Asked = { target: string; auth?: 'none' | 'kite-key'; keyFile?: string };

function chosen({ target, auth, keyFile }: Asked, env = { KITE_HOME: home }): string | undefined {
  return chooseKey({ target, auth, keyFile }, env);
}

describe('chooseKey', () => {
  it('sends the key of the person to this machine without being asked', () => {
    expect(chosen({ target: LOCAL })).toBe(jwt);
  });

  it('sends none to another machine unless asked', () => {
    expect(chosen({ target: REMOTE })).toBeUndefined();
    expect(chosen({ target: REMOTE, auth: 'kite-key' })).toBe(jwt);
  });

  it('sends none with --auth none', () => {
    expect(chosen({ target: LOCAL, auth: 'none' })).toBeUndefined();
  });

  it('sends none when there is none, unless asked', () => {
    const empty = { KITE_HOME: join(home, 'empty') };
    expect(chosen({ target: LOCAL }, empty)).toBeUndefined();
    expect(() => chosen({ target: LOCAL, auth: 'kite-key' }, empty)).toThrow(
      `There is no kite key at ${join(home, 'empty', 'kite.key')}`,
    );
  });

  it('takes the key from the named file', () => {
    const empty = { KITE_HOME: join(home, 'empty') };
    expect(chosen({ target: LOCAL, keyFile: file }, empty)).toBe(jwt);
    expect(chosen({ target: REMOTE, keyFile: file, auth: 'kite-key' }, empty)).toBe(jwt);
  });

  it('refuses a named file that would not be used', () => {
    expect(() => chosen({ target: REMOTE, keyFile: file })).toThrow('only when you say so');
    expect(() => chosen({ target: LOCAL, keyFile: file, auth: 'none' })).toThrow('--auth none');
  });
});

describe('loadKiteKey', () => {
  it('says where the key is from', () => {
    expect(loadKiteKey(undefined, { KITE_HOME: home }).source).toBe(file);
    expect(loadKiteKey(file, {}).source).toBe(file);
    expect(loadKiteKey(undefined, { KITE_KEY_FILE: file }).source).toBe(file);
    expect(loadKiteKey(undefined, { KITE_KEY: jwt })).toMatchObject({
      source: 'KITE_KEY',
      key: { username: 'alice' },
    });
  });
});
