import { SHELL_NAMES } from '../runtime/command-limits.js';

/** The commands of the shell, with their descriptions. */
export const SHELL_COMMANDS: Readonly<Record<string, string>> = {
  '.help': 'show this help',
  '.methods': 'list the methods of the kite',
  '.exit': 'exit, like Ctrl-D',
};

/** Methods of every kite, for kites that do not describe themselves. */
const DEFAULT_METHODS = ['kite.describe', 'kite.heartbeat', 'kite.log', 'kite.ping'];

/** Completes the first word of a line. */
export class ShellCompletion {
  readonly #names = new Set([...DEFAULT_METHODS, ...Object.keys(SHELL_COMMANDS)]);

  /** Adds a method, unless its name contains spaces or control characters. */
  addMethod(name: string): void {
    // oxlint-disable-next-line no-control-regex -- matches control characters
    if (!/[\s\u0000-\u001f\u007f-\u009f]/.test(name) && this.#names.size < SHELL_NAMES) this.#names.add(name);
  }

  /** Completes a line, as a completer of node:readline. */
  complete(line: string): [string[], string] {
    const typed = line.trimStart();
    // Arguments are not completed.
    if (/\s/.test(typed)) return [[], line];
    const matches = [...this.#names].filter((name) => name.startsWith(typed)).toSorted();
    const shown = typed === '' ? matches.filter((name) => !name.startsWith('kite.')) : matches;
    return [shown.length === 1 ? shown.map((name) => `${name} `) : shown, typed];
  }
}
