import type { ClientChannelOptions } from '../sockjs/client/client-channel.js';
import { DROPPED_CODE } from '../sockjs/close-code.js';
import { PieceChannel } from './piece-channel.js';
import type { RtcConnection, RtcDataChannel } from './rtc-platform.js';

export interface RtcChannelOptions extends ClientChannelOptions {
  readonly connection: RtcConnection;
  /** Open. */
  readonly data: RtcDataChannel;
}

/** What the browser may have queued; above some 16 MiB it refuses more. */
const BROWSER_QUEUE = 256 * 1024;

/** A channel over a data channel between two pages, on either side. */
export class RtcChannel extends PieceChannel {
  readonly #connection: RtcConnection;
  readonly #data: RtcDataChannel;

  constructor(options: RtcChannelOptions) {
    super(options);
    const { connection, data } = options;
    this.#connection = connection;
    this.#data = data;
    data.bufferedAmountLowThreshold = BROWSER_QUEUE / 2;
    data.addEventListener('bufferedamountlow', () => this.speak());
    data.addEventListener('message', (event) => this.hear(event.data));
    data.addEventListener('close', () => this.end(DROPPED_CODE, ''));
    connection.addEventListener('connectionstatechange', () => {
      if (connection.connectionState === 'failed')
        this.end(DROPPED_CODE, 'The way to the other page is gone');
    });
  }

  /** Ends at once, for there is no time left to send what waits. */
  vanish(): void {
    this.end(1001, 'The page goes away');
  }

  get bufferedBytes(): number {
    return this.waitingLength + this.#data.bufferedAmount;
  }

  protected release(): void {
    this.#connection.close();
  }

  protected speak(): void {
    while (!this.finished && this.#data.bufferedAmount < BROWSER_QUEUE) {
      const piece = this.take();
      if (piece === undefined) break;
      try {
        this.#data.send(piece);
      } catch (error) {
        this.end(DROPPED_CODE, String(error));
      }
    }
    this.taken();
    // Sends what it has before it closes.
    if (this.goodbye && this.waitingLength === 0) this.#data.close();
  }
}
