import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { FileStorage } from '../../../../../src/lib/kontrol/storage/file/file-storage.js';
import { ManualClock } from '../../../../helpers/process/manual-clock.js';
import { registration, storageConformance } from '../../../../helpers/storage/storage-conformance.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'kitectl-storage-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

storageConformance('file', () => new FileStorage(path.join(folder, 'kontrol')), true);

describe('the file store', () => {
  it('the file store is readable by its owner only', async () => {
    const storage = new FileStorage(path.join(folder, 'kontrol'));
    await storage.open();
    await storage.put(registration(), 0);
    expect(statSync(path.join(folder, 'kontrol')).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(path.join(folder, 'kontrol'))) {
      expect([file, statSync(path.join(folder, 'kontrol', file)).mode & 0o077]).toEqual([file, 0]);
    }
    await storage.close();
  });

  it('the file store rejects a second Kontrol with its folder', async () => {
    const first = new FileStorage(folder);
    await first.open();
    const second = new FileStorage(folder);
    await expect(second.open()).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringContaining(`is in use by another Kontrol, process ${process.pid}`) as string,
    });
    await first.close();
    await second.open();
    await second.close();
  });

  it('the file store takes over a folder with a stale lock file or a socket without a listener', async () => {
    writeFileSync(path.join(folder, 'kontrol.lock'), '1\n');
    const storage = new FileStorage(folder);
    await storage.open();
    expect(await storage.registrations()).toEqual([]);
    await storage.close();
    // A killed process leaves its socket.
    const script = `require('node:net').createServer().listen(${JSON.stringify(path.join(folder, 'kontrol.lock'))}, () => process.kill(process.pid, 'SIGKILL'))`;
    expect(spawnSync(process.execPath, ['-e', script]).signal).toBe('SIGKILL');
    expect(existsSync(path.join(folder, 'kontrol.lock'))).toBe(true);
    const again = new FileStorage(folder);
    await again.open();
    expect(await again.registrations()).toEqual([]);
    await again.close();
  });

  it('the file store locks a folder whose path is too long for a socket', async () => {
    const deep = path.join(folder, 'x'.repeat(120));
    const storage = new FileStorage(deep);
    await storage.open();
    await expect(new FileStorage(deep).open()).rejects.toMatchObject({ code: 'locked' });
    await storage.close();
  });

  it('the file store fails where the kernel does not create folders, instead of trying for ever', async () => {
    await expect(new FileStorage('/proc/nowhere/data').open()).rejects.toThrow(
      /The file store in \/proc\/nowhere\/data cannot be created: /,
    );
  });

  it('the file store reports why its folder cannot be created', async () => {
    writeFileSync(path.join(folder, 'file'), '');
    const storage = new FileStorage(path.join(folder, 'file', 'kontrol'));
    await expect(storage.open()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(storage.ping()).rejects.toThrow('is not open');
  });

  it('the file store gives up on a stuck write, rejects those that follow, and recovers afterwards', async () => {
    const clock = new ManualClock();
    const storage = new FileStorage(folder, { clock });
    await storage.open();
    const release = await holdWriteLock(folder);
    const late = {
      code: 'unavailable',
      message: expect.stringContaining('no response within 5 s') as string,
    };
    const [put, keep] = [storage.put(registration(), 0), storage.putInvite(invite)];
    clock.advance(4_999);
    clock.advance(1);
    await expect(put).rejects.toMatchObject(late);
    await expect(keep).rejects.toMatchObject(late);
    // No calls queue up behind the stuck one, and the store is not ready.
    const stuck = {
      code: 'unavailable',
      message: expect.stringContaining('a write did not finish in time') as string,
    };
    await expect(storage.put(registration(), 0)).rejects.toMatchObject(stuck);
    await expect(storage.ping()).rejects.toMatchObject(stuck);
    expect(await storage.registrations()).toEqual([]);
    await release();
    await vi.waitFor(() => storage.ping());
    expect(await storage.put(registration({ id: 'id-2' }), 0)).toBe('ok');
    expect(clock.timers).toBe(0);
    await storage.close();
  });

  it('the file store closes without waiting for a stuck write', async () => {
    const clock = new ManualClock();
    const storage = new FileStorage(folder, { clock, deadline: 1000 });
    await storage.open();
    const release = await holdWriteLock(folder);
    const put = storage.put(registration(), 0);
    clock.advance(1000);
    await expect(put).rejects.toThrow('no response within 1 s');
    const closed = storage.close();
    clock.advance(1000);
    await expect(closed).rejects.toThrow('cannot be closed: no response within 1 s');
    await release();
  });

  it('the file store is locked if the owner of the lock does not answer', async () => {
    const clock = new ManualClock();
    const asked = new Promise<void>((resolve) => {
      const server = createServer(() => resolve());
      server.listen(path.join(folder, 'kontrol.lock'));
      onTestFinished(() => void server.close());
    });
    const opened = new FileStorage(folder, { clock }).open();
    const refused = expect(opened).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringContaining('is in use by another Kontrol') as string,
    });
    await asked;
    clock.advance(5000);
    await refused;
  });
});

const invite = { hash: 'h1', username: 'bob', expiresAt: 1 };

/** Delays every write to the folder, like an unresponsive disk, until it is released. */
async function holdWriteLock(where: string): Promise<() => Promise<void>> {
  const script = `
    const root = require('lmdb').open({ path: ${JSON.stringify(where)}, maxDbs: 8 });
    root.transactionSync(() => {
      require('node:fs').writeSync(1, 'held');
      require('node:fs').readSync(0, Buffer.alloc(1));
    });`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return async () => {
    const exited = once(child, 'exit');
    child.stdin.end('x');
    await exited;
  };
}
