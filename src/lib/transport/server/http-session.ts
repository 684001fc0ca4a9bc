import { type Clock, systemClock, type Timer } from '../../util/clock.js';
import { type ChannelLimits, CLOSE_FRAME_TIMEOUT, type ServerLimits } from '../limits/transport-limits.js';
import type { Message } from '../channel/outgoing-message.js';
import { BaseChannel } from '../channel/base-channel.js';
import {
  type CloseStatus,
  DROPPED_CODE,
  GO_AWAY_CODE,
  GO_AWAY_REASON,
  validCloseCode,
  truncateReason,
} from '../channel/close-code.js';
import { FrameQueue } from '../sockjs/frame-queue.js';
import { closeFrame, HEARTBEAT_FRAME, messageTooLong, openFrame } from '../sockjs/frames.js';
import type { HopExtension } from '../sockjs/hop-extensions.js';
import type { ChannelOwner } from '../channel/channel-owner.js';
import type { BudgetShare, BudgetUser, MemoryBudgets } from '../channel/memory-budget.js';
import type { SessionResponse, ResponseWatcher } from './session-responses.js';
import { UploadQueue } from './upload-queue.js';
import { nextTick } from '../../util/next-tick.js';

// Memory that a message takes in addition to its text: it is a part of the string of a frame.
const MESSAGE_COST = 128;

export interface HttpSessionOptions {
  readonly id: string;
  readonly remoteAddress: string;
  readonly limits: ChannelLimits & ServerLimits;
  readonly clock: Clock;
  readonly owner: ChannelOwner;
  readonly budgets: MemoryBudgets;
  /** The supported extensions that the client has asked for. */
  readonly extensions: readonly HopExtension[];
}

/**
 * A session over plain HTTP. It receives messages in `xhr_send` requests, and sends them on the response that the client holds
 * open. It ends `disconnectDelay` after its last response. After it has been closed, it sends the close frame for as long.
 */
export class HttpSession extends BaseChannel implements ResponseWatcher, BudgetUser {
  readonly id: string;
  readonly remoteAddress: string;
  readonly #clock: Clock;
  readonly #owner: ChannelOwner;
  readonly #extensions: readonly HopExtension[];
  readonly #queue: FrameQueue;
  readonly uploads: UploadQueue;
  #response: SessionResponse | undefined;
  #responseBeats = 0;
  #opened = false;
  #scheduled = false;
  #closeStatus: CloseStatus | undefined;
  #detachedAt = 0;
  #timer: Timer | undefined;
  #removed = false;
  /** Whether the server closes, so that the session ends with its close frame. */
  #leaving = false;
  #grace: Timer | undefined;
  /** Number of messages in the queue, an estimate. */
  #messages = 0;
  readonly #budgets: MemoryBudgets;
  #output: BudgetShare | undefined;
  #input: BudgetShare | undefined;
  #authenticated = false;

  constructor({ id, remoteAddress, limits, clock, owner, budgets, extensions }: HttpSessionOptions) {
    super(limits);
    this.id = id;
    this.remoteAddress = remoteAddress;
    this.#clock = clock;
    this.#owner = owner;
    this.#budgets = budgets;
    this.#extensions = extensions;
    this.#queue = new FrameQueue('a[', limits.messageBytes);
    const lines = extensions.includes('lines');
    if (lines) this.#queue.useLines();
    this.uploads = new UploadQueue(
      { ...limits, lines },
      {
        deliver: (text) => this.deliver(text),
        isSuspended: () => this.suspended,
        refuse: (violation, bytes) => this.#refuse(violation, bytes),
        hold: (bytes) => this.#resizeInput(bytes),
      },
    );
  }

  get bufferedBytes(): number {
    return this.#queue.length + MESSAGE_COST * this.#messages + (this.#response?.bufferedBytes ?? 0);
  }

