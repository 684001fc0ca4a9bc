import type { Timer } from '../../util/clock.js';
import { makeVisible } from '../../util/make-visible.js';
import { cutToWidth } from './display-width.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

/** Delay before the spinner appears, in milliseconds. */
const SHOW_DELAY = 1000;
const FRAME_INTERVAL = 100;
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

type SpinnerRuntime = Pick<CommandRuntime, 'stderr' | 'env' | 'clock' | 'signal'>;

/**
 * Shows an animated line on stderr during operations that take longer than a second, and removes it before other output. Writes
 * nothing unless stderr is a terminal.
 */
export class Spinner {
  readonly #runtime: SpinnerRuntime;
  readonly #visible: boolean;
  #text = '';
  #since = 0;
  #frame = 0;
  #timer: Timer | undefined;
  #drawn = false;
  #wrapper: (<Result>(write: () => Result) => Result) | undefined;

  constructor(runtime: SpinnerRuntime) {
    this.#runtime = runtime;
    const { stderr, env } = runtime;
    this.#visible = stderr.isTTY === true && env['TERM'] !== 'dumb';
  }

  /** Returns a spinner for a part of an operation whose spinner is `outer`: it shows nothing, and its output removes that line. */
  static within(outer: Spinner, runtime: SpinnerRuntime): Spinner {
    const { stderr, clock, signal } = runtime;
    const inner = new Spinner({ stderr, clock, signal, env: { TERM: 'dumb' } });
    inner.wrapWrites((write) => outer.clearAndWrite(write));
    return inner;
  }

  /** Runs `work`, and shows `text` if it takes long. Resolves or rejects with the result of `work`. */
  async during<Result>(text: string, work: () => Promise<Result>): Promise<Result> {
    if (!this.#visible) return work();
    const { clock, signal } = this.#runtime;
    const clear = (): void => this.#stop();
    this.#text = makeVisible(text);
    this.#since = clock.monotonic();
    this.#timer = clock.setTimeout(() => this.#draw(), SHOW_DELAY);
    signal.addEventListener('abort', clear, { once: true });
    try {
      return await work();
    } finally {
      signal.removeEventListener('abort', clear);
      clear();
    }
  }

  /** Replaces the text of the operation that runs. */
  update(text: string): void {
    this.#text = makeVisible(text);
  }

  /** Removes the line, and calls `write`, which writes to the terminal. */
  clearAndWrite<Result>(write: () => Result): Result {
    this.#erase();
    return this.#wrapper === undefined ? write() : this.#wrapper(write);
  }

  /** Sets a function that wraps each `write`, for example to hide a prompt meanwhile. */
  wrapWrites(wrapper: <Result>(write: () => Result) => Result): void {
    this.#wrapper = wrapper;
  }

  /** Removes the line until the returned function is called, for example during a prompt. */
  pause(): () => void {
    const running = this.#timer !== undefined;
    this.#stop();
    return () => {
      if (running) this.#timer = this.#runtime.clock.setTimeout(() => this.#draw(), SHOW_DELAY);
    };
  }

  #draw(): void {
    const { stderr, clock } = this.#runtime;
    const seconds = Math.floor((clock.monotonic() - this.#since) / 1000);
    const mark = FRAMES[this.#frame++ % FRAMES.length];
    const line = cutToWidth(`${mark} ${this.#text} (${seconds} s)`, (stderr.columns || 80) - 1);
    if (!stderr.writableNeedDrain) stderr.write(`\r\u001b[K${line}`);
    this.#drawn = true;
    this.#timer = clock.setTimeout(() => this.#draw(), FRAME_INTERVAL);
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#erase();
  }

  #erase(): void {
    if (this.#drawn) this.#runtime.stderr.write('\r\u001b[K');
    this.#drawn = false;
  }
}
