import { describe, expect, it } from 'vitest';
import { chromiumInstalled, openPage, skipped } from '../../helpers/browser/chromium.js';
import type { ServiceGlobals } from '../../helpers/browser/in-page.js';
import { policy, startKite, startPageServer } from '../../helpers/browser/page-server.js';
import { useChromium } from '../../helpers/browser/use-chromium.js';

declare const self: ServiceGlobals;

const { browser, files } = useChromium();

describe.skipIf(!chromiumInstalled)(`a page that calls many kites as one${skipped}`, () => {
  it('a page calls the kites at some URLs, also when one of them ends', async () => {
    const server = await startPageServer(files(), policy('http://127.0.0.1:* ws://127.0.0.1:*'));
    const base = `http://127.0.0.1:${server.port}`;
    const first = await startKite(files(), { allowedOrigins: [base] });
    const second = await startKite(files(), { allowedOrigins: [base] });
    const { page } = await openPage(browser(), `${base}/service`);
    const urls = [`${first.base}/kite`, `${second.base}/kite`];
    const squares = await page.evaluate(async (targets) => {
      self.service = new self.kitectl.Kite('page', '1.0.0').service(targets, { idempotent: true });
      const all: unknown[] = [];
      for await (const { result, error } of self.service.all('square', 3)) all.push(error?.message ?? result);
      return [await self.service.tell('square', 4), await self.service.on('key').tell('square', 5), ...all];
    }, urls);
    expect(squares).toEqual([16, 25, 9, 9]);
    await second.kite.close({ drainTimeout: 100 });
    const more = await page.evaluate(async () => {
      const results: unknown[] = [];
      for (let n = 0; n < 5; n++) results.push(await self.service.tell('square', n));
      return [results, self.service.metrics().kites.filter(({ state }) => state === 'ready').length];
    });
    expect(more).toEqual([[0, 1, 4, 9, 16], 1]);
  });
});
