import { createInterface, type Interface } from 'node:readline';
import { TerminalInput } from '../../util/terminal-input.js';
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
  readonly #input: TerminalInput;
  readonly #readline: Interface;
  readonly #stderr: CommandRuntime['stderr'];
  readonly #signal: AbortSignal;
  readonly #typed: string[] = [];
  readonly #promptText: string;
  #number = 0;
  #prompting = false;
  #closed = false;
  #wake: (() => void) | undefined;
  #interrupt: (() => void) | undefined;

  constructor(options: PromptOptions, { stdin, stderr, signal }: CommandRuntime) {
    this.#stderr = stderr;
    this.#signal = signal;
    this.#promptText = options.prompt;
    this.#input = new TerminalInput(stdin, {
      redraw: () => this.#prompting && !this.#closed && this.#drawPrompt(),
    });
    this.#readline = createInterface({
      input: this.#input,
      output: stderr,
      terminal: true,
      prompt: '',
      history: [...options.history],
      historySize: options.historyLength,
      removeHistoryDuplicates: true,
      completer: options.complete,
    });
    this.#readline.on('line', (line) => {
      this.#prompting = false;
      // Readline draws its prompt at every change of the size.
      this.#readline.setPrompt('');
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
      this.#readline.setPrompt(this.#promptText);
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
    const { rows } = this.#readline.getCursorPos();
    this.#stderr.write(`${rows > 0 ? `\u001b[${rows}A` : ''}\r\u001b[J`);
    const result = write();
    this.#drawPrompt();
    return result;
  }

  onInterrupt(interrupt: (() => void) | undefined): void {
    this.#interrupt = interrupt;
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#abort);
    this.#readline.close();
    this.#input.close();
  }

  /** Draws the prompt and the current input on the current line and below. */
  #drawPrompt(): void {
    // Readline moves the cursor up to where the input has started.
    this.#stderr.write('\n'.repeat(this.#readline.getCursorPos().rows));
    this.#readline.prompt(true);
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
