import { describe, expect, it } from 'vitest';
import { chromiumInstalled, openPage, skipped } from '../../helpers/browser/chromium.js';
import type { CoreGlobals } from '../../helpers/browser/in-page.js';
import { startKite } from '../../helpers/browser/page-server.js';
import { useChromium } from '../../helpers/browser/use-chromium.js';
import { WEB_SOCKET_TRANSPORTS } from '../../helpers/transport/transports.js';

declare const self: CoreGlobals;

const { browser, files } = useChromium();

describe.skipIf(!chromiumInstalled)(`a page with the smallest library${skipped}`, () => {
  it.each(WEB_SOCKET_TRANSPORTS)(
    'a page with the smallest library sends no request but that of its WebSocket over %s',
    async (transport) => {
      const { base } = await startKite(files());
      const { page, sockets, requests } = await openPage(browser(), `${base}/core`);
      const square = await page.evaluate(async (way) => {
        const client = new self.kitectl.Kite('page', '1.0.0', { transport: way }).newClient('/kite');
        await client.dial();
        return client.tell('square', 4);
      }, transport);
      expect(square).toBe(16);
      expect(sockets).toHaveLength(1);
      expect(requests.filter((url) => /xhr/.test(url))).toEqual([]);
    },
  );

  it('a page with the smallest library reconnects when its kite is back', async () => {
    const { kite, base } = await startKite(files());
    const { page } = await openPage(browser(), `${base}/core`);
    const client = await page.evaluateHandle(async () => {
      const own = new self.kitectl.Kite('page', '1.0.0').newClient('/kite', {
        backoff: { initial: 1, max: 20 },
      });
      await own.dialForever();
      return own;
    });
    const { port } = kite;
    await kite.close({ drainTimeout: 100 });
    await expect.poll(() => client.evaluate((own) => own.connected)).toBe(false);
    await startKite(files(), { port: port ?? 0 });
    await expect.poll(() => client.evaluate((own) => own.connected)).toBe(true);
    expect(await client.evaluate((own) => own.tell('square', 5))).toBe(25);
  });
});
