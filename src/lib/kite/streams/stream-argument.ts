import type { CallbackPath, DnodeMessage } from '../../dnode/dnode-message.js';
import { cancelStream, expectFailure, type ItemStream } from '../../util/item-source.js';
import type { StreamLimits } from '../limits/stream-limits.js';
import { StreamEntry } from './stream-entry.js';
import { type ItemOutlet, StreamProducer } from './stream-producer.js';
import { readWindow } from './stream-window.js';

/** How a stream among the arguments of a call reaches the called kite. */
export interface StreamArgumentPeer {
  readonly limits: StreamLimits;
  /** Returns the outlet for the function of the peer that receives items. */
  items(number: number): ItemOutlet;
  /** Calls the function of the peer that receives the end of the stream. */
  sendEnd(number: number, error?: unknown): void;
}

/** A stream that this side has passed in a call: the function with which the called kite controls it. */
export class StreamArgument extends StreamEntry {
  readonly #stream: ItemStream;
  readonly #peer: StreamArgumentPeer;
  #producer: StreamProducer | undefined;
  #closed = false;

  constructor(stream: ItemStream, peer: StreamArgumentPeer) {
    super();
    this.#stream = stream;
    this.#peer = peer;
    expectFailure(stream);
  }

  /** An object begins the stream, a number is credit, and a call without arguments means that no more items are needed. */
  receive({ args, callbacks }: DnodeMessage): void {
    const [first] = args;
    if (args.length === 0) this.close(undefined);
    else if (typeof first === 'number') this.#producer?.grant(first);
    else if (!this.#producer && !this.#closed) this.#begin(first, callbacks);
  }

  #begin(options: unknown, callbacks: readonly CallbackPath[] | undefined): void {
    const next = functionAt(callbacks, 'next');
    const end = functionAt(callbacks, 'end');
    if (next === undefined || end === undefined) return;
    const peer = this.#peer;
    try {
      this.#producer = new StreamProducer(this.#stream, readWindow(options, peer.limits), peer.items(next));
    } catch (error) {
      peer.sendEnd(end, error);
      this.close(error);
      return;
    }
    this.#producer.run().then(
      () => this.#ended(end),
      (error: unknown) => this.#ended(end, error),
    );
  }

  #ended(end: number, error?: unknown): void {
    if (!this.#closed) this.#peer.sendEnd(end, error);
    this.#closed = true;
  }

  close(reason: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#producer) this.#producer.stop(reason);
    else cancelStream(this.#stream, reason);
  }
}

function functionAt(callbacks: readonly CallbackPath[] | undefined, name: string): number | undefined {
  return callbacks?.find(({ path }) => path.length === 2 && String(path[0]) === '0' && path[1] === name)
    ?.number;
}
