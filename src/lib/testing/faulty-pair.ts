import type { Channel, ChannelReceiver } from '../transport/channel/channel.js';
import type { Clock } from '../util/clock.js';
import { type Message, messageText } from '../transport/channel/outgoing-message.js';
import { MemoryChannel } from './memory-channel.js';

/** The faults of an in-memory connection. May be changed at any time; changes apply to messages that are sent later. */
export interface Faults {
  /** The messages that are lost; `true` is all. Default: none. */
  drop: boolean | ((text: string) => boolean);
  /** Delay of each message, in milliseconds of the clock. Default: 0. */
  delay: number;
  /** Whether the receiver does not read, so that messages stay in the sender's queue until `read` is called. Default: false. */
  slowReader: boolean;
}

/** The two ends of an in-memory connection with faults. */
export interface FaultyPair {
  readonly near: Channel;
  readonly far: Channel;
  readonly faults: Faults;
  /** Ends `slowReader` and delivers the queued messages. */
  readonly read: () => void;
  /** Drops the connection without a close frame: both ends get code 1006. */
  readonly cut: () => void;
}

/** Creates an in-memory connection with faults in both directions. Initially there are no faults. */
export function faultyPair(clock: Clock): FaultyPair {
  const [a, b] = MemoryChannel.pair();
  const faults: Faults = { drop: false, delay: 0, slowReader: false };
  const ends = [new FaultyChannel(a, clock, faults), new FaultyChannel(b, clock, faults)] as const;
  return {
    near: ends[0],
    far: ends[1],
    faults,
    read() {
      faults.slowReader = false;
      for (const end of ends) end.flush();
    },
    cut() {
      a.ended(1006, '');
      b.ended(1006, '');
    },
  };
}

class FaultyChannel implements Channel {
  readonly remoteAddress = 'memory';
  bufferedBytes = 0;
  readonly #channel: MemoryChannel;
  readonly #clock: Clock;
  readonly #faults: Faults;
  readonly #queue: string[] = [];
  #receiver: ChannelReceiver | undefined;

  constructor(channel: MemoryChannel, clock: Clock, faults: Faults) {
    this.#channel = channel;
    this.#clock = clock;
    this.#faults = faults;
  }

  start(receiver: ChannelReceiver): void {
    this.#receiver = receiver;
    this.#channel.start(receiver);
  }

  send(message: Message): void {
    const text = messageText(message);
    const { drop, delay, slowReader } = this.#faults;
    if (drop === true || (drop !== false && drop(text))) return;
    if (slowReader) {
      this.#queue.push(text);
      this.bufferedBytes += text.length;
    } else if (delay > 0) this.#clock.setTimeout(() => this.#channel.send(text), delay);
    else this.#channel.send(text);
  }

  flush(): void {
    for (const text of this.#queue.splice(0)) this.#channel.send(text);
    this.bufferedBytes = 0;
    this.#receiver?.drain();
  }

  pause(): void {
    this.#channel.pause();
  }

  resume(): void {
    this.#channel.resume();
  }

  close(code?: number, reason?: string): void {
    this.#channel.close(code, reason);
  }
}
