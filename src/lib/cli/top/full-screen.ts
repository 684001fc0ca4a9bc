import process from 'node:process';
import type { Input, Output, CommandRuntime } from '../runtime/command-runtime.js';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';

type Keyboard = Input & { setRawMode?(raw: boolean): unknown };
type Terminal = Output & { readonly rows?: number };

/**
 * The whole terminal, which is as it was before once `close` is called, or the process ends in any way that lets it say
 * so.
 */
export class Screen {
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
    stdin.on('data', this.#typed);
    stdout.on('resize', this.#resized);
    this.#stdin.setRawMode?.(true);
    stdin.resume();
    stdout.write(ENTER);
  }

  /** What there is room for. */
  get size(): { readonly columns: number; readonly rows: number } {
    return { columns: this.#stdout.columns || 80, rows: this.#stdout.rows || 24 };
  }

  /** Shows lines, none of which may be longer than the screen is wide. */
  draw(lines: readonly string[]): void {
    if (!this.#open) return;
    const text = lines.slice(0, this.size.rows).map((line) => `${line}\u001b[K`);
    this.#stdout.write(`\u001b[H${text.join('\r\n')}\u001b[J`);
  }

  close(): void {
    process.off('exit', this.#restore);
    this.#stdin.off('data', this.#typed);
    this.#stdout.off('resize', this.#resized);
    this.#restore();
    this.#stdin.pause();
  }

  readonly #restore = (): void => {
    if (!this.#open) return;
    this.#open = false;
    this.#stdin.setRawMode?.(false);
    this.#stdout.write(LEAVE);
  };

  readonly #typed = (chunk: unknown): void => {
    for (const key of String(chunk)) this.#onKey(key);
  };

  readonly #resized = (): void => this.#onResize();
}
