import { ByteStream } from '../call/byte-stream.js';
import type { TargetClient } from '../target/on-demand-client.js';

export interface CountedCall {
  readonly method: string;
  readonly args: readonly unknown[];
}

/** Makes the calls of a benchmark, and counts the items of streams, and the bytes in arguments and results. */
export class CountedCalls {
  /** Items of streams that have arrived. */
  items = 0;
  /** Size of the arguments that are bytes or streams of bytes, without the rest of the messages. */
  bytesSent = 0;
  /** Size of the results and items that are bytes. */
  bytesReceived = 0;
  readonly #method: string;
  readonly #args: readonly unknown[];
  readonly #bytesPerCall: number;
  #streams: boolean | undefined;

  constructor({ method, args }: CountedCall) {
    this.#method = method;
    this.#args = args.map((arg) => (arg instanceof ByteStream ? this.#counted(arg) : arg));
    this.#bytesPerCall = args.reduce<number>((sum, arg) => sum + sizeOf(arg), 0);
  }

  /** Whether the method streams. False until a call has returned or the first item has arrived. */
  get streams(): boolean {
    return this.#streams === true;
  }

  /** Resolves when the call has ended, and a stream has been read. */
  async call(client: TargetClient): Promise<void> {
    this.bytesSent += this.#bytesPerCall;
    // A call that accepts a stream takes longer.
    if (this.#streams === false) {
      this.bytesReceived += sizeOf(await client.call(this.#method, [...this.#args], {}));
      return;
    }
    const stream = client.callStream(this.#method, [...this.#args], {});
    let next = await stream.next();
    this.#streams = stream.begun;
    for (; !next.done; next = await stream.next()) {
      this.items++;
      this.bytesReceived += sizeOf(next.value);
    }
    this.bytesReceived += sizeOf(next.value);
  }

  #counted(stream: AsyncIterable<unknown>): AsyncIterable<unknown> {
    return {
      [Symbol.asyncIterator]: () => {
        const pieces = stream[Symbol.asyncIterator]();
        return {
          next: async () => {
            const next = await pieces.next();
            this.bytesSent += sizeOf(next.value);
            return next;
          },
          return: async () => (await pieces.return?.()) ?? { done: true, value: undefined },
        };
      },
    };
  }
}

function sizeOf(value: unknown): number {
  return value instanceof Uint8Array ? value.length : 0;
}
