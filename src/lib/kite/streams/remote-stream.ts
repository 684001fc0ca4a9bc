import { KiteError } from '../../protocol/errors.js';
import { StreamReader } from './stream-reader.js';

/** The items that a method of the peer sends, and its result. */
export class RemoteStream<Item, Result> implements AsyncIterableIterator<Item, Result | undefined, unknown> {
  /**
   * The result of the call: what the generator at the peer has returned. Rejects with the error of the call, or with `canceled` if
   * the loop over the items has ended early. Items that were not read do not delay a result that has arrived.
   */
  readonly result: Promise<Result>;
  readonly #reader = new StreamReader();
  readonly #signal: AbortSignal | undefined;
  #cancelCall: ((reason: unknown) => void) | undefined;
  #canceled: Error | undefined;

  /** @internal `open` makes the call, and calls `opening` before it sends it. */
  constructor(open: (stream: OpeningStream) => Promise<Result>, signal: AbortSignal | undefined) {
    this.#signal = signal;
    const opening: OpeningStream = {
      reader: this.#reader,
      opened: (cancel) => {
        this.#cancelCall = cancel;
        if (this.#canceled) cancel(this.#canceled);
      },
    };
    this.result = open(opening);
    this.result.then(
      (value) => this.#reader.finish(value),
      (error: unknown) => this.#reader.fail(error),
    );
  }

  /** Whether the peer has answered with a stream, and not with a result alone. Known when `next` or `result` has resolved. */
  get begun(): boolean {
    return this.#reader.begun;
  }

  /** Returns the next item. After the last one, returns the result, or rejects with the error of the call. */
  next(): Promise<IteratorResult<Item, Result | undefined>> {
    if (this.#signal?.aborted || this.#canceled) this.#reader.discard();
    return this.#reader.next() as Promise<IteratorResult<Item, Result | undefined>>;
  }

  /** Cancels the call. A loop over the items does this when it ends early. */
  return(): Promise<IteratorResult<Item, Result | undefined>> {
    this.cancel();
    return Promise.resolve({ done: true, value: undefined });
  }

  /**
   * Cancels the call, with the reason with which `result` rejects. Has no effect after the end. Default: a KiteError `canceled`.
   */
  cancel(reason: Error = new KiteError('canceled', 'The stream was canceled')): void {
    if (this.#canceled) return;
    this.#canceled = reason;
    this.#reader.discard();
    this.#reader.finish(undefined);
    this.#cancelCall?.(reason);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** A stream whose call is being made. */
export interface OpeningStream {
  readonly reader: StreamReader;
  /** `cancel` gives up the call. */
  opened(cancel: (reason: unknown) => void): void;
}
