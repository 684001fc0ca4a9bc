import type { Clock, Timer } from '../../util/clock.js';
import type { ChannelOwner } from '../channel/channel-owner.js';

/** A silent server is asked this many times before it counts as gone. */
const BEATS = 3;

/** Notices that the server of one channel is gone: three looks in `idleTimeout`, and nothing in between. */
export class ClientHeartbeat implements ChannelOwner {
  readonly #clock: Clock;
  readonly #step: number;
  #timer: Timer | undefined;

  /** `idleTimeout`: milliseconds of silence after which the channel is dropped; 0 = never. */
  constructor(clock: Clock, idleTimeout: number) {
    this.#clock = clock;
    this.#step = idleTimeout / BEATS;
  }

  watch(channel: { beat(idleBeats: number): void }): void {
    if (this.#step === 0) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.watch(channel);
      channel.beat(BEATS);
    }, this.#step);
  }

  left(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
