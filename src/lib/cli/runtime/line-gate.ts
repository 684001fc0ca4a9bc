import { guardListeners } from '../../util/guard-listeners.js';
import { OUTPUT_QUEUE_BYTES } from './command-limits.js';
import type { Output } from './command-runtime.js';

/**
 * Decides which lines a server prints. Its peers cannot wait for the reader of its output, so while more than
 * `OUTPUT_QUEUE_BYTES` wait to be read, lines are left out.
 */
export class LineGate {
  readonly #output: Output;
  readonly #onRead: (omitted: number) => void;
  #omitted = 0;

  /** `onRead` is called with the number of lines that were left out, when the output has been read. */
  constructor(output: Output, onRead: (omitted: number) => void) {
    this.#output = output;
    this.#onRead = onRead;
  }

  /** Whether a line may be printed. If not, it counts as left out. */
  admits(): boolean {
    if (this.#omitted === 0 && this.#output.writableLength <= OUTPUT_QUEUE_BYTES) return true;
    if (this.#omitted++ === 0) this.#waitForReader();
    return false;
  }

  #waitForReader(): void {
    const output = this.#output;
    const onDrain = guardListeners(() => undefined)(() => {
      output.off('drain', onDrain);
      const omitted = this.#omitted;
      this.#omitted = 0;
      this.#onRead(omitted);
    });
    output.on('drain', onDrain);
  }
}

/** Formats a number of lines that were left out, for a log. */
export function omittedLines(omitted: number): string {
  const lines = omitted === 1 ? '1 line was' : `${omitted} lines were`;
  return `${lines} left out here, because the output was not read`;
}
