import { KiteError } from '../../protocol/errors.js';
import type { Timer } from '../../util/clock.js';
import type { StreamBudget } from './stream-budget.js';
import { itemSize, type StreamWindow } from './stream-window.js';

/** How a reader reaches the sender of its stream. */
export interface ReaderPeer {
  /** The first message of the stream has arrived. */
  begun(): void;
  /** Allows the peer to send as many more items. */
  grant(count: number): void;
  /** The peer does not observe the protocol: the stream has failed with this error. */
  violated(error: Error): void;
}

interface Arrived {
  readonly value: unknown;
  readonly size: number;
}

interface Waiter {
  readonly resolve: (result: IteratorResult<unknown, unknown>) => void;
  readonly reject: (error: unknown) => void;
}

type End = { readonly value: unknown } | { readonly error: unknown };

/**
 * The items of a stream that have arrived and that the program has not taken, at most a window. Gives credit in batches: a
 * peer that is in the middle of its window does not wait for it. A peer may allow itself less than the window. If nothing arrives
 * for a moment while the program waits, it may be such a peer: it gets the credit, and smaller batches from then on. The batches
 * grow again while nothing stalls, because the peer may only have been slow.
 */
export class StreamReader {
  #window = NOTHING;
  #budget: StreamBudget | undefined;
  #peer: ReaderPeer | undefined;
  #arrived: Arrived[] = [];
  #waiters: Waiter[] | undefined;
  /** What has arrived and was not credited, and the part of it that was taken. */
  #items = 0;
  #bytes = 0;
  #takenItems = 0;
  #takenBytes = 0;
  /** Number of items with credit. */
  #credited = 0;
  /** Credit is given in as many batches per window. */
  #batches = BATCHES_PER_WINDOW;
  /** Batches without a stall since their size was changed, and after how many they grow. */
  #smoothBatches = 0;
  #growAfter = MIN_SMOOTH_BATCHES;
  #stall: Timer | undefined;
  #begun = false;
  #end: End | undefined;

  /** Starts to accept items, and returns how many the peer may send at first. A call that is repeated attaches the reader again. */
  attach(budget: StreamBudget, peer: ReaderPeer): StreamWindow {
    if (this.#end) return NOTHING;
    this.#budget?.close(this.#window);
    this.#budget = budget;
    this.#peer = peer;
    this.#window = budget.open();
    return this.#window;
  }

  /** Whether no more items are accepted. */
  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Whether a message of the stream has arrived. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Adds the items of a message: its arguments, of which there are none if the stream has begun without an item. */
  receive(values: readonly unknown[], size: number): void {
    if (this.#end) return;
    if (!this.#begun) {
      this.#begun = true;
      this.#peer?.begun();
    }
    const count = values.length;
    for (let index = 0; index < count && !this.#end; index++)
      this.#receiveItem(values[index], itemSize(size, count, index));
  }

  #receiveItem(value: unknown, size: number): void {
    const { items, bytes } = this.#window;
    if (this.#items >= items || this.#bytes >= 2 * bytes)
      this.#violated(
        'invalidResponse',
        `The sender of a stream ignores its window of ${items} items and ${bytes} bytes`,
      );
    else if (!this.#budget?.add(size))
      this.#violated(
        'requestLimitError',
        'The items of all streams need too much memory (limits.streamBytesPerConnection)',
        size,
      );
    else this.#accept(value, size);
  }

  #accept(value: unknown, size: number): void {
    this.#items++;
    this.#bytes += size;
    const waiter = this.#waiters?.shift();
    if (!waiter) {
      this.#arrived.push({ value, size });
      this.#growBatchesIfAhead();
      return;
    }
    this.#take(size);
    waiter.resolve({ done: false, value });
  }

  #violated(type: 'invalidResponse' | 'requestLimitError', message: string, added = 0): void {
    this.#budget?.remove(added);
    this.refuse(new KiteError(type, message));
  }

  /** Ends the stream because of what the peer has sent. */
  refuse(error: Error): void {
    this.fail(error);
    this.#peer?.violated(error);
  }

