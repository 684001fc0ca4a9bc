import { frameBytes } from '../sockjs/frame-limit.js';
import type { ChannelLimits, ServerLimits } from '../limits/transport-limits.js';
import {
  type Body,
  decodeBody,
  readBody,
  type Upload,
  uploadRefused,
  uploadTaken,
  uploadTooLarge,
} from './upload.js';

export type UploadLimits = Pick<ChannelLimits, 'messageBytes'> & Pick<ServerLimits, 'uploadsPerSession'>;

export interface UploadReceiver {
  deliver(text: string): void;
  /** Whether the receiver of messages wants no more for now. */
  isHeld(): boolean;
  refuse(code: number, reason: string): void;
}

/**
 * The `xhr_send` requests of one session, one at a time in the order in which they came. While the receiver is paused
 * the last one is held unanswered and no further body is read, so that a client learns to wait.
 */
export class UploadQueue {
  readonly #limits: UploadLimits;
  readonly #receiver: UploadReceiver;
  #waiting: Upload[] | undefined;
  #current: Upload | undefined;
  #delivered = false;
  #ended = false;

  constructor(limits: UploadLimits, receiver: UploadReceiver) {
    this.#limits = limits;
    this.#receiver = receiver;
  }

  add(upload: Upload): void {
    this.#waiting ??= [];
    if (this.#ended) {
      uploadRefused(upload, 404, SESSION_GONE);
    } else if (this.#waiting.length >= this.#limits.uploadsPerSession) {
      uploadRefused(upload, 503, 'Too many requests of this session wait already.');
    } else {
      this.#waiting.push(upload);
      this.proceed();
    }
  }

  /** Goes on with what waits, if the receiver wants it. */
  proceed(): void {
    if (this.#ended || this.#receiver.isHeld()) return;
    if (this.#current && this.#delivered) {
      uploadTaken(this.#current);
      this.#current = undefined;
    }
    if (this.#current) return;
    const upload = this.#waiting?.shift();
    if (!upload) return;
    this.#current = upload;
    this.#delivered = false;
    readBody(upload.req, frameBytes(this.#limits.messageBytes), (body) => this.#take(upload, body));
  }

  /** The session has ended: what still waits has nobody to go to. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#current) uploadRefused(this.#current, 404, SESSION_GONE);
    for (const upload of this.#waiting ?? []) uploadRefused(upload, 404, SESSION_GONE);
    this.#current = undefined;
    this.#waiting = undefined;
  }

  #take(upload: Upload, body: Body): void {
    if (this.#ended) return;
    if (body === 'aborted') {
      this.#next();
      return;
    }
    const frame = body === 'tooLarge' ? body : decodeBody(body, this.#limits.messageBytes);
    if (frame === 'tooLarge' || (typeof frame !== 'string' && frame.type === 'violation')) {
      const reason = `A message is longer than the limit of ${this.#limits.messageBytes} bytes`;
      this.#current = undefined;
      uploadTooLarge(upload, reason);
      this.#receiver.refuse(1009, reason);
    } else if (typeof frame === 'string') {
      uploadRefused(upload, 500, frame);
      this.#next();
    } else {
      this.#delivered = true;
      for (const message of frame.messages) this.#receiver.deliver(message);
      this.proceed();
    }
  }

  #next(): void {
    this.#current = undefined;
    this.proceed();
  }
}

const SESSION_GONE = 'This session has ended or was never opened.';
