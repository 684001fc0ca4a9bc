import { LAST_LINE_BYTES } from './command-limits.js';

/** Collects the last line of a text that arrives in chunks. */
export class LastLine {
  #end: Buffer = Buffer.alloc(0);

  add(chunk: Buffer): void {
    this.#end = Buffer.concat([this.#end, chunk]).subarray(-LAST_LINE_BYTES);
  }

  /** Returns the last non-blank line, trimmed. */
  text(): string {
    const lines = this.#end.toString('utf8').split(/[\r\n]+/);
    return lines.findLast((line) => line.trim() !== '')?.trim() ?? '';
  }
}
