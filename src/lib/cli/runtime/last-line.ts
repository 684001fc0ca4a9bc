import { LAST_LINE_BYTES } from './command-limits.js';

/** The last line of a text that comes in pieces and may be of any length. */
export class LastLine {
  #end: Buffer = Buffer.alloc(0);

  add(chunk: Buffer): void {
    this.#end = Buffer.concat([this.#end, chunk]).subarray(-LAST_LINE_BYTES);
  }

  /** The last line that is not blank, without the spaces around it. */
  text(): string {
    const lines = this.#end.toString('utf8').split(/[\r\n]+/);
    return lines.findLast((line) => line.trim() !== '')?.trim() ?? '';
  }
}
