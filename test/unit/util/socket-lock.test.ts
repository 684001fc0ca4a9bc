import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/lib/util/clock.js';
import { lockHolder, SocketLock } from '../../../src/lib/util/socket-lock.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';

const options = { clock: systemClock, deadline: 10_000 };

/** Leaves the socket of a process that was killed. */
async function leaveStaleSocket(file: string): Promise<void> {
  const script = `require('node:net').createServer().listen(${JSON.stringify(file)}, () => console.log('ready'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('a lock', () => {
  it('a lock is held by one at a time, and leaves nothing behind', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'lock');
    const lock = await SocketLock.acquire(file, options);
    const refused = SocketLock.acquire(file, options);
    expect(lockHolder(await refused.catch((error: unknown) => error))).toBe(String(process.pid));
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
    await (await SocketLock.acquire(file, options)).release();
  });

  it('a lock is acquired by each of 20 that wait, one after the other', async () => {
    const file = join(temporaryFolder(), 'lock');
    let holders = 0;
    let most = 0;
    const use = async (): Promise<void> => {
      const lock = await SocketLock.acquire(file, { ...options, deadline: 60_000, wait: true });
      most = Math.max(most, ++holders);
      await new Promise((resolve) => setImmediate(resolve));
      holders--;
      await lock.release();
    };
    await Promise.all(Array.from({ length: 20 }, use));
    expect({ most, left: existsSync(file) }).toEqual({ most: 1, left: false });
  });

  it('a lock of a process that was killed is taken over by one of 20', async () => {
    const file = join(temporaryFolder(), 'lock');
    await leaveStaleSocket(file);
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => SocketLock.acquire(file, options)),
    );
    const locks = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(locks).toHaveLength(1);
    await locks[0]?.release();
    expect(existsSync(file)).toBe(false);
  });

  it('a lock lies in its folder also if the path is longer than a socket can have', async () => {
    const folder = join(temporaryFolder(), 'long'.repeat(40));
    mkdirSync(folder);
    const file = join(folder, 'lock');
    const lock = await SocketLock.acquire(file, options);
    expect(readdirSync(folder)).toEqual(['lock']);
    await expect(SocketLock.acquire(file, options)).rejects.toMatchObject({ code: 'ELOCKED' });
    await lock.release();
  });

  it('a lock whose holder does not respond is not taken over', async () => {
    const file = join(temporaryFolder(), 'lock');
    const silent = createServer();
    silent.listen(file);
    await once(silent, 'listening');
    onTestFinished(() => new Promise<void>((resolve) => void silent.close(() => resolve())));
    await expect(SocketLock.acquire(file, { ...options, deadline: 100 })).rejects.toMatchObject({
      holder: 'unknown (it does not respond)',
    });
  });

  it('a lock in a folder that does not exist rejects with the error of the system', async () => {
    const file = join(temporaryFolder(), 'none', 'lock');
    await expect(SocketLock.acquire(file, options)).rejects.toMatchObject({ code: 'EACCES' });
  });
});
