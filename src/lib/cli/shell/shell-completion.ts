import { SHELL_NAMES } from '../runtime/command-limits.js';

/** The commands of the shell itself, and what they do. */
export const SHELL_COMMANDS: Readonly<Record<string, string>> = {
  '.help': 'what can be typed here',
  '.methods': 'the methods of the kite',
  '.exit': 'leave, like Ctrl-D',
};

/** What every kite of this library answers, where it does not tell itself. */
const DEFAULT_METHODS = ['kite.describe', 'kite.heartbeat', 'kite.log', 'kite.ping'];

/** The names that can stand at the beginning of a line. */
export class ShellCompletion {
  readonly #names = new Set([...DEFAULT_METHODS, ...Object.keys(SHELL_COMMANDS)]);

  /** Learns the name of a method, unless it could not be typed. */
  addMethod(name: string): void {
    // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
    if (!/[\s\u0000-\u001f\u007f-\u009f]/.test(name) && this.#names.size < SHELL_NAMES) this.#names.add(name);
  }

  /** What may be meant by the beginning of a line, in the form that node:readline takes. */
  complete(line: string): [string[], string] {
    const typed = line.trimStart();
    // Arguments are nothing that this knows.
    if (/\s/.test(typed)) return [[], line];
    const found = [...this.#names].filter((name) => name.startsWith(typed)).toSorted();
    const shown = typed === '' ? found.filter((name) => !name.startsWith('kite.')) : found;
    return [shown.length === 1 ? shown.map((name) => `${name} `) : shown, typed];
  }
}
