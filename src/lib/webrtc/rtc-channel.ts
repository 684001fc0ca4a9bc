import { type Message, messageText } from '../util/message.js';
import { nextTick } from '../util/next-tick.js';
import { exceedsBytes } from '../util/utf8.js';
import { ClientChannel, type ClientChannelOptions } from '../sockjs/client/client-channel.js';
import { DROPPED_CODE } from '../sockjs/close-code.js';
import type { RtcConnection, RtcDataChannel } from './rtc-platform.js';

export interface RtcChannelOptions extends ClientChannelOptions {
  readonly connection: RtcConnection;
  /** Open. */
  readonly data: RtcDataChannel;
}

/*
 * Browsers carry 256 KiB in one message of a data channel, some of them less. So each begins with a letter:
 *
 *     +text              more of this message follows
 *     .text              the rest of a message, or all of it
 *     ![3000,"Go away!"] the session has ended
 */
const PIECE = 16 * 1024;
const MORE = '+';
const LAST = '.';
const GOODBYE = '!';

/** What the browser may have queued; above some 16 MiB it refuses more. */
const BROWSER_QUEUE = 256 * 1024;

/** A channel over a data channel between two pages, on either side. */
export class RtcChannel extends ClientChannel {
  readonly #connection: RtcConnection;
  readonly #data: RtcDataChannel;
  #pieces: string[] = [];
  #piecesLength = 0;
  #scheduled = false;
  #received = '';
  #heldLength = 0;

  constructor(options: RtcChannelOptions) {
    super(options);
    const { connection, data } = options;
    this.#connection = connection;
    this.#data = data;
    data.bufferedAmountLowThreshold = BROWSER_QUEUE / 2;
    data.addEventListener('bufferedamountlow', () => this.#speak());
    data.addEventListener('message', (event) => this.#message(event.data));
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
    return this.#piecesLength + this.#data.bufferedAmount;
  }

  protected enqueue(message: Message): boolean {
    const text = messageText(message);
    if (exceedsBytes(text, this.limits.messageBytes)) return false;
    let at = 0;
    while (text.length - at > PIECE) {
      const end = at + PIECE - (isFirstHalf(text.charCodeAt(at + PIECE - 1)) ? 1 : 0);
      this.#add(MORE + text.slice(at, end));
      at = end;
    }
    this.#add(LAST + text.slice(at));
    this.#schedule();
    return true;
  }

  protected override discard(): void {
    this.#pieces = [];
    this.#piecesLength = 0;
  }

  protected leave({ code, reason }: { code: number; reason: string }): void {
    this.#add(GOODBYE + JSON.stringify([code, reason]));
    this.#schedule();
  }

  protected release(): void {
    this.#connection.close();
  }

  // A data channel cannot be told to wait. What comes meanwhile is counted.
  protected stopReading(): void {
    this.#heldLength = 0;
  }

  protected startReading(): void {
    this.#heldLength = 0;
  }

  #add(piece: string): void {
    this.#pieces.push(piece);
    this.#piecesLength += piece.length;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    nextTick(() => {
      this.#scheduled = false;
      this.#speak();
    });
  }

  #speak(): void {
    while (!this.finished && this.#data.bufferedAmount < BROWSER_QUEUE) {
      const piece = this.#pieces.shift();
      if (piece === undefined) break;
      this.#piecesLength -= piece.length;
      try {
        this.#data.send(piece);
      } catch (error) {
        this.end(DROPPED_CODE, String(error));
      }
    }
    this.taken();
    // Sends what it has before it closes.
    if (this.goodbye && this.#pieces.length === 0) this.#data.close();
  }

  #message(data: unknown): void {
    if (this.finished) return;
    if (typeof data !== 'string') this.close(1003, 'Only text messages are understood here');
    else if (data[0] === GOODBYE) this.#peerLeaves(data.slice(1));
    else if (data[0] === MORE || data[0] === LAST) this.#piece(data);
    else this.close(1002, 'Not a message of a kite');
  }

  #piece(data: string): void {
    const text = this.#received + data.slice(1);
    const { messageBytes, sendQueueBytes } = this.limits;
    const whole = data[0] === LAST;
    this.#received = whole ? '' : text;
    // Counting bytes takes a pass over all of it, which each piece is not worth.
    if (text.length > messageBytes || (whole && exceedsBytes(text, messageBytes))) {
      this.#received = '';
      this.refuseLength();
    } else if (whole) {
      if (this.held) this.#heldLength += text.length;
      if (this.#heldLength > sendQueueBytes) this.close(1008, 'More has come than can be kept here');
      else this.deliver(text);
    }
  }

  #peerLeaves(json: string): void {
    const [code, reason] = parseGoodbye(json);
    this.end(code, reason);
  }
}

/** Whether a unit is the first half of a character, which does not travel without the second. */
function isFirstHalf(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function parseGoodbye(json: string): readonly [number, string] {
  try {
    const [code, reason] = JSON.parse(json) as unknown[];
    if (Number.isInteger(code) && typeof reason === 'string') return [code as number, reason];
  } catch {
    // Below.
  }
  return [1002, 'Not a goodbye of a kite'];
}
