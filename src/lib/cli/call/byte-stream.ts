import { constants, createReadStream, openSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { hasValues } from '../runtime/json.js';

/**
 * An argument that is a stream: the bytes of a file or of standard input, in pieces, read only as fast as the other side reads
 * them. A file can be read several times. Nothing is lost if the other side ends the stream before its first piece, as with a call
 * that a kite rejects because it lacks credentials: the call can be repeated.
 */
export class ByteStream implements AsyncIterable<Uint8Array> {
  readonly #start: () => Readable;
  readonly #closeUnread: () => Promise<void>;
  /** Whether it can be read again. */
  readonly isFile: boolean;

  private constructor(start: () => Readable, closeUnread: () => Promise<void>, isFile: boolean) {
    this.#start = start;
    this.#closeUnread = closeUnread;
    this.isFile = isFile;
  }

  /** Rejects with the error of the system if the file cannot be read. */
  static async open(path: string): Promise<ByteStream> {
    // A pipe can be opened once.
    let unread: Readable | undefined = await openFile(path);
    const start = (): Readable => {
      const input = unread;
      unread = undefined;
      return input ?? createReadStream(path);
    };
    const close = async (): Promise<void> => {
      const input = unread;
      unread = undefined;
      if (!input) return;
      input.destroy();
      await finished(input).catch(() => {});
    };
    // A named pipe is a socket.
    return new ByteStream(start, close, !(unread instanceof Socket));
  }

  /** Returns the stream of an input that can be read once. */
  static of(input: Readable): ByteStream {
    return new ByteStream(
      () => input,
      async () => {},
      false,
    );
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, void> {
    let input: Readable | undefined;
    let pieces: AsyncIterator<unknown> | undefined;
    return {
      next: async () => {
        input ??= this.#start();
        pieces ??= input[Symbol.asyncIterator]();
        const { done, value } = await pieces.next();
        if (done) return { done, value: undefined };
        return { value: typeof value === 'string' ? Buffer.from(value) : (value as Uint8Array) };
      },
      // The iterator of a Readable would wait for its next piece.
      return: async () => {
        input?.destroy();
        return { done: true, value: undefined };
      },
    };
  }

  /** Closes the file, unless it is being read. */
  close(): Promise<void> {
    return this.#closeUnread();
  }
}

/**
 * Opens a file or a named pipe for reading. Does not wait for a program that writes into the pipe: the process could not exit then.
 * Rejects with the error of the system.
 */
export async function openFile(path: string): Promise<Readable> {
  if ((await stat(path)).isFIFO()) {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return new Socket({ fd, readable: true, writable: false });
  }
  const handle = await open(path);
  if (!(await handle.stat()).isDirectory()) return handle.createReadStream();
  await handle.close();
  throw Object.assign(new Error(`${path} is a folder`), { code: 'EISDIR' });
}

/** Closes the streams in arguments that nobody has read. */
export async function closeStreams(args: readonly unknown[]): Promise<void> {
  await Promise.all(args.map((arg) => closeStreamsIn(arg)));
}

async function closeStreamsIn(value: unknown): Promise<void> {
  if (value instanceof ByteStream) await value.close();
  else if (hasValues(value)) await closeStreams(Object.values(value));
}

/** Whether there is a stream in arguments that can be read only once. */
export function canBeReadOnce(args: readonly unknown[]): boolean {
  return args.some((value) =>
    value instanceof ByteStream ? !value.isFile : hasValues(value) && canBeReadOnce(Object.values(value)),
  );
}
