import type { Message } from '../channel/outgoing-message.js';
import { FrameBatch } from './frame-batch.js';

/** Maximum length of a queued frame, in UTF-16 units. A longer frame is completed and a new one is started. */
const FRAME_LENGTH = 128 * 1024;

/** A queue of frames for requests or responses over HTTP. */
export class FrameQueue {
  readonly #batch: FrameBatch;
  #frames: string[] = [];
  #framesLength = 0;

  constructor(opening: string, messageBytes: number) {
    this.#batch = new FrameBatch(opening, messageBytes);
  }

  /** Length of the queue, in UTF-16 units. */
  get length(): number {
    return this.#framesLength + this.#batch.length;
  }

  /** Sends messages as lines from now on. */
  useLines(): void {
    this.#batch.lines = true;
  }

  /** Adds a message. Returns false if the message exceeds the limit. */
  add(message: Message): boolean {
    if (this.#batch.isUnlike(message)) this.#completeFrame();
    if (!this.#batch.add(message)) return false;
    if (this.#batch.length >= FRAME_LENGTH) this.#completeFrame();
    return true;
  }

  #completeFrame(): void {
    const frame = this.#batch.take();
    this.#frames.push(frame);
    this.#framesLength += frame.length;
  }

  /** Removes and returns the next frame. Returns undefined if the queue is empty. */
  shift(): string | undefined {
    const frame = this.#frames.shift();
    if (frame === undefined) return this.#batch.count > 0 ? this.#batch.take() : undefined;
    this.#framesLength -= frame.length;
    return frame;
  }

  clear(): void {
    this.#frames = [];
    this.#framesLength = 0;
    if (this.#batch.count > 0) this.#batch.take();
  }
}
