import { ALIGNED_WIDTH } from '../runtime/command-limits.js';
import { displayWidth, padToWidth } from './display-width.js';

/** Formats rows of text in columns without borders, which are as wide as the widest values so far. */
export class AlignedColumns {
  readonly #widths: number[] = [];

  /** Takes note of the widths of a row that will be formatted later. */
  widen(fields: readonly string[]): void {
    fields.forEach((field, at) => {
      const width = displayWidth(field);
      if (width <= ALIGNED_WIDTH) this.#widths[at] = Math.max(this.#widths[at] ?? 0, width);
    });
  }

  /** Formats a row, without the newline. */
  line(fields: readonly string[]): string {
    this.widen(fields);
    return fields
      .map((field, at) => padToWidth(field, this.#widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  }
}
