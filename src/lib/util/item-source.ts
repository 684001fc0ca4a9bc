/** What items can be read from: an async iterable, such as a generator or a Readable of Node, or a ReadableStream. */
export type ItemStream<Item = unknown> = AsyncIterable<Item> | ReadableItems<Item>;

/** The part of a ReadableStream that is used. Not every browser can iterate one. */
export interface ReadableItems<Item = unknown> {
  getReader(): ItemReader<Item>;
  readonly locked: boolean;
}

interface ItemReader<Item> {
  read(): Promise<{ readonly done: boolean; readonly value?: Item | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}

/** Reads the items of a stream one after the other. */
export interface ItemSource {
  /** Returns the next item, or the return value of a generator at the end. */
  next(): Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }>;
  /**
   * Ends the stream early: the `finally` of a generator runs, and a Readable closes its file. Resolves after that. Never rejects.
   */
  cancel(reason: unknown): Promise<void>;
}

/** Whether items can be read from a value. Never throws, also if reading its properties does. */
export function isStream(value: unknown): value is ItemStream {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return isIterable(value) || isReadable(value);
  } catch {
    return false;
  }
}

function isIterable(value: object): value is AsyncIterable<unknown> {
  return typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function';
}

function isReadable(value: object): value is ReadableItems {
  return typeof (value as Partial<ReadableItems>).getReader === 'function' && 'locked' in value;
}

/** Starts to read a stream. Throws what the stream throws, such as a ReadableStream that has a reader already. */
export function readStream(stream: ItemStream): ItemSource {
  return isReadable(stream) ? readerSource(stream.getReader()) : iteratorSource(stream);
}

function readerSource(reader: ItemReader<unknown>): ItemSource {
  return { next: () => reader.read(), cancel: (reason) => settled(() => reader.cancel(reason)) };
}

function iteratorSource(stream: AsyncIterable<unknown>): ItemSource {
  const iterator = stream[Symbol.asyncIterator]();
  return {
    next: () => iterator.next(),
    cancel: () =>
      settled(async () => {
        // The iterator of a Readable waits for its next piece before it returns.
        const { destroy, pipe } = stream as { readonly destroy?: unknown; readonly pipe?: unknown };
        if (typeof destroy === 'function' && typeof pipe === 'function') destroy.call(stream);
        await iterator.return?.();
      }),
  };
}

/**
 * Ends a stream that nobody reads. A Readable that has failed before ends as well, and its error does not end the process.
 */
export function cancelStream(stream: ItemStream, reason: unknown): void {
  expectFailure(stream);
  try {
    void readStream(stream).cancel(reason);
  } catch {
    // Somebody else reads it.
  }
}

/** Prevents the error of a Readable, such as a missing file, from ending the process before the stream is read. */
export function expectFailure(stream: ItemStream): void {
  const { on, pipe } = stream as { readonly on?: unknown; readonly pipe?: unknown };
  if (typeof on === 'function' && typeof pipe === 'function') on.call(stream, 'error', ignore);
}

function ignore(): void {
  // The reader of the stream gets the error.
}

async function settled(end: () => Promise<unknown>): Promise<void> {
  try {
    await end();
  } catch {
    // Nobody reads the stream any more.
  }
}
