import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { ChannelLimits } from '../limits/transport-limits.js';
import type { Fragment, Message } from '../channel/outgoing-message.js';
import type { Masking } from './ascii-frame.js';
import { FrameBatch } from '../sockjs/frame-batch.js';
import {
  closeFrame,
  decodeClientFrame,
  decodeServerFrame,
  HEARTBEAT_FRAME,
  messageTooLong,
  openFrame,
} from '../sockjs/frames.js';
import type { HopExtension } from '../sockjs/hop-extensions.js';
import { LINES_START, type LineReceiver, readLines } from '../sockjs/lines.js';
import { type Violation, violation } from '../channel/close-code.js';
import { quote } from '../sockjs/quoting.js';
import { splitClientFrame } from '../sockjs/split-frame.js';
import { addPrefix } from '../channel/expected-prefixes.js';
import type { ChannelOwner } from '../channel/channel-owner.js';
import type { ConnectionBudgets } from '../channel/memory-budget.js';
import { WebSocketChannel } from './websocket-channel.js';

/**
 * A SockJS session over one WebSocket. The messages of one turn of the event loop share a frame, which is sent when the turn ends,
 * or earlier if it is large enough to keep the peer busy.
 */
export abstract class FramedChannel extends WebSocketChannel implements LineReceiver {
  readonly #batch: FrameBatch;
  readonly #letter: string;
  #scheduled = false;
  #rawLists = false;
  #corked = false;
  #expected: readonly Fragment[] | undefined;

  /** `letter` is the first character of frames that contain messages. */
  constructor(
    letter: 'a' | '',
    ws: WebSocket,
    socket: Socket,
    limits: ChannelLimits,
    owner: ChannelOwner,
    masking: Masking,
    budgets?: ConnectionBudgets,
  ) {
    super(ws, socket, limits, owner, masking, budgets);
    this.#letter = letter;
    this.#batch = new FrameBatch(`${letter}[`, limits.messageBytes);
  }

  /**
   * Delivers the messages of each frame as the peer encoded them, `["text","text"]` or lines, instead of each message, so that
   * they can be forwarded with `sendRawList`. Must be called before `start`. No message in a list exceeds the limit. A list may
   * be invalid JSON.
   */
  deliverRawLists(): void {
    this.#rawLists = true;
    this.rewriteInbox((message) => `["${quote(message)}"]`);
  }

