import process from 'node:process';
import type { Input, Output, CommandRuntime } from '../runtime/command-runtime.js';

const ENTER_SCREEN = '\u001b[?1049h\u001b[?25l';
const LEAVE_SCREEN = '\u001b[?25h\u001b[?1049l';

type Keyboard = Input & { setRawMode?(raw: boolean): unknown };
type Terminal = Output & { readonly rows?: number };

/**
 * Uses the whole terminal in raw mode. `close` restores the terminal, and so does the exit of the process unless it is
 * killed.
 */
export class FullScreen {
  readonly #stdin: Keyboard;
  readonly #stdout: Terminal;
  readonly #onKey: (key: string) => void;
  readonly #onResize: () => void;
  #open = true;

  constructor(
    { stdin, stdout }: Pick<CommandRuntime, 'stdin' | 'stdout'>,
    on: { readonly key: (key: string) => void; readonly resize: () => void },
  ) {
    this.#stdin = stdin;
    this.#stdout = stdout;
    this.#onKey = on.key;
    this.#onResize = on.resize;
    process.on('exit', this.#restore);
    stdin.on('data', this.#handleInput);
    stdout.on('resize', this.#handleResize);
    this.#stdin.setRawMode?.(true);
    stdin.resume();
    stdout.write(ENTER_SCREEN);
  }

  /** Size of the terminal in characters. */
  get size(): { readonly columns: number; readonly rows: number } {
    return { columns: this.#stdout.columns || 80, rows: this.#stdout.rows || 24 };
  }

  /** Replaces the content of the screen. Lines must not be longer than the screen is wide. */
  draw(lines: readonly string[]): void {
    // A terminal that does not accept output gets a later picture instead of all of them.
    if (!this.#open || this.#stdout.writableNeedDrain) return;
    const text = lines.slice(0, this.size.rows).map((line) => `${line}\u001b[K`);
    this.#stdout.write(`\u001b[H${text.join('\r\n')}\u001b[J`);
  }

  close(): void {
    process.off('exit', this.#restore);
    this.#stdin.off('data', this.#handleInput);
    this.#stdout.off('resize', this.#handleResize);
    this.#restore();
    this.#stdin.pause();
  }

  readonly #restore = (): void => {
    if (!this.#open) return;
    this.#open = false;
    this.#stdin.setRawMode?.(false);
    this.#stdout.write(LEAVE_SCREEN);
  };

  readonly #handleInput = (chunk: unknown): void => {
    for (const key of String(chunk)) this.#onKey(key);
  };

  readonly #handleResize = (): void => this.#onResize();
}
