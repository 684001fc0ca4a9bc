import type { Violation } from '../channel/close-code.js';
import { maxFrameBytes } from '../sockjs/frame-limit.js';
import { messageTooLong } from '../sockjs/frames.js';
import type { ChannelLimits, ServerLimits } from '../limits/transport-limits.js';
import {
  type UploadBody,
  decodeBody,
  readBody,
  type Upload,
  refuseUpload,
  acceptUpload,
  refuseLargeUpload,
} from './upload.js';

export type UploadLimits = Pick<ChannelLimits, 'messageBytes'> &
  Pick<ServerLimits, 'uploadsPerSession'> & {
    /** Whether bodies may contain messages as lines. */
    readonly lines: boolean;
  };

export interface UploadReceiver {
  deliver(text: string): void;
  /** Whether messages must not be delivered now. */
  isSuspended(): boolean;
  /** Ends the session because of a body, of which `bytes` have arrived or are announced. */
  refuse(violation: Violation, bytes: number): void;
  /** Called with the memory that the body or the messages of the current request take, in bytes. */
  hold(bytes: number): void;
}

/**
 * The `xhr_send` requests of one session. They are processed one at a time, in order. While the receiver is paused, the last
 * request does not get a response and no other body is read, so that the client waits.
 */
export class UploadQueue {
  readonly #limits: UploadLimits;
  readonly #receiver: UploadReceiver;
  #queue: Upload[] | undefined;
  #current: Upload | undefined;
  #delivered = false;
  #stopReading: (() => void) | undefined;
  #ended = false;

  constructor(limits: UploadLimits, receiver: UploadReceiver) {
    this.#limits = limits;
    this.#receiver = receiver;
  }

  add(upload: Upload): void {
    this.#queue ??= [];
    if (this.#ended) {
      refuseUpload(upload, 404, SESSION_ENDED);
    } else if (this.#queue.length >= this.#limits.uploadsPerSession) {
      refuseUpload(upload, 503, 'Too many requests of this session are queued.');
    } else {
      this.#queue.push(upload);
      this.proceed();
    }
  }

  /** Processes the queued requests, unless the receiver is paused. */
  proceed(): void {
    if (this.#ended || this.#receiver.isSuspended()) return;
    if (this.#current && this.#delivered) {
      this.#receiver.hold(0);
      acceptUpload(this.#current);
      this.#current = undefined;
    }
    if (this.#current) return;
    const upload = this.#queue?.shift();
    if (!upload) return;
    this.#current = upload;
    this.#delivered = false;
    this.#stopReading = readBody(upload.req, maxFrameBytes(this.#limits.messageBytes), {
      hold: (bytes) => this.#receiver.hold(bytes),
      done: (body) => this.#handleBody(upload, body),
    });
  }

  /** Ends the session because it takes too much memory. Closes the connection of the current request. */
  expel(reason: string): void {
    if (this.#current && !this.#ended) {
      this.#stopReading?.();
      refuseLargeUpload(this.#current, reason);
      this.#current = undefined;
    }
    this.end();
  }

  /** Ends the session. Refuses the queued requests. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stopReading?.();
    if (this.#current) refuseUpload(this.#current, 404, SESSION_ENDED);
    for (const upload of this.#queue ?? []) refuseUpload(upload, 404, SESSION_ENDED);
    this.#current = undefined;
    this.#queue = undefined;
  }

  #handleBody(upload: Upload, body: UploadBody): void {
    if (this.#ended) return;
    if (body === 'aborted') {
      this.#receiver.hold(0);
      this.#processNext();
      return;
    }
    if (!Buffer.isBuffer(body)) {
      this.#refuse(upload, body.bytes);
      return;
    }
    const frame = decodeBody(body, this.#limits.messageBytes, this.#limits.lines);
    if (typeof frame === 'string') {
      this.#receiver.hold(0);
      refuseUpload(upload, 500, frame);
      this.#processNext();
    } else if (frame.type === 'violation') {
      this.#refuse(upload, body.length);
    } else {
      this.#delivered = true;
      for (const message of frame.messages) this.#receiver.deliver(message);
      // A string takes up to two bytes for each byte.
      if (this.#receiver.isSuspended()) this.#receiver.hold(2 * body.length);
      this.proceed();
    }
  }

  #refuse(upload: Upload, bytes: number): void {
    const violation = messageTooLong(this.#limits.messageBytes);
    this.#current = undefined;
    refuseLargeUpload(upload, violation.reason);
    this.#receiver.refuse(violation, bytes);
  }

  #processNext(): void {
    this.#current = undefined;
    this.proceed();
  }
}

const SESSION_ENDED = 'This session has ended or was never opened.';
