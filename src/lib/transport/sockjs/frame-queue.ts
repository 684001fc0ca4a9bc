import type { Message } from '../channel/outgoing-message.js';
import { FrameBatch } from './frame-batch.js';

/** Frames that wait for a request or a response are closed at this length, so that none grows without end. */
const FRAME_LENGTH = 128 * 1024;

/** Messages that wait for HTTP to carry them, as array frames. */
export class FrameQueue {
  readonly #batch: FrameBatch;
  #frames: string[] = [];
  #framesLength = 0;

  constructor(opening: string, messageBytes: number) {
    this.#batch = new FrameBatch(opening, messageBytes);
  }

  /** What waits, in UTF-16 units. */
  get length(): number {
    return this.#framesLength + this.#batch.length;
  }

  /** Adds a message, unless it is longer than the limit: then the answer is false. */
  add(message: Message): boolean {
    if (!this.#batch.add(message)) return false;
    if (this.#batch.length >= FRAME_LENGTH) {
      const frame = this.#batch.take();
      this.#frames.push(frame);
      this.#framesLength += frame.length;
    }
    return true;
  }

  /** The next frame, if something waits. */
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
