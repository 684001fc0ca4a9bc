import { makeVisible } from '../../util/make-visible.js';
import { cutToWidth } from './display-width.js';
import type { Output, CommandRuntime } from '../runtime/command-runtime.js';

/** A line on stderr that is updated in place and removed at the end. Writes nothing unless stderr is a terminal. */
export class ProgressLine {
  readonly #output: Output;
  readonly #visible: boolean;
  #shown = false;

  constructor({ stderr, env }: Pick<CommandRuntime, 'stderr' | 'env'>) {
    this.#output = stderr;
    this.#visible = stderr.isTTY === true && env['TERM'] !== 'dumb';
  }

  show(text: string): void {
    if (!this.#visible) return;
    const width = (this.#output.columns || 80) - 1;
    this.#output.write(`\r${cutToWidth(makeVisible(text), width)}\u001b[K`);
    this.#shown = true;
  }

  end(): void {
    if (this.#shown) this.#output.write('\r\u001b[K');
    this.#shown = false;
  }
}

const BAR_WIDTH = 24;

/** Formats a progress bar: `[######              ]  25 %`. `share` is from 0 to 1. */
export function progressBar(share: number): string {
  const done = Math.min(1, Math.max(0, share));
  const filled = Math.round(done * BAR_WIDTH);
  const percent = String(Math.floor(done * 100)).padStart(3);
  return `[${'#'.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}] ${percent} %`;
}
