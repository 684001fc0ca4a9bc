import type { Timer } from '../../util/clock.js';
import { type Message, messageText } from '../channel/outgoing-message.js';
import { exceedsBytes } from '../../util/utf8.js';
import { ClientChannel, type ClientChannelOptions, type Goodbye } from '../sockjs/client-channel.js';
import { GO_AWAY_CODE, sendableReason } from '../channel/close-code.js';
import type { PageSocket } from './page-platform.js';

export interface PageChannelOptions extends ClientChannelOptions {
  readonly socket: PageSocket;
}

/** Milliseconds after which a full socket is looked at again: a page is not told when it has emptied. */
const DRAIN_CHECK = 50;

/**
 * A channel over a WebSocket of the browser, which is open: each message is a WebSocket message of its own. A page can
 * neither stop reading, which only accepted connections ask for, nor ping the server.
 */
export class RawPageChannel extends ClientChannel {
  readonly #socket: PageSocket;
  #drain: Timer | undefined;

  constructor(options: PageChannelOptions) {
    super(options);
    const { socket } = options;
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#message(data));
    socket.addEventListener('close', ({ code, reason }) => this.end(code, reason));
  }

  get bufferedBytes(): number {
    return this.pendingLength + this.#socket.bufferedAmount;
  }

  /** What waits for the end of the tick, in UTF-16 units. */
  protected get pendingLength(): number {
    return 0;
  }

  override send(message: Message): void {
    super.send(message);
    if (this.congested) this.#awaitDrain();
  }

  protected enqueue(message: Message): boolean {
    const text = messageText(message);
    if (exceedsBytes(text, this.limits.messageBytes)) return false;
    this.transmit(text);
    return true;
  }

  /** Hands what waits to the socket. */
  protected flush(): void {
    // Nothing waits here.
  }

  protected receive(text: string): void {
    if (exceedsBytes(text, this.limits.messageBytes)) this.refuseLength();
    else this.deliver(text);
  }

  protected transmit(text: string): void {
    this.#socket.send(text);
  }

  protected leave({ code, reason }: Goodbye): void {
    this.flush();
    // A page may send none of the codes that say what was wrong.
    this.#socket.close(Math.max(code, GO_AWAY_CODE), sendableReason(reason));
  }

  protected release(): void {
    this.#drain?.cancel();
    // Does nothing where it is closed or closing.
    this.#socket.close();
  }

  protected stopReading(): void {
    // Said above.
  }

  protected startReading(): void {
    // Said above.
  }

  #message(data: unknown): void {
    if (this.goodbye) return;
    if (typeof data === 'string') this.receive(data);
    else this.close(1003, 'Only text messages are understood here');
  }

  #awaitDrain(): void {
    this.#drain ??= this.clock.setTimeout(() => {
      this.#drain = undefined;
      this.taken();
      if (this.congested) this.#awaitDrain();
    }, DRAIN_CHECK);
  }
}
