import { FRAME_MEMORY_BYTES } from '../limits/transport-limits.js';

/**
 * Memory for the frames that the connections of a kite send, one after the other. The network nearly always accepts a frame at
 * once. Then the next frame is built in the same memory: new memory for each would have to be freed by garbage collection.
 */
export class FrameMemory {
  #kept: Buffer | undefined;

  /** Returns memory for a frame. Call `taken` if it cannot be used again. */
  get(length: number): Buffer {
    if (length > FRAME_MEMORY_BYTES) return Buffer.allocUnsafeSlow(length);
    if (this.#kept === undefined || this.#kept.length < length) this.#kept = Buffer.allocUnsafeSlow(length);
    return this.#kept.subarray(0, length);
  }

  /** The network has not accepted the last frame yet. */
  taken(): void {
    this.#kept = undefined;
  }
}
