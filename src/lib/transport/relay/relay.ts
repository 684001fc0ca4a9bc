import type { Channel, ChannelReceiver } from '../channel/channel.js';
import type { ChannelLimits, RelayLimits } from '../limits/transport-limits.js';
import { sendableCode } from '../channel/close-code.js';
import { FramedChannel } from '../websocket/framed-channel.js';
import { decodeClientFrame } from '../sockjs/frames.js';

export interface RelayOptions {
  readonly limits: Pick<ChannelLimits, 'pauseBytes'> & RelayLimits;
  /** Told of what is passed on, in bytes from the first channel to the second and back. */
  readonly count?: ((forth: number, back: number) => void) | undefined;
  /** Called once, when one of the two has ended: the other has been told goodbye. */
  readonly ended?: (() => void) | undefined;
  /** Called once, when nothing of either is left: both have ended. */
  readonly over?: (() => void) | undefined;
}

/**
 * Joins two channels: the messages of each go to the other, whole and in order, and the end of one is the end of the other,
 * with its code and reason. Each is read only as fast as the other takes what comes. Where both are SockJS over WebSocket,
 * frames are passed on as they are.
 *
 * Lifecycle: made with the first channel, which is read from then on; `join` with the second; `close`, unless one of the
 * two ends before.
 */
export class Relay {
  readonly #first: Side;
  readonly #options: RelayOptions;
  #second: Side | undefined;
  #ended = false;

  constructor(first: Channel, options: RelayOptions) {
    this.#options = options;
    const { count } = options;
    this.#first = new Side(first, options.limits, count && ((bytes) => count(bytes, 0)));
    this.#first.start((code, reason) => this.#sideEnded(code, reason));
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The second channel is there. Where the first has ended meanwhile, it is told goodbye. */
  join(second: Channel): void {
    if (this.#ended) {
      second.close();
      return;
    }
    const { count, limits } = this.#options;
    const side = new Side(second, limits, count && ((bytes) => count(0, bytes)));
    this.#second = side;
    side.start((code, reason) => this.#sideEnded(code, reason));
    side.joined(this.#first);
    this.#first.joined(side);
  }

  /** Ends both. */
  close(code: number, reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#first.end(code, reason);
    this.#second?.end(code, reason);
    this.#options.ended?.();
  }

  #sideEnded(code: number, reason: string): void {
    this.close(code, reason);
    if (this.#first.gone && this.#second?.gone !== false) this.#options.over?.();
  }
}

/** One of the two. */
class Side implements ChannelReceiver {
  readonly wantsRest = true;
  readonly #channel: Channel;
  /** Where it sends and gets lists of messages, as they stand in frames. */
  readonly #framed: FramedChannel | undefined;
  readonly #limits: RelayOptions['limits'];
  readonly #count: ((bytes: number) => void) | undefined;
  #ended: ((code: number, reason: string) => void) | undefined;
  #other: Side | undefined;
  #early: string[] = [];
  #earlyLength = 0;
  #over = false;
  #gone = false;

  constructor(
    channel: Channel,
    limits: RelayOptions['limits'],
    count: ((bytes: number) => void) | undefined,
  ) {
    this.#channel = channel;
    this.#framed = channel instanceof FramedChannel ? channel : undefined;
    this.#limits = limits;
    this.#count = count;
  }

  start(ended: (code: number, reason: string) => void): void {
    this.#ended = ended;
    this.#framed?.deliverLists();
    this.#channel.start(this);
  }

  joined(other: Side): void {
    this.#other = other;
    for (const text of this.#early.splice(0)) this.#passOn(other, text);
    if (!other.congested) this.#channel.resume();
  }

  /** Whether its channel has ended, and not only been told goodbye. */
  get gone(): boolean {
    return this.#gone;
  }

  get congested(): boolean {
    return this.#channel.bufferedBytes > this.#limits.pauseBytes;
  }

  end(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#early = [];
    // A connection that dropped leaves nothing to pass on.
    if (sendableCode(code) === code) this.#channel.close(code, reason);
    else this.#channel.close();
  }

  message(text: string): void {
    if (this.#other) {
      this.#passOn(this.#other, text);
      if (this.#other.congested) this.#channel.pause();
      return;
    }
    this.#early.push(text);
    this.#earlyLength += text.length;
    if (this.#earlyLength > this.#limits.tunnelBufferLength) this.#channel.pause();
  }

  drain(): void {
    this.#other?.resume();
  }

  close(code: number, reason: string): void {
    this.#over = true;
    this.#gone = true;
    this.#ended?.(code, reason);
  }

  resume(): void {
    this.#channel.resume();
  }

  #passOn(other: Side, text: string): void {
    this.#count?.(Buffer.byteLength(text));
    if (this.#framed) other.takeList(text);
    else other.#channel.send(text);
  }

  takeList(list: string): void {
    if (this.#framed) {
      this.#framed.sendList(list);
      return;
    }
    const frame = decodeClientFrame(list, Number.POSITIVE_INFINITY);
    if (frame.type === 'violation') this.#ended?.(frame.code, frame.reason);
    else for (const message of frame.messages) this.#channel.send(message);
  }
}
