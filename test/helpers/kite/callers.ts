import { onTestFinished } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import type { AnyPeer } from '../../../src/lib/kite/call/peer.js';
import { PageKite } from '../../../src/lib/kite/page/page-kite.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import type { SingleTransport } from '../transport/transports.js';
import { asPage } from '../wire/wire-recordings.js';

/** What tests do with a client, in Node and in pages. */
export type Caller = Pick<AnyPeer, 'call' | 'tell' | 'callStream' | 'stream' | 'extensions'>;

type Use = (client: Caller) => Promise<void>;

const CALLERS: Readonly<
  Record<string, (url: string, transport: SingleTransport, use: Use) => Promise<void>>
> = {
  Node: async (url, transport, use) => {
    const kite = new Kite('caller', '1.0.0', { kiteKey: false, env: {}, logger: silentLogger });
    onTestFinished(() => kite.close({ drainTimeout: 0 }));
    const client = kite.newClient(url, { transport });
    await client.dial();
    await use(client);
  },
  'a page': (url, transport, use) =>
    asPage(async () => {
      const page = new PageKite('page', '1.0.0', { logger: silentLogger });
      onTestFinished(() => page.close());
      const client = page.newClient(url, { transport });
      await client.dial();
      await use(client);
    }),
};

/** Where a client can be. */
export const FROM: readonly string[] = Object.keys(CALLERS);

/** Passes a client with a connection of its own to `use`. The client is in Node or in a page, and its kite has no kite key. */
export function callFrom(from: string, url: string, transport: SingleTransport, use: Use): Promise<void> {
  return CALLERS[from]?.(url, transport, use) ?? Promise.reject(new Error(from));
}
