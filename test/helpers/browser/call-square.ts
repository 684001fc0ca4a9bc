import type { Page } from 'playwright-core';
import { ALL_TRANSPORTS } from '../transport/transports.js';
import type { PageGlobals } from './in-page.js';

declare const self: PageGlobals;

/** Returns the result of `square` of 4 at a kite, called by a page over each transport, or the type of the error. */
export function squares(page: Page, kiteUrl: string): Promise<unknown[]> {
  return page.evaluate(
    ([url, transports]) =>
      Promise.all(
        transports.map(async (transport) => {
          const kite = new self.kitectl.Kite('page', '1.0.0', { transport });
          const client = kite.newClient(url);
          try {
            await client.dial();
            return await client.tell('square', 4);
          } catch (error) {
            return self.kitectl.isKiteError(error) ? error.type : String(error);
          } finally {
            client.close();
          }
        }),
      ),
    [kiteUrl, ALL_TRANSPORTS] as const,
  );
}

/** Returns what `squares` returns if each transport has the same result. */
export function all<Value>(value: Value): Value[] {
  return ALL_TRANSPORTS.map(() => value);
}
