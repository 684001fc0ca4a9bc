import { createReadStream } from 'node:fs';
import { env } from 'node:process';

/** The file that servers send as a stream: `BENCH_FILE`, in parts of 64 KiB. */
export class FileSource {
  /** How many bytes were read since the last stream began. */
  produced = 0;

  async *parts(): AsyncGenerator<Buffer, void> {
    this.produced = 0;
    for await (const part of createReadStream(env['BENCH_FILE'] ?? '') as AsyncIterable<Buffer>) {
      this.produced += part.length;
      yield part;
    }
  }
}

/** Measures how long a handler runs after its caller has given it up. The clocks of both processes are that of the machine. */
export class AbortTime {
  #aborted: (time: number) => void = () => undefined;
  /** Resolves with the time at which the signal of the last call has aborted. */
  time = Promise.resolve(0);

  /** A handler that runs until its signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    this.time = new Promise((resolve) => (this.#aborted = resolve));
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    this.#aborted(now());
  }
}

/** Milliseconds since 1970, with fractions. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
