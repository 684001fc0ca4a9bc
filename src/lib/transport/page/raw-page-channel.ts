import type { Timer } from '../../util/clock.js';
import { BytesMessage, type Message, messageText } from '../channel/outgoing-message.js';
import { exceedsBytes } from '../../util/utf8.js';
import { ClientChannel, type ClientChannelOptions } from '../sockjs/client-channel.js';
import { decodeBinary, encodeBinary, joinParts } from '../sockjs/binary-frame.js';
import { OPEN_FRAME } from '../sockjs/frames.js';
import type { HopExtension } from '../sockjs/hop-extensions.js';
import { decodeAnyFrame } from '../sockjs/lines.js';
import { type CloseStatus, GO_AWAY_CODE, truncateReason } from '../channel/close-code.js';
import type { PageSocket } from './page-platform.js';

export interface PageChannelOptions extends ClientChannelOptions {
  readonly socket: PageSocket;
}

/** Interval at which a congested socket is checked, in milliseconds. Browsers do not emit an event when it drains. */
const DRAIN_CHECK = 50;

/**
 * A channel over an open WebSocket of the browser. Each message is one WebSocket message. A page can neither ping the server
 * nor stop reading, which only servers need.
 */
export class RawPageChannel extends ClientChannel {
  sendsBytes = false;
  readonly #socket: PageSocket;
  #drainTimer: Timer | undefined;
  /** Whether the server sends frames, because it has answered the request for extensions with an open frame. */
  #receivesFrames = false;

  constructor(options: PageChannelOptions) {
    super(options);
    const { socket } = options;
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => this.#message(data));
    socket.addEventListener('close', ({ code, reason }) => this.end(code, reason));
  }

  get bufferedBytes(): number {
    return this.pendingLength + this.#socket.bufferedAmount;
  }

  /** Length of the messages that are queued until the end of the tick, in UTF-16 units. */
  protected get pendingLength(): number {
    return 0;
  }

  override send(message: Message): void {
    if (!(message instanceof BytesMessage && this.#sendBytes(message))) super.send(message);
    if (this.congested) this.#awaitDrain();
  }

  /** Sends a message with bytes after the queued messages. Returns false if it has to be sent as text. */
  #sendBytes(message: BytesMessage): boolean {
    const encoded = this.sendsBytes && encodeBinary(message, this.limits.messageBytes);
    if (!encoded || this.closeStatus || this.finished) return false;
    this.flush();
    const frame = new Uint8Array(encoded.size);
    joinParts(encoded, frame);
    this.#socket.send(frame);
    this.checkQueue();
    return true;
  }

  protected enqueue(message: Message): boolean {
    const text = messageText(message);
    if (exceedsBytes(text, this.limits.messageBytes)) return false;
    this.transmit(text);
    return true;
  }

  /** Sends the queued messages. */
  protected flush(): void {
    // Messages are not queued here.
  }

  /** Uses the extensions that both ends of the hop support. */
  protected use(extensions: readonly HopExtension[]): void {
    this.sendsBytes = extensions.includes('binary');
  }

  protected receive(text: string): void {
    const { messageBytes } = this.limits;
    const framed = this.#receivesFrames || text.startsWith(OPEN_FRAME);
    const frame = framed ? decodeAnyFrame(text, this.#receivesFrames, messageBytes) : undefined;
    if (frame?.type === 'open') {
      this.#receivesFrames = frame.extensions.includes('lines');
      this.use(frame.extensions);
    } else if (this.#receivesFrames && frame) {
      if (frame.type === 'violation') this.close(frame.code, frame.reason);
      else if (frame.type === 'messages') for (const message of frame.messages) this.deliver(message);
    } else if (exceedsBytes(text, messageBytes)) this.closeTooLong();
    else this.deliver(text);
  }

  protected transmit(text: string): void {
    this.#socket.send(text);
  }

  protected sendClose({ code, reason }: CloseStatus): void {
    this.flush();
    // Browsers do not allow the other codes.
    this.#socket.close(Math.max(code, GO_AWAY_CODE), truncateReason(reason));
  }

  protected releaseTransport(): void {
    this.#drainTimer?.cancel();
    // Has no effect if the socket is closed or closing.
    this.#socket.close();
  }

  protected stopReading(): void {
    // A browser cannot pause a WebSocket.
  }

  protected startReading(): void {
    // A browser cannot pause a WebSocket.
  }

  #message(data: unknown): void {
    if (this.closeStatus) return;
    if (typeof data === 'string') this.receive(data);
    else if (this.sendsBytes && data instanceof ArrayBuffer) this.#receiveBinary(data);
    else this.close(1003, 'Only text messages are supported');
  }

  #receiveBinary(data: ArrayBuffer): void {
    const message = decodeBinary(new Uint8Array(data), this.limits.messageBytes);
    if (message instanceof BytesMessage) this.deliverBytes(message);
    else this.close(message.code, message.reason);
  }

  #awaitDrain(): void {
    this.#drainTimer ??= this.clock.setTimeout(() => {
      this.#drainTimer = undefined;
      this.checkDrain();
      if (this.congested) this.#awaitDrain();
    }, DRAIN_CHECK);
  }
}
