import type { Channel } from '../../transport/channel/channel.js';
import type { ConnectionLimits } from '../limits/kite-limits.js';

/**
 * Back-pressure of an accepted connection: stops reading from a peer that does not read its responses, or that has too many
 * running calls. A dialed connection has none, because two ends that both wait for the other to read would deadlock.
 */
export class FlowControl {
  readonly #channel: Channel;
  readonly #limits: ConnectionLimits;
  /** Whether the peer has opened the connection. */
  readonly mayPause: boolean;
  /** Number of calls of the peer that have no response yet. A handler may make its call count as several. */
  running = 0;
  /** Whether reading pauses although no limit is exceeded. Call `update` after a change. */
  holds = false;
  #paused = false;
  /** Called when the last running call has ended. */
  onIdle: (() => void) | undefined;

  constructor(channel: Channel, limits: ConnectionLimits, mayPause: boolean) {
    this.#channel = channel;
    this.#limits = limits;
    this.mayPause = mayPause;
  }

  began(): void {
    if (++this.running > this.#limits.callsPerConnection) this.update();
  }

  ended(): void {
    this.running--;
    if (this.#paused) this.update();
    if (this.running === 0) this.onIdle?.();
  }

  /** Pauses or resumes reading. Call it after a message was sent, and when the send queue has drained. */
  update(): void {
    if (!this.mayPause) return;
    const { pauseBytes, callsPerConnection } = this.#limits;
    const pause = this.holds || this.#channel.bufferedBytes > pauseBytes || this.running > callsPerConnection;
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) this.#channel.pause();
    else this.#channel.resume();
  }
}
