import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { ConfigurationError } from '../protocol/errors.js';
import { systemClock } from '../util/clock.js';
import { errorCode } from '../util/error-code.js';
import type { SocketLock } from '../util/socket-lock.js';
import { makeFolder } from './secure-files.js';

/** Milliseconds to wait for other processes that change the file. */
const LOCK_DEADLINE = 30_000;

/** Errors of folders in which no socket can be created. */
const NO_SOCKETS: ReadonlySet<string> = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EINVAL',
]);

/**
 * Calls `work`, which reads a file and writes it, while no other process does so. Creates the folder of the file.
 *
 * In a folder in which this process cannot create a socket, such as one mounted read-only with a single writable file, it works
 * without a lock.
 *
 * @throws ConfigurationError `notWritable` if another process holds the lock for too long, and what `work` throws
 */
export async function withFileLock<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  const lock = await lockOf(file);
  try {
    return await work();
  } finally {
    await lock?.release();
  }
}

async function lockOf(file: string): Promise<SocketLock | undefined> {
  // Loaded on demand, because most commands only read.
  const { lockHolder, SocketLock } = await import('../util/socket-lock.js');
  // Several links may lead to one file.
  const target = await realpath(file).catch(() => file);
  const name = path.join(path.dirname(target), `.${path.basename(target)}.lock`);
  try {
    await makeFolder(path.dirname(target));
    return await SocketLock.acquire(name, { clock: systemClock, deadline: LOCK_DEADLINE, wait: true });
  } catch (cause) {
    if (NO_SOCKETS.has(errorCode(cause) ?? '')) return undefined;
    const holder = lockHolder(cause);
    if (holder === undefined) throw cause;
    const message = `${file} cannot be written: process ${holder} is changing it. End that process, and try again`;
    throw new ConfigurationError('notWritable', message, { cause });
  }
}
