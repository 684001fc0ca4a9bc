import { exceedsBytes } from '../../util/utf8.js';
import { type Message, messageText } from '../channel/outgoing-message.js';
import { BATCH_LENGTH, BATCH_MESSAGES } from '../sockjs/frame-batch.js';
import { messageTooLong } from '../sockjs/frames.js';
import { WebSocketChannel } from './websocket-channel.js';

/**
 * A WebSocket without SockJS: each message is one WebSocket message. The messages of one turn of the event loop are sent in one
 * write.
 */
export class RawChannel extends WebSocketChannel {
  #corkedMessages = 0;
  #corkedLength = 0;
  #scheduled = false;

  // Corked messages are already in the queue of the socket.
  protected get pendingLength(): number {
    return 0;
  }

  protected get heartbeatFrame(): undefined {
    return undefined;
  }

  protected makeCloseFrame(): undefined {
    return undefined;
  }

  protected enqueue(message: Message): void {
    const text = messageText(message);
    if (exceedsBytes(text, this.limits.messageBytes)) {
      this.refuse(messageTooLong(this.limits.messageBytes));
      return;
    }
    if (!this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(flushAfterTick, this);
    }
    if (this.#corkedMessages++ === 0) this.cork();
    this.#corkedLength += text.length;
    this.transmit(text);
    if (this.#corkedMessages >= BATCH_MESSAGES || this.#corkedLength >= BATCH_LENGTH) this.flush();
  }

  protected flush(): void {
    if (this.#corkedMessages === 0) return;
    this.#corkedMessages = 0;
    this.#corkedLength = 0;
    this.uncork();
  }

  protected receive(text: string): void {
    if (exceedsBytes(text, this.limits.messageBytes))
      this.refuse(messageTooLong(this.limits.messageBytes), Buffer.byteLength(text));
    else this.deliver(text);
  }

  /** Writes the messages of a turn of the event loop that has ended. */
  handleTick(): void {
    this.#scheduled = false;
    this.flush();
  }
}

function flushAfterTick(channel: RawChannel): void {
  channel.handleTick();
}
