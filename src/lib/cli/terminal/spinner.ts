import type { Timer } from '../../util/clock.js';
import { makeVisible } from '../../util/printable.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

/** Milliseconds that something may take before a person wonders. */
const SHOW_DELAY = 1000;
const FRAME_INTERVAL = 100;
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

type SpinnerRuntime = Pick<CommandRuntime, 'stderr' | 'env' | 'clock' | 'signal'>;

/**
 * Tells a person at a terminal what takes longer than a second: a line on stderr that moves, and is gone before anything
 * else is written. Elsewhere it is nothing.
 */
export class Spinner {
  readonly #world: SpinnerRuntime;
  readonly #visible: boolean;
  #text = '';
  #since = 0;
  #frame = 0;
  #timer: Timer | undefined;
  #drawn = false;
  #around: (<Result>(write: () => Result) => Result) | undefined;

  constructor(world: SpinnerRuntime) {
    this.#world = world;
    const { stderr, env } = world;
    this.#visible = stderr.isTTY === true && env['TERM'] !== 'dumb';
  }

  /** Does the work, and shows `text` once it takes long. Resolves or rejects as the work does. */
  async during<Result>(text: string, work: () => Promise<Result>): Promise<Result> {
    if (!this.#visible) return work();
    const { clock, signal } = this.#world;
    const clear = (): void => this.#stop();
    this.#text = makeVisible(text);
    this.#since = clock.now();
    this.#timer = clock.setTimeout(() => this.#draw(), SHOW_DELAY);
    signal.addEventListener('abort', clear, { once: true });
    try {
      return await work();
    } finally {
      signal.removeEventListener('abort', clear);
      clear();
    }
  }

  /** Does something that writes to the terminal, with this line out of its way. */
  clearAndWrite<Result>(write: () => Result): Result {
    this.#erase();
    return this.#around === undefined ? write() : this.#around(write);
  }

  /** Has another line that is on the terminal, a prompt, get out of the way as well. */
  wrapWrites(around: <Result>(write: () => Result) => Result): void {
    this.#around = around;
  }

  /** Takes the line away until what is returned is called: while a person is asked, for one. */
  pause(): () => void {
    const running = this.#timer !== undefined;
    this.#stop();
    return () => {
      if (running) this.#timer = this.#world.clock.setTimeout(() => this.#draw(), SHOW_DELAY);
    };
  }

  #draw(): void {
    const { stderr, clock } = this.#world;
    const seconds = Math.floor((clock.now() - this.#since) / 1000);
    const mark = FRAMES[this.#frame++ % FRAMES.length];
    const line = `${mark} ${this.#text} (${seconds} s)`.slice(0, (stderr.columns ?? 80) - 1);
    stderr.write(`\r\u001b[K${line}`);
    this.#drawn = true;
    this.#timer = clock.setTimeout(() => this.#draw(), FRAME_INTERVAL);
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#erase();
  }

  #erase(): void {
    if (this.#drawn) this.#world.stderr.write('\r\u001b[K');
    this.#drawn = false;
  }
}
