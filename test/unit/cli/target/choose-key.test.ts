import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseKey, loadKiteKey } from '../../../../src/lib/cli/target/choose-key.js';
import { generateKeyPair, newKiteKey, writeKiteKeyFile } from '../../../../src/lib/keys/index.js';
import { settingsOf } from '../../../helpers/cli/command-settings.js';
import { systemClock } from '../../../../src/lib/util/clock.js';

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

async function chosen(
  { target, auth, keyFile }: Asked,
  env = { KITE_HOME: home },
): Promise<string | undefined> {
  return (await chooseKey(target, settingsOf({ auth, 'key-file': keyFile }, env)))?.found.key.jwt;
}

describe('chooseKey', () => {
  it('chooseKey sends the default key to loopback', async () => {
    expect(await chosen({ target: LOCAL })).toBe(jwt);
  });

  it('chooseKey sends no key to another machine by default', async () => {
    expect(await chosen({ target: REMOTE })).toBeUndefined();
    expect(await chosen({ target: REMOTE, auth: 'kite-key' })).toBe(jwt);
  });

  it('chooseKey sends credentials only on demand unless --auth is set', async () => {
    const env = { KITE_HOME: home };
    const local = await chooseKey(LOCAL, settingsOf({}, env));
    expect(local).toMatchObject({ found: { key: { jwt } }, always: false });
    const explicit = await chooseKey(LOCAL, settingsOf({ auth: 'kite-key' }, env));
    expect(explicit).toMatchObject({ found: { key: { jwt } }, always: true });
  });

  it('chooseKey sends no key to a local name that resolves to another address', async () => {
    const resolving = (...addresses: string[]) =>
      chooseKey('http://kites.localhost:3636/kite', settingsOf({}, { KITE_HOME: home }), () =>
        Promise.resolve(addresses),
      );
    expect((await resolving('127.0.0.1'))?.found.key.jwt).toBe(jwt);
    expect(await resolving('203.0.113.7')).toBeUndefined();
    expect(await resolving('127.0.0.1', '203.0.113.7')).toBeUndefined();
  });

  it('chooseKey sends no key with --auth none', async () => {
    expect(await chosen({ target: LOCAL, auth: 'none' })).toBeUndefined();
  });

  it('chooseKey sends no key if there is none, and fails if one is required', async () => {
    const empty = { KITE_HOME: join(home, 'empty') };
    expect(await chosen({ target: LOCAL }, empty)).toBeUndefined();
    await expect(chosen({ target: LOCAL, auth: 'kite-key' }, empty)).rejects.toThrow(
      `There is no kite key at ${join(home, 'empty', 'kite.key')}`,
    );
  });

  it('chooseKey reads the key from the file of --key-file', async () => {
    const empty = { KITE_HOME: join(home, 'empty') };
    expect(await chosen({ target: LOCAL, keyFile: file }, empty)).toBe(jwt);
    expect(await chosen({ target: REMOTE, keyFile: file, auth: 'kite-key' }, empty)).toBe(jwt);
  });

  it('chooseKey rejects a key file that would not be used', async () => {
    await expect(chosen({ target: REMOTE, keyFile: file })).rejects.toThrow('is not sent there by default');
    await expect(chosen({ target: LOCAL, keyFile: file, auth: 'none' })).rejects.toThrow('--auth none');
  });
});

describe('loadKiteKey', () => {
  const load = (env: Record<string, string>, keyFile?: string) =>
    loadKiteKey(settingsOf({ 'key-file': keyFile }, env));

  it('loadKiteKey returns the source of the key', async () => {
    expect((await load({ KITE_HOME: home })).source).toBe(file);
    expect((await load({}, file)).source).toBe(file);
    expect((await load({ KITE_KEY_FILE: file })).source).toBe(file);
    expect(await load({ KITE_KEY: jwt })).toMatchObject({ source: 'KITE_KEY', key: { username: 'alice' } });
  });
});
