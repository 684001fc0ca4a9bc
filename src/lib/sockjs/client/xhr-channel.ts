import type { Clock, Timer } from '../../util/clock.js';
import type { Limits } from '../../util/limits.js';
import type { Message } from '../../util/message.js';
import { nextTick } from '../../util/next-tick.js';
import { BaseChannel } from '../base-channel.js';
import {
  CLOSE_GRACE,
  DROPPED_CODE,
  GO_AWAY_CODE,
  GO_AWAY_REASON,
  sendableCode,
  sendableReason,
} from '../close-code.js';
import { FrameQueue } from '../frame-queue.js';
import { decodeServerFrame, tooLong } from '../frames.js';
import type { ChannelOwner } from '../channel-owner.js';
import type { Aborter, Outcome, Post } from './post.js';

export interface XhrChannelOptions {
  /** Path and query of the requests by which the session listens, and of those by which it speaks. */
  readonly pollPath: string;
  readonly sendPath: string;
  readonly http: Post;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly remoteAddress: string;
  readonly owner: ChannelOwner;
}

/**
 * The client's end of a session over XHR polling. One request at a time listens, one at a time speaks, and what is sent
 * while one speaks goes with the next.
 */
export class XhrChannel extends BaseChannel {
  readonly remoteAddress: string;
  readonly #pollPath: string;
  readonly #sendPath: string;
  readonly #http: Post;
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #owner: ChannelOwner;
  readonly #queue: FrameQueue;
  #poll: Aborter | undefined;
  #pollTimer: Timer | undefined;
  #speaking: Aborter | undefined;
  #speakingLength = 0;
  #scheduled = false;
  #congested = false;
  #goodbye: { readonly code: number; readonly reason: string } | undefined;
  #graceTimer: Timer | undefined;
  #heard = false;
  #silentBeats = 0;

  constructor({ pollPath, sendPath, http, limits, clock, remoteAddress, owner }: XhrChannelOptions) {
    super();
    this.remoteAddress = remoteAddress;
    this.#pollPath = pollPath;
    this.#sendPath = sendPath;
    this.#http = http;
    this.#limits = limits;
    this.#clock = clock;
    this.#owner = owner;
    this.#queue = new FrameQueue('[', limits.messageBytes);
    this.#listen();
  }

  get bufferedBytes(): number {
    return this.#queue.length + this.#speakingLength;
  }

  send(message: Message): void {
    if (this.#goodbye || this.finished) return;
    if (!this.#queue.add(message)) {
      const { code, reason } = tooLong(this.#limits.messageBytes);
      this.close(code, reason);
      return;
    }
    const buffered = this.bufferedBytes;
    if (buffered > this.#limits.pauseBytes) this.#congested = true;
    if (buffered > this.#limits.sendQueueBytes) {
      const reason = `The peer reads too slowly: more than ${this.#limits.sendQueueBytes} bytes wait for it`;
      this.#queue.clear();
      this.close(1008, reason);
      nextTick(() => this.#end(1008, reason));
    } else {
      this.#schedule();
    }
  }

  // A client cannot tell a server goodbye over XHR: it just asks no more.
  close(code = GO_AWAY_CODE, reason = GO_AWAY_REASON): void {
    if (this.#goodbye || this.finished) return;
    const goodbye = { code: sendableCode(code), reason: sendableReason(reason) };
    this.#goodbye = goodbye;
    this.mute();
    this.#graceTimer = this.#clock.setTimeout(() => this.#end(goodbye.code, goodbye.reason), CLOSE_GRACE);
    this.#schedule();
  }

  /** To be called at a steady pace: drops the session after `idleBeats` calls (0 = never) in which no answer came. */
  beat(idleBeats: number): void {
    const waiting = this.#poll !== undefined || this.#speaking !== undefined;
    if (this.#heard || !waiting) this.#silentBeats = 0;
    else if (++this.#silentBeats >= idleBeats && idleBeats > 0)
      this.#end(DROPPED_CODE, 'The server is silent');
    this.#heard = false;
  }

  // A request that listens already goes on doing so. Without one, the server would end the session after a while: so
  // now and then one is made all the same, and what it brings waits.
  protected stopReading(): void {
    this.#pollTimer ??= this.#clock.setTimeout(() => {
      this.#pollTimer = undefined;
      if (!this.held || this.finished) return;
      this.stopReading();
      this.#listen();
    }, this.#limits.disconnectDelay / 2);
  }

  protected startReading(): void {
    this.#pollTimer?.cancel();
    this.#pollTimer = undefined;
    this.#listen();
  }

  #listen(): void {
    if (this.#poll || this.finished) return;
    this.#poll = this.#http.post(this.#pollPath, '', false, (outcome) => this.#answered(outcome));
  }

  #answered(outcome: Outcome): void {
    this.#poll = undefined;
    this.#heard = true;
    if (this.finished) return;
    if (outcome === 'tooLarge') {
      this.#end(1009, tooLong(this.#limits.messageBytes).reason);
    } else if (outcome instanceof Error) {
      this.#end(DROPPED_CODE, outcome.message);
    } else if (outcome.status !== 200) {
      this.#end(DROPPED_CODE, `The server answered with HTTP ${outcome.status}`);
    } else {
      for (const line of outcome.text.split('\n')) if (line !== '') this.#receive(line);
      if (!this.held) this.#listen();
    }
  }

  #receive(line: string): void {
    const frame = decodeServerFrame(line, this.#limits.messageBytes);
    switch (frame.type) {
      case 'messages':
        for (const message of frame.messages) this.deliver(message);
        break;
      case 'close':
      case 'violation':
        this.#end(frame.code, frame.reason);
        break;
      case 'open':
        // The session of this name that the server knew is gone, and with it what was on its way.
        this.#end(DROPPED_CODE, 'The server has lost the session');
        break;
      case 'heartbeat':
        break;
    }
  }

  #schedule(): void {
    if (this.#scheduled || this.#speaking) return;
    this.#scheduled = true;
    nextTick(() => {
      this.#scheduled = false;
      this.#speak();
    });
  }

  #speak(): void {
    if (this.#speaking || this.finished) return;
    const frame = this.#queue.shift();
    if (frame === undefined) {
      if (this.#goodbye) this.#end(this.#goodbye.code, this.#goodbye.reason);
      return;
    }
    this.#speakingLength = frame.length;
    this.#speaking = this.#http.post(this.#sendPath, frame, true, (outcome) => this.#spoken(outcome));
  }

  #spoken(outcome: Outcome): void {
    this.#speaking = undefined;
    this.#speakingLength = 0;
    this.#heard = true;
    if (this.finished) return;
    if (outcome instanceof Error) {
      this.#end(DROPPED_CODE, outcome.message);
    } else if (outcome === 'tooLarge' || (outcome.status !== 204 && outcome.status !== 200)) {
      const status = outcome === 'tooLarge' ? 200 : outcome.status;
      this.#end(status === 413 ? 1009 : DROPPED_CODE, `The server answered a message with HTTP ${status}`);
    } else {
      if (this.#congested && this.bufferedBytes <= this.#limits.pauseBytes) {
        this.#congested = false;
        this.deliverDrain();
      }
      this.#speak();
    }
  }

  #end(code: number, reason: string): void {
    if (this.finished) return;
    this.#graceTimer?.cancel();
    this.#pollTimer?.cancel();
    this.#poll?.abort();
    this.#speaking?.abort();
    this.#http.close();
    this.#owner.left(this);
    const verdict = this.#goodbye ?? { code, reason };
    this.finish(verdict.code, verdict.reason);
  }
}
