import type { DnodeMessage } from '../../dnode/dnode-message.js';
import { fromWireError } from '../../protocol/errors.js';
import type { StreamBudget } from './stream-budget.js';
import { StreamEntry } from './stream-entry.js';
import { StreamReader } from './stream-reader.js';
import type { StreamWindow } from './stream-window.js';

/** Receives the items of a stream. */
export class ItemEntry extends StreamEntry {
  readonly #reader: StreamReader;

  constructor(reader: StreamReader) {
    super();
    this.#reader = reader;
  }

  receive({ args, problem }: DnodeMessage, size: number): void {
    if (problem) this.#reader.refuse(problem);
    else this.#reader.receive(args, size);
  }

  close(): void {
    // The call that has ended settles its reader.
  }
}

/** Receives the end of a stream that is an argument. */
export class EndEntry extends StreamEntry {
  readonly #reader: StreamReader;

  constructor(reader: StreamReader) {
    super();
    this.#reader = reader;
  }

  receive({ args }: DnodeMessage): void {
    if ((args[0] ?? null) === null) this.#reader.finish(undefined);
    else this.#reader.fail(fromWireError(args[0]));
  }

  close(reason: unknown): void {
    this.#reader.fail(reason);
  }
}

/** How a stream among the arguments of a call reaches its caller. */
export interface IncomingStreamPeer {
  readonly budget: StreamBudget;
  /** Allows the caller to send items. Returns a function that ignores the stream from then on. */
  open(window: StreamWindow, items: ItemEntry, end: EndEntry): () => void;
  grant(count: number): void;
  /** Tells the caller that no more items are needed. */
  stop(): void;
}

/** A stream among the arguments of a call, as its handler receives it. Its caller sends nothing until it is iterated. */
export class IncomingStream implements AsyncIterable<unknown> {
  readonly #peer: IncomingStreamPeer;
  readonly #reader = new StreamReader();
  #forget: (() => void) | undefined;
  #used = false;

  constructor(peer: IncomingStreamPeer) {
    this.#peer = peer;
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown, unknown> {
    if (this.#used) throw new TypeError('A stream of the caller can be iterated only once');
    this.#used = true;
    this.#open();
    return {
      next: () => this.#reader.next(),
      return: () => {
        this.#stop();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #open(): void {
    const reader = this.#reader;
    if (reader.ended) return;
    const window = reader.attach(this.#peer.budget, {
      begun: () => undefined,
      grant: (count) => this.#peer.grant(count),
      violated: () => this.#peer.stop(),
    });
    this.#forget = this.#peer.open(window, new ItemEntry(reader), new EndEntry(reader));
  }

  #stop(): void {
    this.#reader.discard();
    const wasOpen = this.#forget && !this.#reader.ended;
    this.#reader.finish(undefined);
    if (wasOpen) this.#peer.stop();
    this.#release();
  }

  #release(): void {
    this.#forget?.();
    this.#forget = undefined;
  }

  /** The call of the stream has ended, and its caller sends no more. */
  close(reason: unknown): void {
    this.#reader.fail(reason);
    this.#release();
  }
}
