import type { Timer } from '../../util/clock.js';
import type { Message } from '../channel/outgoing-message.js';
import { nextTick } from '../../util/next-tick.js';
import { CLOSE_FRAME_TIMEOUT } from '../limits/transport-limits.js';
import { DROPPED_CODE } from '../channel/close-code.js';
import { FrameQueue } from '../sockjs/frame-queue.js';
import { messageTooLong } from '../sockjs/frames.js';
import type { HopExtension } from '../sockjs/hop-extensions.js';
import { decodeAnyFrame } from '../sockjs/lines.js';
import { ClientChannel, type ClientChannelOptions } from '../sockjs/client-channel.js';
import type { PostRequest, PostResult, Post } from './post.js';

export interface XhrChannelOptions extends ClientChannelOptions {
  /** Path and query of the requests that poll. */
  readonly pollPath: string;
  /** Path and query of the requests that send. */
  readonly sendPath: string;
  readonly http: Post;
  /** The extensions that the server supports. */
  readonly extensions: readonly HopExtension[];
}

/**
 * The client's end of a session over XHR polling. At most one request polls and at most one sends at a time. Messages that are
 * queued during a request are sent with the next.
 */
export class XhrChannel extends ClientChannel {
  readonly #options: XhrChannelOptions;
  readonly #queue: FrameQueue;
  readonly #lines: boolean;
  #pollRequest: PostRequest | undefined;
  #pollTimer: Timer | undefined;
  #sendRequest: PostRequest | undefined;
  #sendingLength = 0;
  #scheduled = false;
  #received = false;
  #silentBeats = 0;
  /** Why a message could not be sent. */
  #sendFailure: string | undefined;
  #failureTimer: Timer | undefined;

  constructor(options: XhrChannelOptions) {
    super(options);
    this.#options = options;
    this.#queue = new FrameQueue('[', options.limits.messageBytes);
    this.#lines = options.extensions.includes('lines');
    if (this.#lines) this.#queue.useLines();
    this.#poll();
  }

  get bufferedBytes(): number {
    return this.#queue.length + this.#sendingLength;
  }

  protected enqueue(message: Message): boolean {
    const added = this.#queue.add(message);
    if (added) this.#schedule();
    return added;
  }

  protected override discardQueue(): void {
    this.#queue.clear();
  }

  // XHR polling has no close frame for clients: the client stops polling after it has sent the queued messages.
  protected sendClose(): void {
    this.#schedule();
  }

  protected releaseTransport(): void {
    this.#pollTimer?.cancel();
    this.#failureTimer?.cancel();
    this.#pollRequest?.abort();
    this.#sendRequest?.abort();
    this.#options.http.close();
  }

  /** Must be called at regular intervals. Drops the session after `idleBeats` calls without a response (0 is never). */
  beat(idleBeats: number): void {
    const pending = this.#pollRequest !== undefined || this.#sendRequest !== undefined;
    if (this.#received || !pending) this.#silentBeats = 0;
    else if (++this.#silentBeats >= idleBeats && idleBeats > 0)
      this.end(DROPPED_CODE, 'The server does not respond');
    this.#received = false;
  }

  // A request that polls already continues. Without requests, the server would end the session, so the client still polls at
  // long intervals, and the messages wait in the inbox.
  protected stopReading(): void {
    this.#pollTimer ??= this.clock.setTimeout(() => {
      this.#pollTimer = undefined;
      if (!this.suspended || this.finished) return;
      this.stopReading();
      this.#poll();
    }, this.limits.disconnectDelay / 2);
  }

  protected startReading(): void {
    this.#pollTimer?.cancel();
    this.#pollTimer = undefined;
    this.#poll();
  }

  #poll(): void {
    if (this.#pollRequest || this.finished) return;
    const { http, pollPath } = this.#options;
    this.#pollRequest = http.post(pollPath, '', false, (result) => this.#handlePoll(result));
  }

  /** The request that polls may know why the session has ended: the server sends its close frame there. */
  #sendFailed(reason: string): void {
    this.#sendFailure = reason;
    this.#failureTimer = this.clock.setTimeout(() => this.end(DROPPED_CODE, reason), CLOSE_FRAME_TIMEOUT);
  }

  #handlePoll(result: PostResult): void {
    this.#pollRequest = undefined;
    this.#received = true;
    if (this.finished) return;
    if (result === 'tooLarge') {
      this.end(1009, messageTooLong(this.limits.messageBytes).reason);
    } else if (result instanceof Error) {
      this.end(DROPPED_CODE, result.message);
    } else if (result.status !== 200) {
      this.end(DROPPED_CODE, `The server responded with HTTP ${result.status}`);
    } else {
      for (const line of result.text.split('\n')) if (line !== '') this.#receive(line);
      if (this.#sendFailure !== undefined) this.end(DROPPED_CODE, this.#sendFailure);
      else if (!this.suspended) this.#poll();
    }
  }

  #receive(line: string): void {
    const frame = decodeAnyFrame(line, this.#lines, this.limits.messageBytes);
    switch (frame.type) {
      case 'messages':
        for (const message of frame.messages) this.deliver(message);
        break;
      case 'close':
      case 'violation':
        this.end(frame.code, frame.reason);
        break;
      case 'open':
        // The server has opened a new session, so the messages of the previous one are lost.
        this.end(DROPPED_CODE, 'The server has lost the session');
        break;
      case 'heartbeat':
        break;
    }
  }

  #schedule(): void {
    if (this.#scheduled || this.#sendRequest) return;
    this.#scheduled = true;
    nextTick(() => {
      this.#scheduled = false;
      this.#sendNext();
    });
  }

  #sendNext(): void {
    if (this.#sendRequest || this.finished) return;
    const frame = this.#queue.shift();
    if (frame === undefined) {
      if (this.closeStatus) this.end(this.closeStatus.code, this.closeStatus.reason);
      return;
    }
    this.#sendingLength = frame.length;
    const { http, sendPath } = this.#options;
    this.#sendRequest = http.post(sendPath, frame, true, (result) => this.#handleSent(result));
  }

  #handleSent(result: PostResult): void {
    this.#sendRequest = undefined;
    this.#sendingLength = 0;
    this.#received = true;
    if (this.finished) return;
    if (result instanceof Error) {
      this.#sendFailed(result.message);
    } else if (result === 'tooLarge' || (result.status !== 204 && result.status !== 200)) {
      const status = result === 'tooLarge' ? 200 : result.status;
      const reason = `The server responded to a message with HTTP ${status}`;
      if (status === 413) this.end(1009, reason);
      else this.#sendFailed(reason);
    } else {
      this.checkDrain();
      this.#sendNext();
    }
  }
}
