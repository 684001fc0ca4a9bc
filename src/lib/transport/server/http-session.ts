import type { Clock, Timer } from '../../util/clock.js';
import type { ChannelLimits, ServerLimits } from '../limits/transport-limits.js';
import type { Message } from '../channel/outgoing-message.js';
import { BaseChannel } from '../channel/base-channel.js';
import {
  DROPPED_CODE,
  GO_AWAY_CODE,
  GO_AWAY_REASON,
  sendableCode,
  sendableReason,
} from '../channel/close-code.js';
import { FrameQueue } from '../sockjs/frame-queue.js';
import { closeFrame, HEARTBEAT_FRAME, OPEN_FRAME, tooLong } from '../sockjs/frames.js';
import type { ChannelOwner } from '../channel/channel-owner.js';
import type { SessionResponse, ResponseWatcher } from './session-responses.js';
import { UploadQueue } from './upload-queue.js';

export interface HttpSessionOptions {
  readonly id: string;
  readonly remoteAddress: string;
  readonly limits: ChannelLimits & ServerLimits;
  readonly clock: Clock;
  readonly owner: ChannelOwner;
}

/**
 * A session over plain HTTP: what comes in arrives in `xhr_send` requests, what goes out leaves on whichever response
 * the client holds open. It outlives its last response by `disconnectDelay`, and, once it has ended, goes on saying so
 * for as long.
 */
export class HttpSession extends BaseChannel implements ResponseWatcher {
  readonly id: string;
  readonly remoteAddress: string;
  readonly #clock: Clock;
  readonly #owner: ChannelOwner;
  readonly #queue: FrameQueue;
  readonly uploads: UploadQueue;
  #reply: SessionResponse | undefined;
  #replyBeats = 0;
  #opened = false;
  #scheduled = false;
  #goodbye: { readonly code: number; readonly reason: string } | undefined;
  #lostAt = 0;
  #timer: Timer | undefined;
  #removed = false;

  constructor({ id, remoteAddress, limits, clock, owner }: HttpSessionOptions) {
    super(limits);
    this.id = id;
    this.remoteAddress = remoteAddress;
    this.#clock = clock;
    this.#owner = owner;
    this.#queue = new FrameQueue('a[', limits.messageBytes);
    this.uploads = new UploadQueue(limits, {
      deliver: (text) => this.deliver(text),
      isHeld: () => this.held,
      refuse: (code, reason) => this.close(code, reason),
    });
  }

  get bufferedBytes(): number {
    return this.#queue.length + (this.#reply?.bufferedBytes ?? 0);
  }

  send(message: Message): void {
    if (this.#goodbye) return;
    if (!this.#queue.add(message)) {
      const { code, reason } = tooLong(this.limits.messageBytes);
      this.close(code, reason);
      return;
    }
    this.queued();
    this.#schedule();
  }

  close(code = GO_AWAY_CODE, reason = GO_AWAY_REASON): void {
    if (this.#goodbye) return;
    this.#goodbye = { code: sendableCode(code), reason: sendableReason(reason) };
    this.mute();
    this.#schedule();
    this.#countDown();
  }

  /** Ends the session without waiting for a client that may never ask again. */
  abandon(): void {
    this.close();
    this.#flush();
    this.#reply?.end();
    this.#reply = undefined;
    this.#remove();
  }

  /** A response to put frames on. */
  attach(reply: SessionResponse): void {
    if (this.#reply && !this.finished) {
      reply.write(closeFrame(2010, 'Another connection still open'));
      reply.end();
      return;
    }
    this.#reply = reply;
    this.#replyBeats = 0;
    reply.watch(this);
    if (!this.#opened) {
      this.#opened = true;
      this.#write(OPEN_FRAME);
    }
    this.#flush();
  }

  drained(reply: SessionResponse): void {
    if (reply === this.#reply) this.#flush();
  }

  // What was written to a response that broke off is lost, and with it the order of messages.
  over(reply: SessionResponse, interrupted: boolean): void {
    if (reply === this.#reply) {
      this.#reply = undefined;
      this.#countDown();
    }
    if (!interrupted || this.finished) return;
    this.#goodbye = { code: 1002, reason: 'Connection interrupted' };
    this.#queue.clear();
    this.finish(DROPPED_CODE, '');
  }

  /**
   * To be called at a steady pace. A response that streams is ended after `idleBeats` calls (0 = never): a client that is
   * still there asks for another one.
   */
  beat(idleBeats: number): void {
    if (!this.#reply || this.#reply.congested) return;
    this.#write(HEARTBEAT_FRAME);
    if (++this.#replyBeats === idleBeats) this.#detach();
  }

  protected stopReading(): void {
    // Uploads look at `held` before they go on.
  }

  protected startReading(): void {
    this.uploads.proceed();
  }

  protected override discard(): void {
    this.#queue.clear();
  }

  protected override finish(code: number, reason: string): void {
    super.finish(code, reason);
    this.uploads.end();
  }

  #schedule(): void {
    if (this.#scheduled || !this.#reply) return;
    this.#scheduled = true;
    process.nextTick(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#reply && !this.#reply.congested) {
      const frame = this.#queue.shift();
      if (frame !== undefined) {
        this.#write(frame);
      } else {
        if (this.#goodbye) this.#leave(this.#goodbye);
        break;
      }
    }
    this.taken();
  }

  #leave({ code, reason }: { code: number; reason: string }): void {
    this.#write(closeFrame(code, reason));
    this.#detach();
    this.finish(code, reason);
  }

  #write(frame: string): void {
    this.#reply?.write(frame, this.congested ? () => this.taken() : undefined);
    if (this.#reply?.full) this.#detach();
  }

  #detach(): void {
    if (!this.#reply) return;
    this.#reply.end();
    this.#reply = undefined;
    this.#countDown();
  }

  // The timer is not touched again until it fires: a client that polls comes and goes all the time.
  #countDown(): void {
    this.#lostAt = this.#clock.now();
    if (!this.#removed) this.#timer ??= this.#arm(this.limits.disconnectDelay);
  }

  #arm(ms: number): Timer {
    return this.#clock.setTimeout(() => {
      this.#timer = undefined;
      if (this.#reply && !this.#goodbye) return;
      const left = this.#lostAt + this.limits.disconnectDelay - this.#clock.now();
      if (left > 0) this.#timer = this.#arm(left);
      else this.#remove();
    }, ms);
  }

  #remove(): void {
    if (this.#removed) return;
    this.#removed = true;
    this.#timer?.cancel();
    this.#reply?.abort();
    this.#reply = undefined;
    this.finish(this.#goodbye?.code ?? DROPPED_CODE, this.#goodbye?.reason ?? '');
    this.#owner.left(this);
  }
}
