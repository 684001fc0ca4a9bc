import { ALIGNED_WIDTH } from '../runtime/command-limits.js';

/** Formats rows of text in columns without borders, which are as wide as the widest values so far. */
export class AlignedColumns {
  readonly #widths: number[] = [];

  /** Takes note of the widths of a row that will be formatted later. */
  widen(fields: readonly string[]): void {
    fields.forEach((field, at) => {
      if (field.length <= ALIGNED_WIDTH) this.#widths[at] = Math.max(this.#widths[at] ?? 0, field.length);
    });
  }

  /** Formats a row, without the newline. */
  line(fields: readonly string[]): string {
    this.widen(fields);
    return fields
      .map((field, at) => field.padEnd(this.#widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  }
}
