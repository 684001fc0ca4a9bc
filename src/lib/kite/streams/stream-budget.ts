import type { Clock } from '../../util/clock.js';
import type { StreamLimits } from '../limits/stream-limits.js';
import type { StreamWindow } from './stream-window.js';

/** The memory that the streams of one peer may take here: what was promised to them, and what has arrived. */
export class StreamBudget {
  readonly clock: Clock;
  readonly #limits: StreamLimits;
  #promised = 0;
  #arrived = 0;

  constructor(limits: StreamLimits, clock: Clock) {
    this.#limits = limits;
    this.clock = clock;
  }

  /** Returns the window of a new stream. Each gets at most a quarter of what is left, so that there is always some. */
  open(): StreamWindow {
    const { streamItems, streamBytes, streamBytesPerConnection } = this.#limits;
    const left = Math.floor((streamBytesPerConnection - this.#promised) / 4);
    const window = { items: Math.max(1, streamItems), bytes: Math.max(1, Math.min(streamBytes, left)) };
    this.#promised += window.bytes;
    return window;
  }

  /** A stream has ended. */
  close({ bytes }: StreamWindow): void {
    this.#promised -= bytes;
  }

  /** An item has arrived. Returns whether it may be buffered. */
  add(size: number): boolean {
    this.#arrived += size;
    return this.#arrived <= this.#limits.streamBytesPerConnection;
  }

  /** An item was taken or discarded. */
  remove(size: number): void {
    this.#arrived -= size;
  }
}
