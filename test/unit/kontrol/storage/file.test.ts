import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileStorage } from '../../../../src/lib/kontrol/storage/file.js';
import { registration, storageConformance } from '../../../helpers/storage-conformance.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'kitectl-storage-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

storageConformance('file', () => new FileStorage(path.join(folder, 'kontrol')), true);

describe('the file store', () => {
  it('is its owner’s alone', async () => {
    const storage = new FileStorage(path.join(folder, 'kontrol'));
    await storage.open();
    await storage.put(registration(), 0);
    expect(statSync(path.join(folder, 'kontrol')).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(path.join(folder, 'kontrol'))) {
      expect([file, statSync(path.join(folder, 'kontrol', file)).mode & 0o077]).toEqual([file, 0]);
    }
    await storage.close();
  });

  it('is refused to a second Kontrol, by name', async () => {
    const first = new FileStorage(folder);
    await first.open();
    const second = new FileStorage(folder);
    await expect(second.open()).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringContaining(`belongs to another Kontrol, process ${process.pid}`) as string,
    });
    await first.close();
    await second.open();
    await second.close();
  });

  it('takes over a folder that was left locked, by a file or by a socket that nobody answers at', async () => {
    writeFileSync(path.join(folder, 'kontrol.lock'), '1\n');
    const storage = new FileStorage(folder);
    await storage.open();
    expect(await storage.registrations()).toEqual([]);
    await storage.close();
    // A process that dies leaves its socket behind.
    const script = `require('node:net').createServer().listen(${JSON.stringify(path.join(folder, 'kontrol.lock'))}, () => process.kill(process.pid, 'SIGKILL'))`;
    expect(spawnSync(process.execPath, ['-e', script]).signal).toBe('SIGKILL');
    expect(existsSync(path.join(folder, 'kontrol.lock'))).toBe(true);
    const again = new FileStorage(folder);
    await again.open();
    expect(await again.registrations()).toEqual([]);
    await again.close();
  });

  it('locks a folder whose path is too long for a socket', async () => {
    const deep = path.join(folder, 'x'.repeat(120));
    const storage = new FileStorage(deep);
    await storage.open();
    await expect(new FileStorage(deep).open()).rejects.toMatchObject({ code: 'locked' });
    await storage.close();
  });

  it('says what is wrong with a folder that cannot be', async () => {
    writeFileSync(path.join(folder, 'file'), '');
    const storage = new FileStorage(path.join(folder, 'file', 'kontrol'));
    await expect(storage.open()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(storage.ping()).rejects.toThrow('is not open');
  });
});
