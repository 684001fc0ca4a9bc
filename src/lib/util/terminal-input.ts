import process from 'node:process';
import { Readable } from 'node:stream';
import { guardListeners } from './guard-listeners.js';

/** What reads the keys of a terminal, usually `process.stdin`. */
export type Keyboard = NodeJS.ReadableStream & {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
};

/** What a program does with a terminal besides reading keys. The functions must be synchronous and must not throw. */
export interface TerminalUse {
  /** Prepares the screen, for example the alternate one. Called at first, and when the process continues after a stop. */
  readonly enter?: () => void;
  /** Undoes `enter`, and moves the cursor below the output. Called when the process stops, when it exits, and by `close`. */
  readonly leave?: () => void;
  /** Draws again, after a stop. The cursor is on an empty line. */
  readonly redraw?: () => void;
}

const CTRL_Z = 0x1a;

/**
 * The keys of a terminal for a program that reads them one by one, and the only place that owns the mode of the terminal.
 *
 * In raw mode, Ctrl-Z is a key like any other. It stops the processes of the job, as without raw mode, and is not read. However the
 * process stops, the terminal is restored before if the system allows it, and set up and drawn again when it continues. The
 * terminal is also restored by `close`, when the process exits, and before an uncaught exception is printed.
 */
export class TerminalInput extends Readable {
  readonly isTTY = true;
  readonly #keyboard: Keyboard;
  readonly #use: TerminalUse;
  #raw = false;
  #open = true;

  constructor(keyboard: Keyboard, use: TerminalUse = {}) {
    super();
    this.#keyboard = keyboard;
    this.#use = use;
    process.on('exit', this.#restore);
    process.on('uncaughtExceptionMonitor', this.#restore);
    this.#handleSignals();
    keyboard.on('data', this.#onData);
    keyboard.on('end', this.#onEnd);
    keyboard.on('error', this.#onEnd);
    this.on('pause', this.#onPause);
    this.on('resume', this.#onResume);
    use.enter?.();
  }

  setRawMode(raw: boolean): this {
    this.#raw = raw;
    if (this.#open) this.#keyboard.setRawMode?.(raw);
    return this;
  }

  /** Restores the terminal, and stops reading. */
  close(): void {
    this.#restore();
    process.off('exit', this.#restore);
    process.off('uncaughtExceptionMonitor', this.#restore);
    this.#ignoreSignals();
    this.off('pause', this.#onPause);
    this.off('resume', this.#onResume);
    this.#keyboard.off('data', this.#onData);
    this.#keyboard.off('end', this.#onEnd);
    this.#keyboard.pause();
    this.destroy();
    // What is read from a terminal that was closed fails.
    setImmediate(() => this.#keyboard.off('error', this.#onEnd));
  }

  override _read(): void {}

  readonly #guard = guardListeners(() => this.close());

  readonly #onData = this.#guard((chunk: Buffer | string) => {
    let bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    while (this.#raw && process.platform !== 'win32') {
      const at = bytes.indexOf(CTRL_Z);
      if (at === -1) break;
      if (at > 0) this.push(bytes.subarray(0, at));
      bytes = bytes.subarray(at + 1);
      // The other processes of the job too, as the terminal does without raw mode.
      this.#stop(0);
    }
    if (bytes.length > 0 && this.#open) this.push(bytes);
  });

  readonly #onEnd = this.#guard(() => void this.push(null));
  readonly #onPause = this.#guard(() => void this.#keyboard.pause());
  readonly #onResume = this.#guard(() => void this.#keyboard.resume());
  readonly #onStop = this.#guard(() => this.#stop(process.pid));

  /** SIGSTOP leaves no time to restore the terminal, and the shell may have changed its mode meanwhile. */
  readonly #onContinue = this.#guard(() => {
    this.#leave();
    this.#continue();
  });

  readonly #restore = this.#guard(() => {
    if (!this.#open) return;
    this.#open = false;
    this.#leave();
  });

  /** Stops a process, or with 0 all of the job. Returns when it continues, or at once if there is no shell to continue it. */
  #stop(target: number): void {
    if (!this.#open) return;
    this.#leave();
    // Without a listener, the signal stops the process in this call. The SIGCONT that ends the call then needs none either.
    this.#ignoreSignals();
    process.kill(target, 'SIGTSTP');
    this.#handleSignals();
    this.#continue();
  }

  #handleSignals(): void {
    process.on('SIGTSTP', this.#onStop);
    process.on('SIGCONT', this.#onContinue);
  }

  #ignoreSignals(): void {
    process.off('SIGTSTP', this.#onStop);
    process.off('SIGCONT', this.#onContinue);
  }

  #leave(): void {
    if (this.#raw) this.#keyboard.setRawMode?.(false);
    this.#use.leave?.();
  }

  #continue(): void {
    if (this.#raw) this.#keyboard.setRawMode?.(true);
    // The size may have changed; a process that is stopped or in the background is not told.
    process.emit('SIGWINCH', 'SIGWINCH');
    this.#use.enter?.();
    this.#use.redraw?.();
  }
}
