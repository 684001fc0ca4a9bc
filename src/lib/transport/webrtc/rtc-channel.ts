import { errorText } from '../../util/message-of.js';
import type { ClientChannelOptions } from '../sockjs/client-channel.js';
import { DROPPED_CODE } from '../channel/close-code.js';
import { ChunkedChannel } from './chunked-channel.js';
import type { RtcConnection, RtcDataChannel } from './rtc-platform.js';

export interface RtcChannelOptions extends ClientChannelOptions {
  readonly connection: RtcConnection;
  /** A data channel that is open. */
  readonly data: RtcDataChannel;
}

/*
 * A message of a data channel has a high fixed cost in the browser. So queued chunks are sent in one message, after their
 * lengths: `#3,6:.hi.there`.
 */
const BATCH = '#';

/** Length at which a message takes no more chunks, in UTF-16 units. With the last chunk, every browser supports it. */
const MESSAGE_LENGTH = 16 * 1024;

/** Maximum size of the queue of the browser, in bytes. Browsers reject messages above about 16 MiB. */
const BROWSER_QUEUE_BYTES = 256 * 1024;

/** A channel over a data channel between two pages, at either end. */
export class RtcChannel extends ChunkedChannel {
  readonly #connection: RtcConnection;
  readonly #data: RtcDataChannel;

  constructor(options: RtcChannelOptions) {
    super(options);
    const { connection, data } = options;
    this.#connection = connection;
    this.#data = data;
    data.bufferedAmountLowThreshold = BROWSER_QUEUE_BYTES / 2;
    data.addEventListener('bufferedamountlow', () => this.sendPending());
    data.addEventListener('message', (event) => this.#receive(event.data));
    data.addEventListener('close', () => this.end(DROPPED_CODE, ''));
    connection.addEventListener('connectionstatechange', () => {
      if (connection.connectionState === 'failed')
        this.end(DROPPED_CODE, 'The connection to the other page has failed');
    });
  }

  /** Ends the channel without sending the queued messages. */
  closeNow(): void {
    this.end(1001, 'The page was closed');
  }

  get bufferedBytes(): number {
    return this.pendingLength + this.#data.bufferedAmount;
  }

  protected releaseTransport(): void {
    this.#connection.close();
  }

  protected sendPending(): void {
    while (!this.finished && this.#data.bufferedAmount < BROWSER_QUEUE_BYTES) {
      const text = this.#nextMessage();
      if (text === undefined) break;
      try {
        this.#data.send(text);
      } catch (error) {
        this.end(DROPPED_CODE, errorText(error));
      }
    }
    this.checkDrain();
    // The browser sends its queue before it closes.
    if (this.closeStatus && this.pendingLength === 0) this.#data.close();
  }

  #nextMessage(): string | undefined {
    const chunks: string[] = [];
    for (let length = 0; length < MESSAGE_LENGTH; ) {
      const chunk = this.takeChunk();
      if (chunk === undefined) break;
      chunks.push(chunk);
      length += chunk.length;
    }
    if (chunks.length < 2) return chunks[0];
    return `${BATCH}${chunks.map(({ length }) => length).join(',')}:${chunks.join('')}`;
  }

  #receive(data: unknown): void {
    if (typeof data !== 'string' || data[0] !== BATCH) this.receiveChunk(data);
    else for (const chunk of splitBatch(data)) this.receiveChunk(chunk);
  }
}

/** Returns the chunks of a batch. Returns an invalid chunk if the lengths are invalid. */
function splitBatch(text: string): readonly string[] {
  const colon = text.indexOf(':');
  const chunks: string[] = [];
  let at = colon + 1;
  for (const length of text.slice(1, colon).split(',')) {
    const end = at + Number(length);
    if (!Number.isInteger(end) || end <= at) return INVALID_BATCH;
    chunks.push(text.slice(at, end));
    at = end;
  }
  return colon > 0 && at === text.length ? chunks : INVALID_BATCH;
}

const INVALID_BATCH = [''];
