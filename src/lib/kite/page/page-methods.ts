import { KiteError } from '../../protocol/errors.js';
import type { MethodHost } from '../serve/method-host.js';
import { ALERT_LENGTH } from '../limits/kite-limits.js';

/** The parts of a page that its methods use. */
export interface PageOutput {
  readonly console: { log(...values: unknown[]): void };
  /** Undefined in workers. */
  readonly alert?: ((text: string) => void) | undefined;
}

/** Adds `log` and `alert`, which every page has in addition to the methods of every kite. A program can replace them. */
export function addPageMethods(kite: MethodHost, output: PageOutput): void {
  kite.handle<unknown[]>('log', ({ args }) => {
    // As the first argument, a string with % would be a format string.
    output.console.log(...(typeof args[0] === 'string' ? ['%s', ...args] : args));
    return null;
  });
  kite.handle<unknown[]>('alert', ({ args: [text] }) => {
    if (!output.alert) throw new KiteError('genericError', 'Not a window');
    output.alert((typeof text === 'string' ? text : JSON.stringify(text ?? null)).slice(0, ALERT_LENGTH));
    return null;
  });
}
