import type { Timer } from '../../util/clock.js';
import type { Message } from '../channel/outgoing-message.js';
import { nextTick } from '../../util/next-tick.js';
import { DROPPED_CODE } from '../channel/close-code.js';
import { FrameQueue } from '../sockjs/frame-queue.js';
import { decodeServerFrame, tooLong } from '../sockjs/frames.js';
import { ClientChannel, type ClientChannelOptions } from '../sockjs/client-channel.js';
import type { Aborter, Outcome, Post } from './post.js';

export interface XhrChannelOptions extends ClientChannelOptions {
  /** Path and query of the requests by which the session listens, and of those by which it speaks. */
  readonly pollPath: string;
  readonly sendPath: string;
  readonly http: Post;
}

/**
 * The client's end of a session over XHR polling. One request at a time listens, one at a time speaks, and what is sent
 * while one speaks goes with the next.
 */
export class XhrChannel extends ClientChannel {
  readonly #options: XhrChannelOptions;
  readonly #queue: FrameQueue;
  #poll: Aborter | undefined;
  #pollTimer: Timer | undefined;
  #speaking: Aborter | undefined;
  #speakingLength = 0;
  #scheduled = false;
  #heard = false;
  #silentBeats = 0;

  constructor(options: XhrChannelOptions) {
    super(options);
    this.#options = options;
    this.#queue = new FrameQueue('[', options.limits.messageBytes);
    this.#listen();
  }

  get bufferedBytes(): number {
    return this.#queue.length + this.#speakingLength;
  }

  protected enqueue(message: Message): boolean {
    const added = this.#queue.add(message);
    if (added) this.#schedule();
    return added;
  }

  protected override discard(): void {
    this.#queue.clear();
  }

  // A client cannot tell a server goodbye over XHR: it just asks no more, once what waits has left.
  protected leave(): void {
    this.#schedule();
  }

  protected release(): void {
    this.#pollTimer?.cancel();
    this.#poll?.abort();
    this.#speaking?.abort();
    this.#options.http.close();
  }

  /** To be called at a steady pace: drops the session after `idleBeats` calls (0 = never) in which no answer came. */
  beat(idleBeats: number): void {
    const waiting = this.#poll !== undefined || this.#speaking !== undefined;
    if (this.#heard || !waiting) this.#silentBeats = 0;
    else if (++this.#silentBeats >= idleBeats && idleBeats > 0)
      this.end(DROPPED_CODE, 'The server is silent');
    this.#heard = false;
  }

  // A request that listens already goes on doing so. Without one, the server would end the session after a while: so
  // now and then one is made all the same, and what it brings waits.
  protected stopReading(): void {
    this.#pollTimer ??= this.clock.setTimeout(() => {
      this.#pollTimer = undefined;
      if (!this.held || this.finished) return;
      this.stopReading();
      this.#listen();
    }, this.limits.disconnectDelay / 2);
  }

  protected startReading(): void {
    this.#pollTimer?.cancel();
    this.#pollTimer = undefined;
    this.#listen();
  }

  #listen(): void {
    if (this.#poll || this.finished) return;
    const { http, pollPath } = this.#options;
    this.#poll = http.post(pollPath, '', false, (outcome) => this.#answered(outcome));
  }

  #answered(outcome: Outcome): void {
    this.#poll = undefined;
    this.#heard = true;
    if (this.finished) return;
    if (outcome === 'tooLarge') {
      this.end(1009, tooLong(this.limits.messageBytes).reason);
    } else if (outcome instanceof Error) {
      this.end(DROPPED_CODE, outcome.message);
    } else if (outcome.status !== 200) {
      this.end(DROPPED_CODE, `The server answered with HTTP ${outcome.status}`);
    } else {
      for (const line of outcome.text.split('\n')) if (line !== '') this.#receive(line);
      if (!this.held) this.#listen();
    }
  }

  #receive(line: string): void {
    const frame = decodeServerFrame(line, this.limits.messageBytes);
    switch (frame.type) {
      case 'messages':
        for (const message of frame.messages) this.deliver(message);
        break;
      case 'close':
      case 'violation':
        this.end(frame.code, frame.reason);
        break;
      case 'open':
        // The session of this name that the server knew is gone, and with it what was on its way.
        this.end(DROPPED_CODE, 'The server has lost the session');
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
      if (this.goodbye) this.end(this.goodbye.code, this.goodbye.reason);
      return;
    }
    this.#speakingLength = frame.length;
    const { http, sendPath } = this.#options;
    this.#speaking = http.post(sendPath, frame, true, (outcome) => this.#spoken(outcome));
  }

  #spoken(outcome: Outcome): void {
    this.#speaking = undefined;
    this.#speakingLength = 0;
    this.#heard = true;
    if (this.finished) return;
    if (outcome instanceof Error) {
      this.end(DROPPED_CODE, outcome.message);
    } else if (outcome === 'tooLarge' || (outcome.status !== 204 && outcome.status !== 200)) {
      const status = outcome === 'tooLarge' ? 200 : outcome.status;
      this.end(status === 413 ? 1009 : DROPPED_CODE, `The server answered a message with HTTP ${status}`);
    } else {
      this.taken();
      this.#speak();
    }
  }
}
