import { KiteError } from '../../protocol/errors.js';
import type { MethodHost } from '../serve/method-host.js';
import { ALERT_LENGTH } from '../limits/kite-limits.js';

/** What the methods of every page reach. */
export interface PageOutput {
  readonly console: { log(...values: unknown[]): void };
  /** Workers have none. */
  readonly alert?: ((text: string) => void) | undefined;
}

/** The methods that a page answers beside those of every kite: `log` and `alert`. A program may give it others instead. */
export function addPageMethods(kite: MethodHost, output: PageOutput): void {
  kite.handle<unknown[]>('log', ({ args }) => {
    // A text with % in it, in the first place, would be taken for a format.
    output.console.log(...(typeof args[0] === 'string' ? ['%s', ...args] : args));
    return null;
  });
  kite.handle<unknown[]>('alert', ({ args: [text] }) => {
    if (!output.alert) throw new KiteError('genericError', 'Cannot show an alert: this is not a window');
    output.alert((typeof text === 'string' ? text : JSON.stringify(text ?? null)).slice(0, ALERT_LENGTH));
    return null;
  });
}
