import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, closeSync, linkSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Clock } from './clock.js';
import { errorCode } from './error-code.js';
import { guardListeners } from './guard-listeners.js';

const LOCKED = 'ELOCKED';

function lockedError(holder: string): Error {
  return Object.assign(new Error(`locked by process ${holder}`), { code: LOCKED, holder });
}

/** Returns the process id of the holder, or `unknown` with the reason, if an error means that another process holds a lock. */
export function lockHolder(error: unknown): string | undefined {
  return errorCode(error) === LOCKED ? (error as { readonly holder: string }).holder : undefined;
}

export interface SocketLockOptions {
  readonly clock: Clock;
  /** Milliseconds that the holder has to respond and, with `wait`, to release the lock. */
  readonly deadline: number;
  /** Whether to wait until the holder releases the lock. Default: false. */
  readonly wait?: boolean;
}

/** Bytes that a socket path can have on every system. */
const MAX_SOCKET_PATH = 100;
/** Milliseconds after which no other process still replaces the socket of a process that has died. */
const TAKEOVER_DELAY = 50;

/**
 * A lock that a process holds as long as it listens at a socket, whose path is `file`. The socket of a process that has died does not
 * respond, and is replaced. A file with a process id would not work in containers, where every process has the same id.
 */
export class SocketLock {
  readonly #file: string;
  readonly #server: Server;
  readonly #inode: number | undefined;

  private constructor(file: string, server: Server, inode: number | undefined) {
    this.#file = file;
    this.#server = server;
    this.#inode = inode;
  }

  /**
   * Acquires the lock.
   *
   * Rejects with an error that has a `lockHolder` if another process holds it, else with an error of the system.
   */
  static async acquire(file: string, options: SocketLockOptions): Promise<SocketLock> {
    const { clock, deadline, wait = false } = options;
    const end = clock.monotonic() + deadline;
    let lock = await tryToAcquire(file);
    while (!lock) {
      const stale = inodeOf(file);
      const holder = await findHolder(endpoint(file), { clock, ms: end - clock.monotonic(), wait });
      if (holder !== undefined && (!wait || clock.monotonic() >= end)) throw lockedError(holder);
      if (holder === undefined && stale !== undefined) lock = await takeOver(file, stale);
      lock ??= await tryToAcquire(file);
    }
    return lock;
  }

  /** Acquires a lock with a server that listens already. `named`: whether `release` removes the name of the socket. */
  static held(file: string, server: Server, { named = true } = {}): SocketLock {
    return new SocketLock(file, server, named ? inodeOf(file) : undefined);
  }

  release(): Promise<void> {
    if (this.#inode !== undefined && inodeOf(this.#file) === this.#inode) rmSync(this.#file, { force: true });
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      // Ends the connections of processes that wait.
      this.#server.emit('release');
    });
  }
}

/** Errors of file systems without hard links. */
const LINK_UNSUPPORTED: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** Returns undefined if there is a socket, of a process that runs or has died. */
async function tryToAcquire(file: string): Promise<SocketLock | undefined> {
  if (process.platform === 'win32') {
    const pipe = await listen(endpoint(file));
    return pipe && SocketLock.held(file, pipe);
  }
  try {
    // The socket appears under its name only when it responds.
    return await withNewSocket(file, (temporary) => linkSync(temporary, file));
  } catch (error) {
    if (!LINK_UNSUPPORTED.has(errorCode(error) ?? '')) throw error;
    const server = await withShortPath(file, listen);
    // Node removes the name of a socket that it has created.
    return server && SocketLock.held(file, server, { named: false });
  }
}

/** Replaces the socket of a process that has died. Returns undefined if another process has done so. */
async function takeOver(file: string, stale: number): Promise<SocketLock | undefined> {
  const lock = await withNewSocket(file, (temporary) => {
    if (inodeOf(file) !== stale) throw Object.assign(new Error('it was replaced'), { code: 'EEXIST' });
    renameSync(temporary, file);
  });
  const own = inodeOf(file);
  // Not a timer of the clock, which would not keep a command running.
  await setTimeout(TAKEOVER_DELAY);
  // Another process that saw the same stale socket may have replaced this one.
  if (inodeOf(file) === own) return lock;
  await lock?.release();
  return undefined;
}