  /** The program has taken an item. */
  #take(size: number): void {
    if (this.#end) return;
    this.#budget?.remove(size);
    this.#takenItems++;
    this.#takenBytes += size;
    const { items, bytes } = this.#window;
    if (this.#takenItems * this.#batches < items && this.#takenBytes * this.#batches < bytes) return;
    this.#grant();
    if (this.#batches > BATCHES_PER_WINDOW && ++this.#smoothBatches >= this.#growAfter) this.#growBatches();
  }

  #grant(): void {
    const count = this.#takenItems;
    this.#credited += count;
    this.#items -= count;
    this.#bytes -= this.#takenBytes;
    this.#takenItems = 0;
    this.#takenBytes = 0;
    this.#peer?.grant(count);
  }

  /** The program waits, and has taken items without credit: the peer may wait for the credit. */
  #watchForStall(): void {
    if (this.#takenItems === 0 || this.#stall) return;
    const credited = this.#credited;
    const waiting = this.#items;
    this.#stall = this.#budget?.clock.setTimeout(() => {
      this.#stall = undefined;
      if (this.#end || this.#takenItems === 0 || !this.#waiters?.length) return;
      if (this.#credited === credited && this.#items === waiting) this.#stalled();
      else this.#watchForStall();
    }, STALL_MS);
  }

  #stalled(): void {
    const { items, bytes } = this.#window;
    // Half of what the peer has sent before it stopped.
    const batches = Math.min((2 * items) / this.#takenItems, (2 * bytes) / this.#takenBytes);
    this.#batches = Math.max(BATCHES_PER_WINDOW, batches);
    this.#growAfter = Math.min(2 * this.#growAfter, MAX_SMOOTH_BATCHES);
    this.#smoothBatches = 0;
    this.#grant();
  }

  #growBatches(): void {
    this.#batches = Math.max(BATCHES_PER_WINDOW, this.#batches / 2);
    this.#smoothBatches = 0;
  }

  /** A peer that sends more than two batches without credit does not need them to be as small. */
  #growBatchesIfAhead(): void {
    if (this.#batches === BATCHES_PER_WINDOW) return;
    const { items, bytes } = this.#window;
    const isAhead =
      this.#arrived.length * this.#batches >= 2 * items ||
      (this.#bytes - this.#takenBytes) * this.#batches >= 2 * bytes;
    if (isAhead) this.#growBatches();
  }

  /** The stream has ended with a return value, which follows the items that have arrived. */
  finish(value: unknown): void {
    this.#settle({ value });
  }

  /** The stream has failed. The error follows the items that have arrived. */
  fail(error: unknown): void {
    this.#settle({ error });
  }

  #settle(end: End): void {
    if (this.#end) return;
    // What has arrived is the program's from now on: the peer cannot add to it.
    for (const { size } of this.#arrived) this.#budget?.remove(size);
    this.#end = end;
    this.#stall?.cancel();
    this.#budget?.close(this.#window);
    if (!this.#waiters) return;
    for (const { resolve, reject } of this.#waiters.splice(0)) this.next().then(resolve, reject);
  }

  /** Discards the items that have arrived, because the program takes no more. */
  discard(): void {
    if (!this.#end) for (const { size } of this.#arrived) this.#budget?.remove(size);
    this.#arrived = [];
  }

  next(): Promise<IteratorResult<unknown, unknown>> {
    const item = this.#arrived.shift();
    if (item) {
      this.#take(item.size);
      return Promise.resolve({ done: false, value: item.value });
    }
    const end = this.#end;
    if (!end) {
      this.#watchForStall();
      return new Promise((resolve, reject) => (this.#waiters ??= []).push({ resolve, reject }));
    }
    this.#end = DONE;
    return 'error' in end ? Promise.reject(end.error) : Promise.resolve({ done: true, value: end.value });
  }
}

/** In how many batches the receiver of a stream gives credit for its window, if the sender does not need smaller ones. */
const BATCHES_PER_WINDOW = 4;
/**
 * How long a program waits for an item before it gives credit for less, in milliseconds: the sender may have a smaller window, and
 * wait as well.
 */
const STALL_MS = 20;

/**
 * After how many batches without a stall they grow. Doubled after each stall, because the sender may really have a smaller
 * window, and each attempt costs it `STALL_MS`.
 */
const MIN_SMOOTH_BATCHES = 4;
const MAX_SMOOTH_BATCHES = 1024;

const NOTHING: StreamWindow = { items: 0, bytes: 0 };

// An iterator that has ended stays at its end.
const DONE: End = { value: undefined };
