import { createInterface, type Interface } from 'node:readline';
import { defaultLimits } from '../../kite/limits/kite-limits.js';
import { type Line, readLines } from '../frame/read-lines.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

/** Reads the lines of a shell. */
export interface LineReader {
  /** Yields the lines on demand. */
  lines(): AsyncIterable<Line>;
  /** Hides the prompt and the current input while calling `write`. */
  clearAndWrite<Result>(write: () => Result): Result;
  /** Sets the function to call on Ctrl-C. Without one, Ctrl-C discards the current input. */
  onInterrupt(interrupt: (() => void) | undefined): void;
  close(): void;
}

/** Returns a reader for a script on standard input. */
export function scriptReader({ stdin, signal }: Pick<CommandRuntime, 'stdin' | 'signal'>): LineReader {
  const stop = (): void => void stdin.destroy();
  signal.addEventListener('abort', stop, { once: true });
  return {
    lines: () => readLines(stdin, defaultLimits.messageBytes),
    clearAndWrite: (write) => write(),
    onInterrupt: () => {},
    close() {
      signal.removeEventListener('abort', stop);
      stop();
    },
  };
}

export interface PromptOptions {
  readonly prompt: string;
  /** Previous lines, the latest first. */
  readonly history: readonly string[];
  readonly historyLength: number;
  readonly complete: (line: string) => [string[], string];
}

/** Reads lines interactively, with a prompt, history and completion. */
export class PromptReader implements LineReader {
  readonly #readline: Interface;
  readonly #stderr: CommandRuntime['stderr'];
  readonly #signal: AbortSignal;
  readonly #typed: string[] = [];
  #number = 0;
  #prompting = false;
  #closed = false;
  #wake: (() => void) | undefined;
  #interrupt: (() => void) | undefined;

  constructor(options: PromptOptions, { stdin, stderr, signal }: CommandRuntime) {
    this.#stderr = stderr;
    this.#signal = signal;
    this.#readline = createInterface({
      input: stdin,
      output: stderr,
      terminal: true,
      prompt: options.prompt,
      history: [...options.history],
      historySize: options.historyLength,
      removeHistoryDuplicates: true,
      completer: options.complete,
    });
    this.#readline.on('line', (line) => {
      this.#prompting = false;
      this.#typed.push(line);
      this.#wake?.();
    });
    this.#readline.on('SIGINT', () => this.#interrupted());
    this.#readline.on('close', () => {
      this.#closed = true;
      this.#wake?.();
    });
    signal.addEventListener('abort', this.#abort, { once: true });
  }

  async *lines(): AsyncGenerator<Line> {
    for (;;) {
      const text = this.#typed.shift();
      if (text !== undefined) {
        yield { text, number: ++this.#number };
        continue;
      }
      if (this.#closed) break;
      this.#prompting = true;
      this.#readline.prompt();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    // After Ctrl-D, the cursor is still on the line of the prompt.
    if (this.#prompting) this.#stderr.write('\n');
  }

  clearAndWrite<Result>(write: () => Result): Result {
    if (!this.#prompting || this.#closed) return write();
    this.#stderr.write('\r\u001b[K');
    const result = write();
    this.#readline.prompt(true);
    return result;
  }

  onInterrupt(interrupt: (() => void) | undefined): void {
    this.#interrupt = interrupt;
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#abort);
    this.#readline.close();
  }

  readonly #abort = (): void => this.#readline.close();

  #interrupted(): void {
    if (this.#interrupt) {
      this.#interrupt();
      return;
    }
    const empty = this.#readline.line === '';
    this.#stderr.write(empty ? '\n(To exit, type .exit or press Ctrl-D.)\n' : '^C\n');
    // Ctrl-E and Ctrl-U discard the current input.
    this.#readline.write(null, { ctrl: true, name: 'e' });
    this.#readline.write(null, { ctrl: true, name: 'u' });
    this.#readline.prompt();
  }
}
