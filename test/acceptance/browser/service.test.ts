import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
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
    const first = await startKite(files(), { allowOrigin: [base] });
    const second = await startKite(files(), { allowOrigin: [base] });
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

  it('a page calls the kites that Kontrol finds for its user, and those that register later', async () => {
    const { kontrol } = await startKontrol();
    const kiteKey = await kontrol.newKiteKey('bob');
    const start = async (name: string): Promise<void> => {
      const kite = new Kite('math', '1.2.0', {
        port: 0,
        kiteKey,
        kontrolUrl: kontrol.url,
        environment: 'prod',
        env: {},
        logger: silentLogger,
      });
      kite.handle('who', ({ username }) => `${name} for ${username}`);
      onTestFinished(() => kite.close({ drainTimeout: 100 }));
      await kite.listen();
      await kite.register();
    };
    const { port } = await startPageServer(files(), policy('http://127.0.0.1:* ws://127.0.0.1:*'));
    const { page } = await openPage(browser(), `http://127.0.0.1:${port}/service`);
    await page.evaluate(
      ({ url, key }) => {
        self.kite = new self.kitectl.Kite('page', '1.0.0');
        const found = self.kite.kontrol({ url, auth: { type: 'kiteKey', key } });
        self.service = self.kite.service('/bob/prod/math/>= 1.2', { kontrol: found, balance: 'roundRobin' });
      },
      { url: kontrol.kite.url ?? '', key: kiteKey },
    );
    const ask = (): Promise<unknown> => page.evaluate(() => self.service.tell('who'));
    const first = ask();
    await start('one');
    expect(await first).toBe('one for bob');
    await start('two');
    const ready = (): Promise<number> =>
      page.evaluate(() => self.service.metrics().kites.filter(({ state }) => state === 'ready').length);
    await expect.poll(ready).toBe(2);
    expect(new Set([await ask(), await ask()])).toEqual(new Set(['one for bob', 'two for bob']));
    const rejected = await page.evaluate(() => {
      try {
        self.kite.service('/bob/prod/math/=> 1');
        return 'accepted';
      } catch (error) {
        return String(error);
      }
    });
    expect(rejected).toMatch(/"=> 1" is not a version or version constraint/);
  });

  it('a page that waits to dial the kite of a service dials it at once when it is online again', async () => {
    const { port } = await startPageServer(files(), policy('http://127.0.0.1:* ws://127.0.0.1:*'));
    const base = `http://127.0.0.1:${port}`;
    const options = { allowOrigin: [base] };
    const first = await startKite(files(), options);
    const { port: kitePort = 0 } = first.kite;
    const { page } = await openPage(browser(), `${base}/service`);
    await page.evaluate(async (url) => {
      self.kite = new self.kitectl.Kite('page', '1.0.0');
      const backoff = { initial: 3_600_000, max: 3_600_000 };
      self.service = self.kite.service([url], { client: { backoff } });
      await self.service.tell('square', 1);
    }, `${first.base}/kite`);
    const states = (): Promise<string[]> =>
      page.evaluate(() => self.service.metrics().kites.map(({ state }) => state));
    await first.kite.close({ drainTimeout: 100 });
    await expect.poll(states).toEqual([expect.stringMatching(/^(?:out|draining)$/)]);
    await startKite(files(), { ...options, port: kitePort });
    await page.context().setOffline(true);
    await page.context().setOffline(false);
    expect(await page.evaluate(() => self.service.tell('square', 4))).toBe(16);
  });
});
