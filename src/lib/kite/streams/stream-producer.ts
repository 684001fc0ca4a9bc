import { type ItemSource, readStream, type ItemStream } from '../../util/item-source.js';
import { nextTurn } from '../../util/next-turn.js';
import { isPositive, itemSize, type StreamWindow } from './stream-window.js';

/** Sends the items of a stream to the peer. */
export interface ItemOutlet {
  /** Adds an item to what is sent. Throws if it cannot be sent. */
  add(item: unknown): void;
  /** Sends the items that were added and not sent yet. */
  flush?(): void;
  /** Discards them. */
  discard?(): void;
  /** The length of their JSON. */
  readonly pendingLength?: number;
  /** Set by the producer. Called when a message was sent, with the number of its items and its size. */
  sent?: ((items: number, size: number) => void) | undefined;
  /** Tells the receiver that the stream has begun, if it has no item at once. */
  begin?(): void;
  /** Resolves when the network has accepted what was sent. Undefined if there is nothing to wait for. */
  drained(): Promise<void> | undefined;
}

/** A window for receivers that give no credit. Only the network slows such a stream. */
export const NO_WINDOW: StreamWindow = { items: Infinity, bytes: Infinity };

/** Number of items without credit after which the event loop gets a turn. A generator that never waits would stop it. */
const ITEMS_PER_TURN = 64;

/** Microtasks after which an item is not there at once. */
const FIRST_ITEM_TURNS = 8;

/**
 * Reads a stream of the program and sends its items, as far as the receiver has given credit. The next item is made only when
 * it may be sent, so nothing is buffered here.
 */
export class StreamProducer {
  readonly #window: StreamWindow;
  readonly #outlet: ItemOutlet;
  readonly #source: ItemSource;
  /** The sizes of the items that the receiver has not taken, and their sum. */
  readonly #sizes: number[] = [];
  #outstanding = 0;
  /** Number of items of a stream without a window. */
  #freeItems = 0;
  /** Number of items that were added and not sent yet. */
  #pending = 0;
  /** Whether a message was sent since the network was checked. */
  #hasSent = true;
  #granted: (() => void) | undefined;
  #canceling: Promise<void> | undefined;

  constructor(stream: ItemStream, window: StreamWindow, outlet: ItemOutlet) {
    this.#window = window;
    this.#outlet = outlet;
    this.#source = readStream(stream);
    outlet.sent = (items, size) => this.#sent(items, size);
  }

  /**
   * Sends the items. Resolves with the return value of the stream at its end, and rejects with its error, or with the reason for
   * which an item cannot be sent. Also resolves after `stop`, when the stream has ended.
   */
  async run(): Promise<unknown> {
    try {
      let first = this.#outlet.begin ? this.#first() : undefined;
      for (;;) {
        for (let wait = this.#wait(); wait; wait = this.#wait()) await wait;
        if (this.#isStopped()) return await this.#canceling;
        const { done, value } = await (first ?? this.#source.next());
        first = undefined;
        if (this.#isStopped()) return await this.#canceling;
        if (done) {
          this.#outlet.flush?.();
          return value;
        }
        this.#pending++;
        this.#outlet.add(value);
      }
    } catch (error) {
      if (this.#isStopped()) return await this.#canceling;
      this.#canceling = this.#source.cancel(error);
      this.#outlet.flush?.();
      throw error;
    }
  }

  /** Returns what to wait for before the next item may be made. */
  #wait(): Promise<void> | undefined {
    if (this.#isStopped()) return undefined;
    if (this.#isFull) {
      this.#outlet.flush?.();
      if (this.#isFull) return new Promise((resolve) => (this.#granted = resolve));
    }
    if (this.#window === NO_WINDOW && ++this.#freeItems % ITEMS_PER_TURN === 0) return nextTurn();
    if (!this.#hasSent) return undefined;
    const drained = this.#outlet.drained();
    this.#hasSent = drained !== undefined;
    return drained;
  }

  /** Returns the first item. If it takes time, or there is none, the receiver learns that this is a stream. */
  async #first(): ReturnType<ItemSource['next']> {
    const state: { hasItem?: boolean } = {};
    const next = this.#source.next();
    Promise.resolve(next).then(
      // The iterator of a program may return anything; `run` reports it.
      (step) => (state.hasItem = !(step as typeof step | undefined)?.done),
      () => (state.hasItem = false),
    );
    // A generator that does not wait needs a few microtasks.
    for (let turn = 0; turn < FIRST_ITEM_TURNS && state.hasItem === undefined; turn++)
      await Promise.resolve();
    if (!state.hasItem && !this.#isStopped()) this.#outlet.begin?.();
    return next;
  }

  #sent(items: number, size: number): void {
    this.#hasSent = true;
    this.#pending -= items;
    if (this.#window === NO_WINDOW) return;
    for (let index = 0; index < items; index++) this.#sizes.push(itemSize(size, items, index));
    this.#outstanding += size;
  }

  // A function, because the value changes while the loop waits.
  #isStopped(): boolean {
    return this.#canceling !== undefined;
  }

  get #isFull(): boolean {
    const { items, bytes } = this.#window;
    return (
      this.#sizes.length + this.#pending >= items ||
      this.#outstanding + (this.#outlet.pendingLength ?? 0) >= bytes
    );
  }

  /** The receiver has taken more items. Anything but a number of items that were sent is ignored. */
  grant(count: unknown): void {
    if (!isPositive(count) || count > this.#sizes.length) return;
    for (const size of this.#sizes.splice(0, count)) this.#outstanding -= size;
    if (!this.#isFull) this.#wake();
  }

  /** Ends the stream: nobody receives its items any more. */
  stop(reason: unknown): void {
    if (this.#canceling) return;
    this.#canceling = this.#source.cancel(reason);
    this.#outlet.discard?.();
    this.#wake();
  }

  #wake(): void {
    this.#granted?.();
    this.#granted = undefined;
  }
}
