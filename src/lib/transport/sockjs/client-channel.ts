import type { Clock, Timer } from '../../util/clock.js';
import type { ChannelLimits } from '../limits/transport-limits.js';
import type { Message } from '../channel/outgoing-message.js';
import { BaseChannel } from '../channel/base-channel.js';
import type { ChannelOwner } from '../channel/channel-owner.js';
import {
  type CloseStatus,
  GO_AWAY_CODE,
  GO_AWAY_REASON,
  truncateReason,
  validCloseCode,
} from '../channel/close-code.js';
import { messageTooLong } from './frames.js';
import { CLOSE_GRACE } from '../limits/transport-limits.js';

export interface ClientChannelOptions {
  readonly limits: ChannelLimits;
  readonly clock: Clock;
  readonly remoteAddress: string;
  readonly owner: ChannelOwner;
}

/** The base class of client channels that do not write to a Node socket. Bounds the send queue and closes only once. */
export abstract class ClientChannel extends BaseChannel {
  readonly remoteAddress: string;
  protected readonly clock: Clock;
  readonly #owner: ChannelOwner;
  #closeStatus: CloseStatus | undefined;
  #closeTimer: Timer | undefined;

  constructor({ limits, clock, remoteAddress, owner }: ClientChannelOptions) {
    super(limits);
    this.clock = clock;
    this.remoteAddress = remoteAddress;
    this.#owner = owner;
  }

  /** Queues a message and schedules sending it. Returns false if the message exceeds the limit. */
  protected abstract enqueue(message: Message): boolean;
  /** Sends the close frame after the queued messages. */
  protected abstract sendClose(status: CloseStatus): void;
  /** Releases the transport. */
  protected abstract releaseTransport(): void;

  /** How the session ends, after either side has closed it. */
  protected get closeStatus(): CloseStatus | undefined {
    return this.#closeStatus;
  }

  send(message: Message): void {
    if (this.#closeStatus || this.finished) return;
    if (!this.enqueue(message)) {
      this.closeTooLong();
      return;
    }
    this.checkQueue();
  }

  close(code = GO_AWAY_CODE, reason = GO_AWAY_REASON): void {
    this.beginClose({ code: validCloseCode(code), reason: truncateReason(reason) });
  }

  protected beginClose(status: CloseStatus): void {
    if (this.#closeStatus || this.finished) return;
    this.#closeStatus = status;
    this.ignoreIncoming();
    this.#closeTimer = this.clock.setTimeout(() => this.end(status.code, status.reason), CLOSE_GRACE);
    this.sendClose(status);
  }

  protected closeTooLong(): void {
    const { code, reason } = messageTooLong(this.limits.messageBytes);
    this.close(code, reason);
  }

  protected override end(code: number, reason: string): void {
    if (this.finished) return;
    this.#closeTimer?.cancel();
    this.releaseTransport();
    const status = this.#closeStatus ?? { code, reason };
    this.finish(status.code, status.reason);
    this.#owner.channelEnded(this);
  }
}
