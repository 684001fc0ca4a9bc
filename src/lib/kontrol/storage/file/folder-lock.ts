import { createHash } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Clock } from '../../../util/clock.js';
import { guardListeners } from '../../../util/guard-listeners.js';
import { systemErrorReason } from '../../../util/system-error.js';
import { StorageError } from '../shared/storage.js';

/**
 * Locks a folder for one process. The holder listens at a socket in the folder and sends its process id to every client. The
 * socket of a process that has died does not respond, and is replaced. A file with a process id would not work in containers,
 * where every process has the same id.
 */
export class FolderLock {
  readonly #folder: string;
  readonly #socket: string;
  readonly #clock: Clock;
  readonly #deadline: number;
  #server: Server | undefined;

  /** `deadline`: milliseconds that the holder has to respond. */
  constructor(folder: string, { clock, deadline }: { readonly clock: Clock; readonly deadline: number }) {
    this.#folder = folder;
    this.#clock = clock;
    this.#deadline = deadline;
    this.#socket = socketPath(folder);
  }

  /** Acquires the lock. Rejects with a StorageError `locked` that contains the process id of the holder. */
  async acquire(): Promise<void> {
    if (await this.#tryToAcquire()) return;
    const holder = await findHolder(this.#socket, this.#clock, this.#deadline);
    if (holder !== undefined) {
      const message = `The folder ${this.#folder} is in use by another Kontrol, process ${holder}`;
      throw new StorageError('locked', message);
    }
    rmSync(this.#socket, { force: true });
    if (await this.#tryToAcquire()) return;
    throw new StorageError('locked', `The folder ${this.#folder} was just locked by another Kontrol`);
  }

  release(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    return new Promise((resolve) => {
      if (server) server.close(() => resolve());
      else resolve();
    });
  }

  #tryToAcquire(): Promise<boolean> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(`${process.pid}\n`);
    });
    // The lock alone must not keep the process running.
    server.unref();
    return new Promise((resolve, reject) => {
      const guarded = guardListeners((error) => {
        server.close();
        reject(this.#unusableError(error));
      });
      const onError = guarded((cause: NodeJS.ErrnoException) => {
        if (cause.code === 'EADDRINUSE') resolve(false);
        else reject(this.#unusableError(cause));
      });
      const onListening = guarded(() => {
        this.#server = server;
        if (process.platform !== 'win32') chmodSync(this.#socket, 0o600);
        resolve(true);
      });
      server.on('error', onError);
      server.listen(this.#socket, onListening);
    });
  }

  #unusableError(cause: unknown): StorageError {
    return new StorageError(
      'unavailable',
      `The folder ${this.#folder} cannot be locked: ${systemErrorReason(cause)}`,
      {
        cause,
      },
    );
  }
}

/**
 * Returns the process id of the holder, or undefined if no process listens at the socket. A process that listens but does
 * not respond, such as a stopped one, counts as a holder.
 */
function findHolder(socketFile: string, clock: Clock, ms: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let response = '';
    const socket = connect(socketFile);
    const timer = clock.setTimeout(() => end('unknown (it does not respond)'), ms);
    const end = (holder: string | undefined): void => {
      timer.cancel();
      socket.destroy();
      resolve(holder);
    };
    const guarded = guardListeners(() => end('unknown'));
    const onData = guarded((chunk: Buffer) => (response += chunk.toString()));
    const onError = guarded(() => end(undefined));
    const onEnd = guarded(() => end(response.trim() || 'unknown'));
    socket.on('data', onData);
    socket.on('error', onError);
    socket.on('end', onEnd);
  });
}

// Bytes that a socket path can have on every system.
const MAX_SOCKET_PATH = 100;

function socketPath(folder: string): string {
  const name = `kitectl-${createHash('sha256').update(path.resolve(folder)).digest('hex').slice(0, 32)}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  const inFolder = path.join(folder, 'kontrol.lock');
  return Buffer.byteLength(inFolder) <= MAX_SOCKET_PATH ? inFolder : path.join(os.tmpdir(), `${name}.lock`);
}
