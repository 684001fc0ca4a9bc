import type { Channel } from '../../transport/channel/channel.js';
import type { ConnectionLimits } from '../limits/kite-limits.js';

/**
 * Back-pressure of one accepted connection: takes nothing more from a peer that leaves what it asked for unread, or that
 * has too many calls running. A dialled connection has none: were both ends to wait for the other to read first, neither
 * would go on, so that the side that asks always reads.
 */
export class FlowControl {
  readonly #channel: Channel;
  readonly #limits: ConnectionLimits;
  readonly #mayPause: boolean;
  #running = 0;
  #paused = false;
  #idle: (() => void)[] | undefined;

  constructor(channel: Channel, limits: ConnectionLimits, mayPause: boolean) {
    this.#channel = channel;
    this.#limits = limits;
    this.#mayPause = mayPause;
  }

  /** Calls of the peer that have no answer yet. */
  get running(): number {
    return this.#running;
  }

  began(): void {
    if (++this.#running > this.#limits.callsPerConnection) this.update();
  }

  ended(): void {
    this.#running--;
    if (this.#paused) this.update();
    if (this.#running > 0 || !this.#idle) return;
    for (const resolve of this.#idle) resolve();
    this.#idle = undefined;
  }

  /** Resolves once no call of the peer is running. */
  whenIdle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      (this.#idle ??= []).push(resolve);
    });
  }

  /** Something was sent, or the network has taken what was queued. */
  update(): void {
    if (!this.#mayPause) return;
    const { pauseBytes, callsPerConnection } = this.#limits;
    const pause = this.#channel.bufferedBytes > pauseBytes || this.#running > callsPerConnection;
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) this.#channel.pause();
    else this.#channel.resume();
  }
}