  /** Sends the messages of an encoded list, in a separate frame if the peer supports its form. */
  sendRawList(list: string): void {
    if (this.closing) return;
    const hasLines = list.startsWith(LINES_START);
    if (hasLines && !this.#batch.lines) {
      for (const message of list.split('\n')) this.send(message);
      return;
    }
    // The frames of one turn of the event loop are sent in one write.
    if (!this.#corked) {
      this.#corked = true;
      this.cork();
      process.nextTick(uncorkAfterLists, this);
    }
    this.flush();
    this.transmit(hasLines ? list : this.#letter + list);
    this.checkQueue();
  }

  /** Uses the extensions that both ends of the hop support. */
  protected use(extensions: readonly HopExtension[]): void {
    this.#batch.lines = extensions.includes('lines');
    this.sendsBytes = extensions.includes('binary');
  }

  expect(prefix: Fragment): void {
    this.#expected = addPrefix(this.#expected ?? [], prefix);
  }

  protected get pendingLength(): number {
    return this.#batch.length;
  }

  protected enqueue(message: Message): void {
    const batch = this.#batch;
    if (batch.isUnlike(message)) this.transmit(batch.take());
    if (!(batch.isLongLine(message) ? this.transmitPieces(message) : batch.add(message))) {
      this.refuse(messageTooLong(this.limits.messageBytes));
      return;
    }
    if (batch.isFull) {
      this.transmit(batch.take());
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(flushAfterTick, this);
    }
  }

  protected flush(): void {
    if (this.#batch.count > 0) this.transmit(this.#batch.take());
  }

  /** Delivers the list of a frame without decoding all of it. Returns false if the frame must be decoded. */
  protected receiveList(list: string): boolean {
    if (this.#rawLists) {
      this.#deliverRawList(list);
      return true;
    }
    const split = this.#expected && splitClientFrame(list, this.limits.messageBytes, this.#expected);
    if (!split) return false;
    for (const { rest, prefix } of split) this.deliver(rest, prefix);
    return true;
  }

  /** Delivers the messages of a frame of lines. */
  protected receiveLines(frame: string, size: number): void {
    const { messageBytes } = this.limits;
    let problem: Violation | undefined = NOT_AGREED;
    if (this.#batch.lines && this.#rawLists) {
      problem = readLines(frame, messageBytes, undefined, CHECKED_LINES, size);
      if (!problem) this.deliver(frame);
    } else if (this.#batch.lines) problem = readLines(frame, messageBytes, this.#expected, this, size);
    if (problem) this.refuse(problem, size);
  }

  deliverLine(text: string, prefix?: Fragment): boolean {
    this.deliver(text, prefix);
    return !this.closing;
  }

  #deliverRawList(list: string): void {
    const { messageBytes } = this.limits;
    // A UTF-16 unit takes at most three bytes, so only long lists are checked.
    if (list.length * 3 <= messageBytes && list.startsWith('["') && list.endsWith('"]')) {
      this.deliver(list);
      return;
    }
    const frame = decodeClientFrame(list, messageBytes);
    if (frame.type === 'violation') this.refuse(frame, Buffer.byteLength(list));
    else if (frame.messages.length > 0) this.deliver(list.trimStart().startsWith('[') ? list : `[${list}]`);
  }

  /** Sends the frame of a turn of the event loop that has ended. */
  handleTick(): void {
    this.#scheduled = false;
    if (!this.closing) this.flush();
    this.#batch.endTurn();
  }

  /** Writes the lists of a turn of the event loop that has ended. */
  handleListsSent(): void {
    this.#corked = false;
    this.uncork();
  }
}

const NOT_AGREED = violation(1002, 'The peer did not agree to frames of lines');

/** A receiver for `readLines` that only checks the frame. */
const CHECKED_LINES: LineReceiver = { deliverLine: () => true };

function flushAfterTick(channel: FramedChannel): void {
  channel.handleTick();
}

function uncorkAfterLists(channel: FramedChannel): void {
  channel.handleListsSent();
}

/** The server's end of a SockJS session at `<prefix>/<server>/<session>/websocket`. */
export class ServerFramedChannel extends FramedChannel {
  constructor(
    ws: WebSocket,
    socket: Socket,
    limits: ChannelLimits,
    owner: ChannelOwner,
    budgets: ConnectionBudgets,
    extensions: readonly HopExtension[],
  ) {
    super('a', ws, socket, limits, owner, 'none', budgets);
    this.use(extensions);
    this.transmit(openFrame(extensions));
  }

  protected get heartbeatFrame(): string {
    return HEARTBEAT_FRAME;
  }

  protected makeCloseFrame(code: number, reason: string): string {
    return closeFrame(code, reason);
  }

  protected receive(text: string, size: number): void {
    if (text.startsWith(LINES_START)) {
      this.receiveLines(text, size);
      return;
    }
    if (this.receiveList(text)) return;
    const frame = decodeClientFrame(text, this.limits.messageBytes);
    if (frame.type === 'violation') this.refuse(frame, size);
    else for (const message of frame.messages) this.deliver(message);
  }
}

/** The client's end of a SockJS session over WebSocket. */
export class ClientFramedChannel extends FramedChannel {
  constructor(
    ws: WebSocket,
    socket: Socket,
    limits: ChannelLimits,
    owner: ChannelOwner,
    masking: Masking,
    budgets?: ConnectionBudgets,
  ) {
    super('', ws, socket, limits, owner, masking, budgets);
  }

  protected get heartbeatFrame(): undefined {
    return undefined;
  }

  protected makeCloseFrame(): undefined {
    return undefined;
  }

  protected receive(text: string, size: number): void {
    if (text.startsWith(LINES_START)) {
      this.receiveLines(text, size);
      return;
    }
    const hasMessages = text.startsWith('a[') || text.startsWith('m"');
    if (hasMessages && this.receiveList(text.slice(1))) return;
    const frame = decodeServerFrame(text, this.limits.messageBytes);
    switch (frame.type) {
      case 'messages':
        for (const message of frame.messages) this.deliver(message);
        break;
      case 'close':
        this.handlePeerClose(frame.code, frame.reason);
        break;
      case 'violation':
        this.refuse(frame, size);
        break;
      case 'open':
        this.use(frame.extensions);
        break;
      case 'heartbeat':
        break;
    }
  }
}