/** Listens at a new socket, and gives it its name with `publish`. Returns undefined if that fails with EEXIST. */
async function withNewSocket(
  file: string,
  publish: (temporary: string) => void,
): Promise<SocketLock | undefined> {
  const temporary = path.join(path.dirname(file), `.${randomBytes(4).toString('hex')}`);
  const server = await listenIn(temporary);
  try {
    chmodSync(temporary, 0o600);
    publish(temporary);
    return SocketLock.held(file, server);
  } catch (error) {
    server.close();
    if (errorCode(error) !== 'EEXIST') throw error;
    return undefined;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Listens at a socket. In Linux, its path may have any length. */
async function listenIn(file: string): Promise<Server> {
  return withShortPath(file, async (short) => {
    const server = await listen(short);
    if (!server) throw new Error('the socket exists already');
    return server;
  });
}

/** Calls `use` with a path of the file that is short enough for a socket. Rejects with ENAMETOOLONG if there is none. */
async function withShortPath<Result>(file: string, use: (short: string) => Promise<Result>): Promise<Result> {
  if (process.platform === 'win32' || Buffer.byteLength(file) <= MAX_SOCKET_PATH) return use(file);
  if (process.platform !== 'linux') {
    throw Object.assign(new Error('its path is too long for a socket'), { code: 'ENAMETOOLONG' });
  }
  const folder = openSync(path.dirname(file), 'r');
  try {
    return await use(`/proc/self/fd/${folder}/${path.basename(file)}`);
  } finally {
    closeSync(folder);
  }
}

/** Listens, and sends the process id to each client. Returns undefined if another server listens. */
function listen(address: string): Promise<Server | undefined> {
  const waiting = new Set<Socket>();
  const guarded = guardListeners(() => undefined);
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.unref();
    waiting.add(socket);
    const onClose = guarded(() => waiting.delete(socket));
    socket.on('close', onClose);
    socket.write(`${process.pid}\n`);
  });
  const onRelease = guarded(() => {
    for (const socket of waiting) socket.destroy();
  });
  server.on('release', onRelease);
  // The lock alone must not keep the process running.
  server.unref();
  return new Promise((resolve, reject) => {
    const failing = guardListeners(reject);
    const onError = failing((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EADDRINUSE') resolve(undefined);
      else reject(cause);
    });
    const onListening = failing(() => resolve(server));
    server.on('error', onError);
    server.listen(address, onListening);
  });
}

/**
 * Returns the process id of the holder, or undefined if no process listens. With `wait`, resolves when it has released the lock. A
 * process that listens but does not respond, such as a stopped one, counts as a holder.
 */
function findHolder(
  address: string,
  { clock, ms, wait }: { readonly clock: Clock; readonly ms: number; readonly wait: boolean },
): Promise<string | undefined> {
  return withShortPath(
    address,
    (short) =>
      new Promise((resolve) => {
        let response = '';
        const socket = connect(short);
        const end = (holder: string | undefined): void => {
          timer.cancel();
          socket.destroy();
          resolve(holder);
        };
        const holder = (): string => response.trim() || 'unknown (it does not respond)';
        const timer = clock.setTimeout(() => end(holder()), ms);
        const guarded = guardListeners(() => end('unknown'));
        const onData = guarded((chunk: Buffer) => {
          response += chunk.toString();
          if (!wait && response.includes('\n')) end(holder());
        });
        const onError = guarded(() => end(response === '' ? undefined : holder()));
        const onEnd = guarded(() => end(holder()));
        socket.on('data', onData);
        socket.on('error', onError);
        socket.on('end', onEnd);
      }),
  );
}

function endpoint(file: string): string {
  if (process.platform !== 'win32') return file;
  return `\\\\.\\pipe\\kitectl-${createHash('sha256').update(path.resolve(file)).digest('hex').slice(0, 32)}`;
}

function inodeOf(file: string): number | undefined {
  try {
    return statSync(file).ino;
  } catch {
    return undefined;
  }
}
