import type { ClientChannelOptions } from '../sockjs/client-channel.js';
import { DROPPED_CODE } from '../channel/close-code.js';
import { ChunkedChannel } from './chunked-channel.js';
import type { RtcConnection, RtcDataChannel } from './rtc-platform.js';

export interface RtcChannelOptions extends ClientChannelOptions {
  readonly connection: RtcConnection;
  /** Open. */
  readonly data: RtcDataChannel;
}

/*
 * A message of a data channel costs the browser more than what is in it. So pieces that wait go together, with their
 * lengths before them: `#3,6:.hi.there`.
 */
const TOGETHER = '#';

/** Pieces go together up to this length, in UTF-16 units: with the last of them, less than any browser takes. */
const MESSAGE_LENGTH = 16 * 1024;

/** What the browser may have queued; above some 16 MiB it refuses more. */
const BROWSER_QUEUE = 256 * 1024;

/** A channel over a data channel between two pages, on either side. */
export class RtcChannel extends ChunkedChannel {
  readonly #connection: RtcConnection;
  readonly #data: RtcDataChannel;

  constructor(options: RtcChannelOptions) {
    super(options);
    const { connection, data } = options;
    this.#connection = connection;
    this.#data = data;
    data.bufferedAmountLowThreshold = BROWSER_QUEUE / 2;
    data.addEventListener('bufferedamountlow', () => this.speak());
    data.addEventListener('message', (event) => this.#receive(event.data));
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
      const text = this.#next();
      if (text === undefined) break;
      try {
        this.#data.send(text);
      } catch (error) {
        this.end(DROPPED_CODE, String(error));
      }
    }
    this.taken();
    // Sends what it has before it closes.
    if (this.goodbye && this.waitingLength === 0) this.#data.close();
  }

  #next(): string | undefined {
    const pieces: string[] = [];
    for (let length = 0; length < MESSAGE_LENGTH; ) {
      const piece = this.take();
      if (piece === undefined) break;
      pieces.push(piece);
      length += piece.length;
    }
    if (pieces.length < 2) return pieces[0];
    return `${TOGETHER}${pieces.map(({ length }) => length).join(',')}:${pieces.join('')}`;
  }

  #receive(data: unknown): void {
    if (typeof data !== 'string' || data[0] !== TOGETHER) this.hear(data);
    else for (const piece of apart(data)) this.hear(piece);
  }
}

/** The pieces that came together; one that is none where the lengths are wrong. */
function apart(text: string): readonly string[] {
  const colon = text.indexOf(':');
  const pieces: string[] = [];
  let at = colon + 1;
  for (const length of text.slice(1, colon).split(',')) {
    const end = at + Number(length);
    if (!Number.isInteger(end) || end <= at) return NONE;
    pieces.push(text.slice(at, end));
    at = end;
  }
  return colon > 0 && at === text.length ? pieces : NONE;
}

const NONE = [''];
