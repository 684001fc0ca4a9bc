import { createHash } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Clock } from '../../../util/clock.js';
import { StorageError } from '../shared/storage.js';

/**
 * A folder for one process. Who has it listens at a socket in it, and tells its process number to whoever asks. A socket
 * whose process has died, however it did, answers nobody and counts for nothing; a file with a process number would be
 * believed for ever in containers, where every process has the same.
 */
export class FolderLock {
  readonly #folder: string;
  readonly #socket: string;
  readonly #clock: Clock;
  readonly #deadline: number;
  #server: Server | undefined;

  /** `deadline`: milliseconds that whoever has the folder has to say so. */
  constructor(folder: string, { clock, deadline }: { readonly clock: Clock; readonly deadline: number }) {
    this.#folder = folder;
    this.#clock = clock;
    this.#deadline = deadline;
    this.#socket = socketPath(folder);
  }

  /** Takes the folder. Rejects with a StorageError `locked` that names who has it. */
  async take(): Promise<void> {
    if (await this.#tryToTake()) return;
    const holder = await askHolder(this.#socket, this.#clock, this.#deadline);
    if (holder !== undefined) {
      const message =
        `The folder ${this.#folder} belongs to another Kontrol, process ${holder}. ` +
        'Stop that one, or give this one a folder of its own';
      throw new StorageError('locked', message);
    }
    rmSync(this.#socket, { force: true });
    if (await this.#tryToTake()) return;
    throw new StorageError(
      'locked',
      `The folder ${this.#folder} was taken by another Kontrol at this moment`,
    );
  }

  release(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    return new Promise((resolve) => {
      if (server) server.close(() => resolve());
      else resolve();
    });
  }

  #tryToTake(): Promise<boolean> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(`${process.pid}\n`);
    });
    // The lock alone is no reason to go on running.
    server.unref();
    return new Promise((resolve, reject) => {
      server.on('error', (cause: NodeJS.ErrnoException) => {
        if (cause.code === 'EADDRINUSE') resolve(false);
        else reject(this.#unusable(cause));
      });
      server.listen(this.#socket, () => {
        this.#server = server;
        if (process.platform !== 'win32') chmodSync(this.#socket, 0o600);
        resolve(true);
      });
    });
  }

  #unusable(cause: Error): StorageError {
    return new StorageError('unavailable', `The folder ${this.#folder} cannot be locked: ${cause.message}`, {
      cause,
    });
  }
}

/** The process that answers at the socket; undefined where none does. One that is stopped has the folder all the same. */
function askHolder(socketFile: string, clock: Clock, ms: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(socketFile);
    const timer = clock.setTimeout(() => end('unknown (it does not answer)'), ms);
    const end = (holder: string | undefined): void => {
      timer.cancel();
      socket.destroy();
      resolve(holder);
    };
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('error', () => end(undefined));
    socket.on('end', () => end(answer.trim() || 'unknown'));
  });
}

// As long as the address of a socket may be, everywhere.
const LONGEST = 100;

function socketPath(folder: string): string {
  const name = `kitectl-${createHash('sha256').update(path.resolve(folder)).digest('hex').slice(0, 32)}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  const inFolder = path.join(folder, 'kontrol.lock');
  return Buffer.byteLength(inFolder) <= LONGEST ? inFolder : path.join(os.tmpdir(), `${name}.lock`);
}
