import type { Clock, Timer } from '../../util/clock.js';
import type { ChannelLimits } from '../limits/transport-limits.js';
import type { Message } from '../channel/outgoing-message.js';
import { BaseChannel } from '../channel/base-channel.js';
import type { ChannelOwner } from '../channel/channel-owner.js';
import { GO_AWAY_CODE, GO_AWAY_REASON, sendableCode, sendableReason } from '../channel/close-code.js';
import { tooLong } from './frames.js';
import { CLOSE_GRACE } from '../limits/transport-limits.js';

export interface ClientChannelOptions {
  readonly limits: ChannelLimits;
  readonly clock: Clock;
  readonly remoteAddress: string;
  readonly owner: ChannelOwner;
}

export interface Goodbye {
  readonly code: number;
  readonly reason: string;
}

/** The client's end of a session whose transport is not the socket itself: what waits is bounded, goodbyes are said once. */
export abstract class ClientChannel extends BaseChannel {
  readonly remoteAddress: string;
  protected readonly clock: Clock;
  readonly #owner: ChannelOwner;
  #goodbye: Goodbye | undefined;
  #grace: Timer | undefined;

  constructor({ limits, clock, remoteAddress, owner }: ClientChannelOptions) {
    super(limits);
    this.clock = clock;
    this.remoteAddress = remoteAddress;
    this.#owner = owner;
  }

  /** Adds a message to what waits and sees to it that it leaves. False: it is longer than the limit. */
  protected abstract enqueue(message: Message): boolean;
  /** Says goodbye, after what waits. */
  protected abstract leave(goodbye: Goodbye): void;
  /** Lets go of the transport. */
  protected abstract release(): void;

  /** How the session ends, once either side has said so. */
  protected get goodbye(): Goodbye | undefined {
    return this.#goodbye;
  }

  send(message: Message): void {
    if (this.#goodbye || this.finished) return;
    if (!this.enqueue(message)) {
      this.refuseLength();
      return;
    }
    this.queued();
  }

  close(code = GO_AWAY_CODE, reason = GO_AWAY_REASON): void {
    this.sayGoodbye({ code: sendableCode(code), reason: sendableReason(reason) });
  }

  protected sayGoodbye(goodbye: Goodbye): void {
    if (this.#goodbye || this.finished) return;
    this.#goodbye = goodbye;
    this.mute();
    this.#grace = this.clock.setTimeout(() => this.end(goodbye.code, goodbye.reason), CLOSE_GRACE);
    this.leave(goodbye);
  }

  protected refuseLength(): void {
    const { code, reason } = tooLong(this.limits.messageBytes);
    this.close(code, reason);
  }

  protected override end(code: number, reason: string): void {
    if (this.finished) return;
    this.#grace?.cancel();
    this.release();
    const verdict = this.#goodbye ?? { code, reason };
    this.finish(verdict.code, verdict.reason);
    this.#owner.left(this);
  }
}
