import { TerminalInput } from '../../util/terminal-input.js';
import type { CommandRuntime, Output } from '../runtime/command-runtime.js';

const ENTER_SCREEN = '\u001b[?1049h\u001b[?25l';
const LEAVE_SCREEN = '\u001b[?25h\u001b[?1049l';

type Terminal = Output & { readonly rows?: number };

/** Uses the whole terminal. `close` restores it, and so does whatever ends or stops the process, except SIGKILL and SIGSTOP. */
export class FullScreen {
  readonly #stdout: Terminal;
  readonly #input: TerminalInput;
  readonly #onKey: (key: string) => void;
  readonly #onResize: () => void;
  #open = true;

  constructor(
    { stdin, stdout }: Pick<CommandRuntime, 'stdin' | 'stdout'>,
    on: { readonly key: (key: string) => void; readonly resize: () => void },
  ) {
    this.#stdout = stdout;
    this.#onKey = on.key;
    this.#onResize = on.resize;
    this.#input = new TerminalInput(stdin, {
      enter: () => void stdout.write(ENTER_SCREEN),
      leave: () => void stdout.write(LEAVE_SCREEN),
      redraw: on.resize,
    });
    this.#input.setRawMode(true);
    this.#input.on('data', this.#handleInput);
    stdout.on('resize', this.#handleResize);
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
    this.#open = false;
    this.#stdout.off('resize', this.#handleResize);
    this.#input.close();
  }

  readonly #handleInput = (chunk: unknown): void => {
    for (const key of String(chunk)) this.#onKey(key);
  };

  readonly #handleResize = (): void => this.#onResize();
}
