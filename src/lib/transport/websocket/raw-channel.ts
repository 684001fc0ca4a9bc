import { exceedsBytes } from '../../util/utf8.js';
import { type Fragment, type Message, messageText } from '../channel/outgoing-message.js';
import { addPrefix } from '../channel/expected-prefixes.js';
import { BATCH_LENGTH, BATCH_MESSAGES, FrameBatch } from '../sockjs/frame-batch.js';
import {
  decodeClientFrame,
  decodeServerFrame,
  messageTooLong,
  OPEN_FRAME,
  openFrame,
} from '../sockjs/frames.js';
import type { HopExtension } from '../sockjs/hop-extensions.js';
import { type LineReceiver, LINES_START, readLines } from '../sockjs/lines.js';
import { WebSocketChannel } from './websocket-channel.js';

/**
 * A WebSocket without SockJS: each message is one WebSocket message. The messages of one turn of the event loop are sent in one
 * write.
 *
 * If the client asks for extensions, the server answers with an open frame. The client repeats it, and after it, each end sends
 * frames as in a SockJS session: lines, and arrays of messages that are not one line.
 */
export class RawChannel extends WebSocketChannel implements LineReceiver {
  /** The frame of this turn, if this end sends frames. */
  #batch: FrameBatch | undefined;
  #receivesFrames = false;
  #corkedMessages = 0;
  #corkedLength = 0;
  #scheduled = false;
  #expected: readonly Fragment[] | undefined;

  // Corked messages are already in the queue of the socket.
  protected get pendingLength(): number {
    return this.#batch?.length ?? 0;
  }

  protected get heartbeatFrame(): undefined {
    return undefined;
  }

  protected makeCloseFrame(): undefined {
    return undefined;
  }

  /** Sends frames from now on, if both ends support `extensions`. A server must call it before it sends anything else. */
  open(extensions: readonly HopExtension[]): void {
    if (!extensions.includes('lines')) return;
    this.flush();
    this.transmit(openFrame(extensions));
    this.#batch = new FrameBatch(this.isClient ? '[' : 'a[', this.limits.messageBytes);
    this.#batch.lines = true;
    this.sendsBytes = extensions.includes('binary');
  }

  expect(prefix: Fragment): void {
    this.#expected = addPrefix(this.#expected ?? [], prefix);
  }

  protected enqueue(message: Message): void {
    const added = this.#batch ? this.#addToFrame(this.#batch, message) : this.#writeMessage(message);
    if (!added) this.refuse(messageTooLong(this.limits.messageBytes));
    else if (!this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(flushAfterTick, this);
    }
  }

  #addToFrame(batch: FrameBatch, message: Message): boolean {
    if (batch.isUnlike(message)) this.flush();
    const added = batch.isLongLine(message) ? this.transmitPieces(message) : batch.add(message);
    if (batch.isFull) this.flush();
    return added;
  }

  #writeMessage(message: Message): boolean {
    const text = messageText(message);
    if (exceedsBytes(text, this.limits.messageBytes)) return false;
    if (this.#corkedMessages++ === 0) this.cork();
    this.#corkedLength += text.length;
    this.transmit(text);
    if (this.#corkedMessages >= BATCH_MESSAGES || this.#corkedLength >= BATCH_LENGTH) this.flush();
    return true;
  }

  protected flush(): void {
    if (this.#batch && this.#batch.count > 0) this.transmit(this.#batch.take());
    if (this.#corkedMessages === 0) return;
    this.#corkedMessages = 0;
    this.#corkedLength = 0;
    this.uncork();
  }

  protected receive(text: string, size: number): void {
    const { messageBytes } = this.limits;
    if (this.#receivesFrames) this.#receiveFrame(text, size);
    else if (text.startsWith(OPEN_FRAME)) this.#receiveOpen(text);
    else if (size > messageBytes) this.refuse(messageTooLong(messageBytes), size);
    else this.deliver(text);
  }

  #receiveFrame(text: string, size: number): void {
    const { messageBytes } = this.limits;
    if (text.startsWith(LINES_START)) {
      const problem = readLines(text, messageBytes, this.#expected, this, size);
      if (problem) this.refuse(problem, size);
      return;
    }
    const frame = this.isClient
      ? decodeServerFrame(text, messageBytes)
      : decodeClientFrame(text, messageBytes);
    if (frame.type === 'messages') for (const message of frame.messages) this.deliver(message);
    else if (frame.type === 'violation') this.refuse(frame, size);
  }

  deliverLine(text: string, prefix?: Fragment): boolean {
    this.deliver(text, prefix);
    return !this.closing;
  }

  /** Handles the message after which the peer sends frames. No message of dnode begins like it. */
  #receiveOpen(text: string): void {
    const frame = decodeServerFrame(text, this.limits.messageBytes);
    if (frame.type !== 'open' || (!this.isClient && !this.#batch)) {
      this.deliver(text);
      return;
    }
    this.#receivesFrames = frame.extensions.includes('lines');
    if (this.isClient) this.open(frame.extensions);
  }

  /** Writes the messages of a turn of the event loop that has ended. */
  handleTick(): void {
    this.#scheduled = false;
    this.flush();
    this.#batch?.endTurn();
  }
}

function flushAfterTick(channel: RawChannel): void {
  channel.handleTick();
}
