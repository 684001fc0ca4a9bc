import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { ChannelLimits } from '../limits/transport-limits.js';
import { type Fragment, type Message, quote } from '../channel/outgoing-message.js';
import type { Masks } from '../sockjs/ascii-frame.js';
import { BATCH_LENGTH, BATCH_MESSAGES, FrameBatch } from '../sockjs/frame-batch.js';
import {
  closeFrame,
  decodeClientFrame,
  decodeServerFrame,
  HEARTBEAT_FRAME,
  OPEN_FRAME,
  tooLong,
} from '../sockjs/frames.js';
import { splitClientFrame } from '../sockjs/split-frame.js';
import { withPrefix } from '../channel/expected-prefixes.js';
import type { ChannelOwner } from '../channel/channel-owner.js';
import { WebSocketChannel } from './websocket-channel.js';

/**
 * A SockJS session over one WebSocket. The messages of one turn of the event loop share an array frame, written when the
 * turn ends; a frame that is large enough to keep the other side busy does not wait for that.
 */
export abstract class FramedChannel extends WebSocketChannel {
  readonly #batch: FrameBatch;
  readonly #letter: string;
  #scheduled = false;
  #lists = false;
  #corked = false;
  #expected: readonly Fragment[] | undefined;

  /** `letter` begins the frames that carry messages. */
  constructor(
    letter: 'a' | '',
    ws: WebSocket,
    socket: Socket,
    limits: ChannelLimits,
    owner: ChannelOwner,
    masks: Masks,
  ) {
    super(ws, socket, limits, owner, masks);
    this.#letter = letter;
    this.#batch = new FrameBatch(`${letter}[`, limits.messageBytes);
  }

  /**
   * Has the receiver get, in place of each message, the list of messages of a frame as the peer wrote it, `["text","text"]`:
   * for passing it on with `sendList`. To be called before `start`. No message of a list is longer than the limit; whether
   * the list is good JSON is left to whoever decodes it.
   */
  deliverLists(): void {
    this.#lists = true;
    this.rewriteKept((message) => `["${quote(message)}"]`);
  }

  /** Sends the messages of such a list, in a frame of their own. */
  sendList(list: string): void {
    if (this.closing) return;
    // The frames of one turn of the event loop leave in one write.
    if (!this.#corked) {
      this.#corked = true;
      this.cork();
      process.nextTick(endOfLists, this);
    }
    this.flush();
    this.transmit(this.#letter + list);
    this.queued();
  }

  expect(prefix: Fragment): void {
    this.#expected = withPrefix(this.#expected ?? [], prefix);
  }

  protected get pendingLength(): number {
    return this.#batch.length;
  }

  protected enqueue(message: Message): void {
    const batch = this.#batch;
    if (!batch.add(message)) {
      this.refuse(tooLong(this.limits.messageBytes));
      return;
    }
    if (batch.count >= BATCH_MESSAGES || batch.length >= BATCH_LENGTH) {
      this.transmit(batch.take());
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(endOfTick, this);
    }
  }

  protected flush(): void {
    if (this.#batch.count > 0) this.transmit(this.#batch.take());
  }

  /** The list of a frame has come. False: the frame has to be decoded. */
  protected receiveList(list: string): boolean {
    if (this.#lists) {
      this.#passOn(list);
      return true;
    }
    const split = this.#expected && splitClientFrame(list, this.limits.messageBytes, this.#expected);
    if (!split) return false;
    for (const { rest, prefix } of split) this.deliver(rest, prefix);
    return true;
  }

  #passOn(list: string): void {
    const { messageBytes } = this.limits;
    // A unit takes three bytes at most: only what is long has to be looked at.
    if (list.length * 3 <= messageBytes && list.startsWith('["') && list.endsWith('"]')) {
      this.deliver(list);
      return;
    }
    const frame = decodeClientFrame(list, messageBytes);
    if (frame.type === 'violation') this.refuse(frame);
    else if (frame.messages.length > 0) this.deliver(list.trimStart().startsWith('[') ? list : `[${list}]`);
  }

  /** The turn of the event loop has ended. */
  handleTick(): void {
    this.#scheduled = false;
    if (!this.closing) this.flush();
  }

  handleEndOfLists(): void {
    this.#corked = false;
    this.uncork();
  }
}

function endOfTick(channel: FramedChannel): void {
  channel.handleTick();
}

function endOfLists(channel: FramedChannel): void {
  channel.handleEndOfLists();
}

/** The server's end of a session at `<prefix>/<server>/<session>/websocket`. */
export class ServerFramedChannel extends FramedChannel {
  constructor(ws: WebSocket, socket: Socket, limits: ChannelLimits, owner: ChannelOwner) {
    super('a', ws, socket, limits, owner, 'none');
    this.transmit(OPEN_FRAME);
  }

  protected get heartbeatFrame(): string {
    return HEARTBEAT_FRAME;
  }

  protected goodbyeFrame(code: number, reason: string): string {
    return closeFrame(code, reason);
  }

  protected receive(text: string): void {
    if (this.receiveList(text)) return;
    const frame = decodeClientFrame(text, this.limits.messageBytes);
    if (frame.type === 'violation') this.refuse(frame);
    else for (const message of frame.messages) this.deliver(message);
  }
}

/** The client's end of such a session. */
export class ClientFramedChannel extends FramedChannel {
  constructor(ws: WebSocket, socket: Socket, limits: ChannelLimits, owner: ChannelOwner, masks: Masks) {
    super('', ws, socket, limits, owner, masks);
  }

  protected get heartbeatFrame(): undefined {
    return undefined;
  }

  protected goodbyeFrame(): undefined {
    return undefined;
  }

  protected receive(text: string): void {
    const carries = text.startsWith('a[') || text.startsWith('m"');
    if (carries && this.receiveList(text.slice(1))) return;
    const frame = decodeServerFrame(text, this.limits.messageBytes);
    switch (frame.type) {
      case 'messages':
        for (const message of frame.messages) this.deliver(message);
        break;
      case 'close':
        this.peerCloses(frame.code, frame.reason);
        break;
      case 'violation':
        this.refuse(frame);
        break;
      case 'open':
      case 'heartbeat':
        break;
    }
  }
}
