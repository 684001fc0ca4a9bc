import type { Clock, Timer } from '../../util/clock.js';
import type { ChannelOwner } from '../channel/channel-owner.js';

/** Number of beats without a message after which the server counts as disconnected. */
const BEATS = 3;

/** Calls `beat` of one channel three times per `idleTimeout`, so that the channel detects a server that is silent. */
export class ClientHeartbeat implements ChannelOwner {
  readonly #clock: Clock;
  readonly #interval: number;
  #timer: Timer | undefined;

  /** `idleTimeout`: time in milliseconds after which a silent channel is dropped; 0 is never. */
  constructor(clock: Clock, idleTimeout: number) {
    this.#clock = clock;
    this.#interval = idleTimeout / BEATS;
  }

  watch(channel: { beat(idleBeats: number): void }): void {
    if (this.#interval === 0) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.watch(channel);
      channel.beat(BEATS);
    }, this.#interval);
  }

  channelEnded(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
