import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { kiteKeyPath, readKiteKeyFile, writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { configurationFailure, jwtOf } from '../../helpers/kite/kite-key-files.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';

function contentFile(content: string): string {
  const file = kiteKeyPath(temporaryFolder());
  writeFileSync(file, content, { mode: 0o400 });
  return file;
}

describe('writing a kite key', () => {
  it('writing a kite key creates a file and a folder for their owner only', async () => {
    const home = path.join(temporaryFolder(), '.kite');
    const jwt = await jwtOf('alice');
    const file = await writeKiteKeyFile(jwt, { home });
    expect(file).toBe(kiteKeyPath(home));
    expect(statSync(file).mode & 0o777).toBe(0o400);
    expect(statSync(home).mode & 0o777).toBe(0o700);
    expect(readdirSync(home)).toEqual(['kite.key']);
    expect(readFileSync(file, 'utf8')).toBe(`${jwt}\n`);
    expect(readKiteKeyFile(file).jwt).toBe(jwt);
  });

  it('writing a kite key replaces a file only with force', async () => {
    const home = temporaryFolder();
    const [old, fresh] = [await jwtOf('alice'), await jwtOf('bob')];
    const file = await writeKiteKeyFile(old, { home });
    await expect(writeKiteKeyFile(fresh, { home })).rejects.toMatchObject({ code: 'fileExists' });
    expect(readKiteKeyFile(file).username).toBe('alice');
    await writeKiteKeyFile(fresh, { home, force: true });
    expect(readKiteKeyFile(file).username).toBe('bob');
    expect(readdirSync(home)).toEqual(['kite.key']);
  });

  it('writing a kite key keeps the old key if the new one is malformed', async () => {
    const home = temporaryFolder();
    const file = await writeKiteKeyFile(await jwtOf('alice'), { home });
    await expect(writeKiteKeyFile('nonsense', { home, force: true })).rejects.toMatchObject({
      code: 'badKiteKey',
    });
    expect(readKiteKeyFile(file).username).toBe('alice');
  });

  it('writing a kite key leaves no files if a folder has its path', async () => {
    const home = temporaryFolder();
    mkdirSync(path.join(home, 'kite.key'));
    await expect(writeKiteKeyFile(await jwtOf('alice'), { home, force: true })).rejects.toMatchObject({
      type: 'configurationError',
      code: 'notWritable',
    });
    expect(readdirSync(home)).toEqual(['kite.key']);
  });

  it('writing a kite key reports a home that is a file', async () => {
    const home = path.join(temporaryFolder(), 'file');
    writeFileSync(home, '');
    await expect(writeKiteKeyFile(await jwtOf('alice'), { home })).rejects.toMatchObject({
      code: 'notWritable',
    });
  });

  it('writing a kite key fails if the kernel creates no folders', async () => {
    const writing = writeKiteKeyFile(await jwtOf('alice'), { home: '/proc/nowhere/kite' });
    await expect(writing).rejects.toMatchObject({ code: 'notWritable' });
  });

  it('writing a kite key rejects a folder in which others could replace the key', async () => {
    const home = temporaryFolder();
    chmodSync(home, 0o770);
    await expect(writeKiteKeyFile(await jwtOf('alice'), { home })).rejects.toMatchObject({
      code: 'homeWritable',
      message: expect.stringContaining(`chmod 700 ${home}`),
    });
  });
});

describe('reading a kite key', () => {
  async function keyFile(content?: string, mode = 0o400): Promise<string> {
    const file = kiteKeyPath(temporaryFolder());
    writeFileSync(file, content ?? (await jwtOf('alice')), { mode });
    chmodSync(file, mode);
    return file;
  }

  it('reading a kite key ignores surrounding white space', async () => {
    const jwt = await jwtOf('alice');
    expect(readKiteKeyFile(await keyFile(` ${jwt}\r\n`)).jwt).toBe(jwt);
  });

  it('reading a kite key follows a link to a mounted file', async () => {
    const link = path.join(temporaryFolder(), 'kite.key');
    symlinkSync(await keyFile(), link);
    expect(readKiteKeyFile(link).username).toBe('alice');
  });

  it.each([0o460, 0o404, 0o644, 0o620, 0o602, 0o401])(
    'reading a kite key rejects a file of mode %o with the command that fixes it',
    async (mode) => {
      const file = await keyFile(undefined, mode);
      const error = configurationFailure(() => readKiteKeyFile(file));
      expect(error.code).toBe('keyFileReadable');
      expect(error.message).toContain(`chmod 400 ${file}`);
    },
  );

  it('reading a kite key quotes the path in the suggested command for a shell', () => {
    const file = path.join(temporaryFolder(), "it's a key");
    writeFileSync(file, 'x', { mode: 0o644 });
    expect(configurationFailure(() => readKiteKeyFile(file)).message).toContain(`it'\\''s a key'`);
  });

  it('reading a kite key explains how to get one if the file does not exist', () => {
    const file = kiteKeyPath(temporaryFolder());
    const error = configurationFailure(() => readKiteKeyFile(file));
    expect(error).toMatchObject({
      name: 'ConfigurationError',
      type: 'configurationError',
      code: 'keyFileMissing',
    });
    expect(error.message).toBe(`There is no kite key at ${file}. Get one with: kitectl register`);
  });

  it.each(['', '\n', 'nonsense', 'a.b.c'])(
    'reading a kite key rejects a file that contains %j',
    async (content) => {
      const error = configurationFailure(() => readKiteKeyFile(contentFile(content)));
      expect(error.code).toBe('badKiteKey');
      expect(error.message).toContain('kitectl register --force');
    },
  );

  it('reading a kite key rejects a file above the size limit without reading it', () => {
    expect(
      configurationFailure(() => readKiteKeyFile(contentFile('x'.repeat(1024 * 1024)))).message,
    ).toContain('too long');
  });

  it('reading a kite key rejects a folder and a device', () => {
    expect(configurationFailure(() => readKiteKeyFile(temporaryFolder())).code).toBe('keyFileUnreadable');
    expect(configurationFailure(() => readKiteKeyFile('/dev/null')).code).toBe('keyFileUnreadable');
  });

  it('reading a kite key never shows the key in an error', async () => {
    const jwt = await jwtOf('alice');
    const broken = `${jwt.slice(0, 300)}!${jwt.slice(300)}`;
    expect(configurationFailure(() => readKiteKeyFile(contentFile(broken))).message).not.toContain(
      jwt.slice(0, 40),
    );
  });
});