  send(message: Message): void {
    if (this.#closeStatus) return;
    if (!this.#queue.add(message)) {
      this.#refuse(messageTooLong(this.limits.messageBytes));
      return;
    }
    this.#messages++;
    this.checkQueue();
    this.#schedule();
  }

  close(code = GO_AWAY_CODE, reason = GO_AWAY_REASON): void {
    if (this.#closeStatus) return;
    this.#closeStatus = { code: validCloseCode(code), reason: truncateReason(reason) };
    this.ignoreIncoming();
    this.#schedule();
    this.#startDisconnectTimer();
  }

  /** Closes the session, and ends it when its client has fetched the close frame, or after a few seconds. */
  leave(): void {
    this.close();
    this.#leaving = true;
    this.#flush();
    if (this.finished) this.#remove();
    // Closing also ends if the clock of the program stands still.
    else this.#grace = systemClock.setTimeout(() => this.#remove(), CLOSE_FRAME_TIMEOUT);
  }

  authenticated(): void {
    this.#input?.close();
    this.#authenticated = true;
  }

  expel(reason: string): void {
    this.#report({ code: 1008, reason });
    this.#closeStatus ??= { code: 1008, reason };
    this.ignoreIncoming();
    this.#queue.clear();
    this.#messages = 0;
    this.uploads.expel(reason);
    // Not at once: the session may be sending a message.
    nextTick(() => this.#remove());
  }

  /** Sends frames on this response. */
  attach(response: SessionResponse): void {
    if (this.#response && !this.finished) {
      response.write(closeFrame(2010, 'Another connection still open'));
      response.end();
      return;
    }
    this.#response = response;
    this.#responseBeats = 0;
    response.watch(this);
    if (!this.#opened) {
      this.#opened = true;
      this.#write(openFrame(this.#extensions));
    }
    this.#flush();
  }

  responseDrained(response: SessionResponse): void {
    if (response === this.#response) this.#flush();
  }

  // Frames written to an interrupted response are lost, so the session cannot continue.
  responseEnded(response: SessionResponse, interrupted: boolean): void {
    if (response === this.#response) {
      this.#response = undefined;
      this.#startDisconnectTimer();
    }
    if (!interrupted || this.finished) return;
    this.#closeStatus = { code: 1002, reason: 'Connection interrupted' };
    this.#queue.clear();
    this.#messages = 0;
    this.finish(DROPPED_CODE, '');
  }

  /**
   * Must be called at regular intervals. Sends a heartbeat, and ends a streaming response after `idleBeats` calls (0 is never):
   * a client that is still connected sends another request.
   */
  beat(idleBeats: number): void {
    if (!this.#response || this.#response.congested) return;
    this.#write(HEARTBEAT_FRAME);
    if (++this.#responseBeats === idleBeats) this.#detach();
  }

  protected stopReading(): void {
    // Uploads check `suspended`.
  }

  protected startReading(): void {
    this.uploads.proceed();
  }

  protected override checkQueue(): void {
    super.checkQueue();
    this.#resizeOutput();
  }

  protected override checkDrain(): void {
    this.#resizeOutput();
    super.checkDrain();
  }

  measure(): void {
    this.#resizeOutput();
  }

  #resizeOutput(): void {
    if (!this.#removed) this.#output = this.#budgets.output.charge(this, this.#output, this.bufferedBytes);
  }

  #resizeInput(bytes: number): void {
    if (this.#authenticated || this.#removed) return;
    this.#input = this.#budgets.input.charge(this, this.#input, bytes);
  }

  #refuse(violation: CloseStatus, bytes?: number): void {
    this.#report(violation, bytes);
    this.close(violation.code, violation.reason);
  }

  #report(violation: CloseStatus, bytes?: number): void {
    if (!this.#closeStatus) this.#owner.channelRefused?.(this, violation, bytes);
  }

  /** The queue has exceeded its limit. */
  protected override end(code: number, reason: string): void {
    this.#owner.channelRefused?.(this, { code, reason });
    super.end(code, reason);
  }

  protected override discardQueue(): void {
    this.#queue.clear();
    this.#messages = 0;
  }

  protected override finish(code: number, reason: string): void {
    super.finish(code, reason);
    this.uploads.end();
  }

  #schedule(): void {
    if (this.#scheduled || !this.#response) return;
    this.#scheduled = true;
    process.nextTick(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#response && !this.#response.congested) {
      const { length } = this.#queue;
      const frame = this.#queue.shift();
      this.#messages = length === 0 ? 0 : Math.round((this.#messages * this.#queue.length) / length);
      if (frame !== undefined) {
        this.#write(frame);
      } else {
        if (this.#closeStatus) this.#sendClose(this.#closeStatus);
        break;
      }
    }
    this.checkDrain();
  }

  #sendClose({ code, reason }: CloseStatus): void {
    this.#write(closeFrame(code, reason));
    this.#detach();
    this.finish(code, reason);
    // Not at once: the session may be sending a message.
    if (this.#leaving) nextTick(() => this.#remove());
  }

  #write(frame: string): void {
    this.#response?.write(frame, this.congested ? () => this.checkDrain() : undefined);
    if (this.#response?.full) this.#detach();
  }

  #detach(): void {
    if (!this.#response) return;
    this.#response.end();
    this.#response = undefined;
    this.#startDisconnectTimer();
  }

  // The timer is not restarted until it fires, because a polling client attaches and detaches frequently.
  #startDisconnectTimer(): void {
    this.#detachedAt = this.#clock.monotonic();
    if (!this.#removed) this.#timer ??= this.#setTimer(this.limits.disconnectDelay);
  }

  #setTimer(ms: number): Timer {
    return this.#clock.setTimeout(() => {
      this.#timer = undefined;
      if (this.#response && !this.#closeStatus) return;
      const remaining = this.#detachedAt + this.limits.disconnectDelay - this.#clock.monotonic();
      if (remaining > 0) this.#timer = this.#setTimer(remaining);
      else this.#remove();
    }, ms);
  }

  #remove(): void {
    if (this.#removed) return;
    this.#removed = true;
    this.#output?.close();
    this.#input?.close();
    this.#timer?.cancel();
    this.#grace?.cancel();
    this.#response?.abort();
    this.#response = undefined;
    this.finish(this.#closeStatus?.code ?? DROPPED_CODE, this.#closeStatus?.reason ?? '');
    this.#owner.channelEnded(this);
  }
}
