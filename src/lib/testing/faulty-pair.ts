import type { Channel, ChannelReceiver } from '../transport/channel/channel.js';
import type { Clock } from '../util/clock.js';
import { type Message, messageText } from '../transport/channel/outgoing-message.js';
import { MemoryChannel } from './memory-channel.js';

/** What goes wrong on a connection in memory. May be changed at any time; counts for what is sent from then on. */
export interface Faults {
  /** Messages that are lost: `true` = all. Default none. */
  drop: boolean | ((text: string) => boolean);
  /** Milliseconds of the clock that each message takes. Default 0. */
  delay: number;
  /** Reads nothing: what is sent stays in the sender's queue until it reads again. Default false. */
  slowReader: boolean;
}

/** Two ends of a connection in memory, and what can be done to it. */
export interface FaultyPair {
  readonly near: Channel;
  readonly far: Channel;
  readonly faults: Faults;
  /** Has a slow reader read what has piled up. */
  readonly read: () => void;
  /** Cuts the connection: both ends learn that it dropped without a goodbye. */
  readonly cut: () => void;
}

/** A connection in memory with faults to inject, in both directions. Nothing is wrong to begin with. */
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
