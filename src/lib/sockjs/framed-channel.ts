import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Limits } from '../util/limits.js';
import type { Fragment, Message } from '../util/message.js';
import type { Masks } from './ascii-frame.js';
import { BATCH_LENGTH, BATCH_MESSAGES, Batch } from './batch.js';
import {
  closeFrame,
  decodeClientFrame,
  decodeServerFrame,
  HEARTBEAT_FRAME,
  OPEN_FRAME,
  tooLong,
} from './frames.js';
import { splitClientFrame } from './split-frame.js';
import type { ChannelOwner } from './channel-owner.js';
import { WebSocketChannel } from './websocket-channel.js';

/**
 * A SockJS session over one WebSocket. The messages of one turn of the event loop share an array frame, written when the
 * turn ends; a frame that is large enough to keep the other side busy does not wait for that.
 */
abstract class FramedChannel extends WebSocketChannel {
  readonly #batch: Batch;
  #scheduled = false;

  constructor(
    opening: string,
    ws: WebSocket,
    socket: Socket,
    limits: Limits,
    owner: ChannelOwner,
    masks: Masks,
  ) {
    super(ws, socket, limits, owner, masks);
    this.#batch = new Batch(opening, limits.messageBytes);
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

  /** The turn of the event loop has ended. */
  handleTick(): void {
    this.#scheduled = false;
    if (!this.closing) this.flush();
  }
}

function endOfTick(channel: FramedChannel): void {
  channel.handleTick();
}

const KEPT_PREFIXES = 4;

/** The server's end of a session at `<prefix>/<server>/<session>/websocket`. */
export class ServerFramedChannel extends FramedChannel {
  #expected: readonly Fragment[] | undefined;

  constructor(ws: WebSocket, socket: Socket, limits: Limits, owner: ChannelOwner) {
    super('a[', ws, socket, limits, owner, 'none');
    this.transmit(OPEN_FRAME);
  }

  protected get heartbeatFrame(): string {
    return HEARTBEAT_FRAME;
  }

  protected goodbyeFrame(code: number, reason: string): string {
    return closeFrame(code, reason);
  }

  /** Hints kept: a caller that uses more methods than this by turns is served as well, only not faster. */
  expect(prefix: Fragment): void {
    this.#expected = [prefix, ...(this.#expected ?? [])].slice(0, KEPT_PREFIXES);
  }

  protected receive(text: string): void {
    const split = this.#expected && splitClientFrame(text, this.limits.messageBytes, this.#expected);
    if (split) {
      for (const { rest, prefix } of split) this.deliver(rest, prefix);
      return;
    }
    const frame = decodeClientFrame(text, this.limits.messageBytes);
    if (frame.type === 'violation') this.refuse(frame);
    else for (const message of frame.messages) this.deliver(message);
  }
}

/** The client's end of such a session. */
export class ClientFramedChannel extends FramedChannel {
  constructor(ws: WebSocket, socket: Socket, limits: Limits, owner: ChannelOwner, masks: Masks) {
    super('[', ws, socket, limits, owner, masks);
  }

  protected get heartbeatFrame(): undefined {
    return undefined;
  }

  protected goodbyeFrame(): undefined {
    return undefined;
  }

  protected receive(text: string): void {
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
