import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

  it('takes over a folder that a dead process left locked', async () => {
    writeFileSync(path.join(folder, 'kontrol.lock'), '99999999\n');
    const storage = new FileStorage(folder);
    await storage.open();
    expect(await storage.registrations()).toEqual([]);
    await storage.close();
  });

  it('says what is wrong with a folder that cannot be', async () => {
    writeFileSync(path.join(folder, 'file'), '');
    const storage = new FileStorage(path.join(folder, 'file', 'kontrol'));
    await expect(storage.open()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(storage.ping()).rejects.toThrow('is not open');
  });
});
