import { messageLength } from '../../transport/channel/outgoing-message.js';
import { nextTick } from '../../util/next-tick.js';
import type { ItemOutlet } from '../streams/stream-producer.js';
import { callbackMessage } from './envelope.js';
import type { Outbox } from './outbox.js';
import type { PendingCalls } from './pending-calls.js';

/** Number of items at which a message is sent at once, so that the peer can start while the next one is made. */
const ITEMS_PER_MESSAGE = 64;
/** Length at which a message of items is sent at once, in UTF-16 code units. Longer items are sent alone. */
const ITEM_MESSAGE_LENGTH = 4096;

export interface ItemMessagesOptions {
  readonly outbox: Outbox;
  readonly pendingCalls: PendingCalls;
  /** The function of the peer that receives the items. */
  readonly number: number;
  readonly drained: () => Promise<void> | undefined;
}

/**
 * Sends the items of a stream to a function of the peer. Small items that are made in one turn of the event loop share a message,
 * because a message costs several times as much as a small item.
 */
export class ItemMessages implements ItemOutlet {
  sent: ItemOutlet['sent'];
  readonly drained: () => Promise<void> | undefined;
  readonly #outbox: Outbox;
  readonly #pendingCalls: PendingCalls;
  readonly #number: number;
  /** The items of the next message as JSON, and their number. */
  #json = '';
  #count = 0;
  #scheduled = false;
  readonly #endTurn = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  constructor({ outbox, pendingCalls, number, drained }: ItemMessagesOptions) {
    this.#outbox = outbox;
    this.#pendingCalls = pendingCalls;
    this.#number = number;
    this.drained = drained;
  }

  get pendingLength(): number {
    return this.#json.length;
  }

  add(item: unknown): void {
    if (typeof item === 'number' && Number.isInteger(item) && !Object.is(item, -0))
      this.#append(item.toString());
    else this.#addEncoded(item);
  }

  #addEncoded(item: unknown): void {
    const outbox = this.#outbox;
    if (outbox.ended) return;
    const scrubbed = outbox.encode([item], 'The item of a stream', 'item');
    const { json, functions, tagged } = scrubbed;
    if (!functions && !tagged && json.length < ITEM_MESSAGE_LENGTH) {
      this.#append(json.slice(1, -1));
      return;
    }
    this.flush();
    const message = callbackMessage(this.#number, json, functions, this.#pendingCalls);
    this.sent?.(1, messageLength(outbox.sendEncoded(scrubbed, message)));
  }

  #append(json: string): void {
    this.#json = this.#count++ === 0 ? json : `${this.#json},${json}`;
    if (this.#count >= ITEMS_PER_MESSAGE || this.#json.length >= ITEM_MESSAGE_LENGTH) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      nextTick(this.#endTurn);
    }
  }

  flush(): void {
    const count = this.#count;
    if (count === 0) return;
    const message = this.#message(`[${this.#json}]`);
    this.discard();
    if (this.#outbox.ended) return;
    this.#outbox.send(message);
    this.sent?.(count, messageLength(message));
  }

  #message(json: string): ReturnType<typeof callbackMessage> {
    return callbackMessage(this.#number, json, undefined, this.#pendingCalls);
  }

  discard(): void {
    this.#json = '';
    this.#count = 0;
  }

  begin(): void {
    if (!this.#outbox.ended) this.#outbox.send(this.#message('[]'));
  }
}
