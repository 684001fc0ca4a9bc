import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type { Output } from '../runtime/command-runtime.js';
import { displayWidth } from './display-width.js';

const ESC = '\\u001b\\[';
const COLORS = new RegExp(`${ESC}[\\d;]*m`, 'g');
/** How inquirer removes the previous picture: down, up, to a column, and erase each line. */
const REMOVAL = new RegExp(`^(?:${ESC}\\d+B)?(?:${ESC}2K(?:${ESC}1A)?)+${ESC}G`);
const MOVE = new RegExp(`^(?:${ESC}\\d*G)?$`);
/** How far the cursor is above the last line of the picture. */
const LINES_BELOW = new RegExp(`${ESC}(\\d+)A(?:${ESC}\\d*G)*$`);
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

/**
 * The terminal of a prompt of inquirer. It draws the picture again when the process continues after a stop or the size has changed,
 * which inquirer does not, and removes pictures by their height at the current width. Colors, which inquirer always uses, can be
 * removed.
 */
export class PromptOutput extends Writable {
  readonly #terminal: Output;
  readonly #color: boolean;
  /** The latest picture, which ends at the cursor. */
  #picture = '';
  readonly isTTY = true;

  constructor(terminal: Output, color: boolean) {
    super({ decodeStrings: false });
    this.#terminal = terminal;
    this.#color = color;
    terminal.on('resize', this.#onResize);
  }

  /** The width at which inquirer wraps lines. */
  get columns(): number {
    return this.#terminal.columns || 80;
  }

  /** Leaves the terminal to another program. */
  leave(): void {
    if (this.#picture.includes(HIDE_CURSOR)) this.#terminal.write(SHOW_CURSOR);
  }

  /** Draws the picture where the cursor is. */
  redraw(): void {
    this.#terminal.write(this.#picture);
  }

  close(): void {
    this.#terminal.off('resize', this.#onResize);
    this.#picture = '';
  }

  override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: () => void): void {
    const text = this.#color ? chunk.toString() : chunk.toString().replaceAll(COLORS, '');
    const drawn = text.replace(REMOVAL, '');
    const written = drawn === text ? text : this.#removal() + drawn;
    // Some writes only move the cursor in the line.
    this.#picture = MOVE.test(drawn) ? this.#picture + drawn : drawn;
    this.#terminal.write(written, () => done());
  }

  /** The terminal has wrapped the lines at its new width. */
  readonly #onResize = (): void => {
    this.#terminal.write(this.#removal() + this.#picture);
  };

  /** Removes the picture, row by row: a terminal may store in its history what is erased as a whole screen. */
  #removal(): string {
    const { above, below } = this.#rowsAroundCursor();
    const down = below > 0 ? `\u001b[${below}B` : '';
    return `${down}${'\u001b[2K\u001b[1A'.repeat(above + below)}\u001b[2K\r`;
  }

  #rowsAroundCursor(): { above: number; below: number } {
    const rows = stripVTControlCharacters(this.#picture)
      .split('\n')
      .map((line) => Math.max(1, Math.ceil(displayWidth(line) / this.columns)));
    const linesBelow = Number(LINES_BELOW.exec(this.#picture)?.[1] ?? 0);
    const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
    const below = sum(rows.slice(rows.length - linesBelow));
    return { above: sum(rows) - below - 1, below };
  }
}
