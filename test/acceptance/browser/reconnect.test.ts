import { describe, expect, it } from 'vitest';
import { chromiumInstalled, openPage, skipped } from '../../helpers/browser/chromium.js';
import type { PageGlobals } from '../../helpers/browser/in-page.js';
import { startKite } from '../../helpers/browser/page-server.js';
import { useChromium } from '../../helpers/browser/use-chromium.js';

declare const self: PageGlobals & {
  readonly document: { dispatchEvent(event: object): void };
};
declare const Event: new (type: string, options: { bubbles: boolean }) => object;

const { browser, files } = useChromium();

/** A page whose kite and whose Kontrol have gone, and which tries again in an hour. */
async function waitingPage() {
  const watches = { count: 0 };
  const serve = async (port = 0) => {
    const started = await startKite(files(), { port });
    started.kite
      .handle('getKites', () => {
        watches.count++;
        return { kites: [], watcherID: '1' };
      })
      .disableAuthentication();
    return started;
  };
  const { kite, base } = await serve();
  const { page } = await openPage(browser(), base);
  await page.evaluate(async () => {
    const backoff = { initial: 3_600_000, max: 3_600_000 };
    self.events = [];
    self.kite = new self.kitectl.Kite('page', '1.0.0');
    self.client = self.kite.newClient('/kite', { backoff });
    self.client.on('connect', () => self.events.push('connect'));
    self.client.on('retry', ({ type }, delay) => self.events.push(`${type}, retry ${delay >= 1_800_000}`));
    await self.client.dialForever();
    self.kontrol = self.kite.kontrol({ url: '/kite', auth: { type: 'kiteKey', key: 'key' }, backoff });
    await self.kontrol.watchKites({ username: 'bob' }, () => {});
  });
  const events = (): Promise<string[]> => page.evaluate(() => self.events);
  const { port } = kite;
  await kite.close({ drainTimeout: 100 });
  await expect.poll(events).toEqual(['connect', 'disconnect, retry true']);
  await serve(port ?? 0);
  expect(watches.count).toBe(1);
  return { page, events, watches: () => watches.count };
}

describe.skipIf(!chromiumInstalled)(`a page that waits for its next attempt to connect${skipped}`, () => {
  it('a page that waits for its next attempt to connect makes it at once when it is online again', async () => {
    const { page, events, watches } = await waitingPage();
    await page.context().setOffline(true);
    await page.context().setOffline(false);
    await expect.poll(events).toEqual(['connect', 'disconnect, retry true', 'connect']);
    await expect.poll(watches).toBe(2);
    expect(await page.evaluate(() => self.client.tell('square', 4))).toBe(16);
  });

  it('a page that waits for its next attempt to connect makes it at once when it becomes visible', async () => {
    const { page, events, watches } = await waitingPage();
    await page.evaluate(() => self.document.dispatchEvent(new Event('visibilitychange', { bubbles: true })));
    await expect.poll(events).toEqual(['connect', 'disconnect, retry true', 'connect']);
    await expect.poll(watches).toBe(2);
  });

  it('a page that has closed its kite does not connect when it is online again', async () => {
    const { page, events } = await waitingPage();
    await page.evaluate(() => self.kite.close());
    await page.context().setOffline(true);
    await page.context().setOffline(false);
    await page.evaluate(() => self.kitectl && new Promise((resolve) => setTimeout(resolve)));
    expect(await events()).toHaveLength(2);
  });
});
