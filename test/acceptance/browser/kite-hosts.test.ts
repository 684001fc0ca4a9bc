import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { all, squares } from '../../helpers/browser/call-square.js';
import { chromiumInstalled, KITE_DOMAIN, openPage, skipped } from '../../helpers/browser/chromium.js';
import type { PageGlobals } from '../../helpers/browser/in-page.js';
import { type Files, policy, serveFiles } from '../../helpers/browser/page-server.js';
import { useChromium } from '../../helpers/browser/use-chromium.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { startKite, startReverseProxy } from '../../helpers/proxy/proxy.js';
import type { ReverseProxyOptions } from '../../../src/lib/proxy.js';

declare const self: PageGlobals & Window;

const { browser, files } = useChromium();

/** The files with a page at `/` that finds its script below any path. */
function withRelativeScript(files: Files): Files {
  const body = '<!doctype html><meta charset="utf-8"><title>A page</title><script src="kitectl.js"></script>';
  return new Map([...files, ['/', { type: 'text/html', body }]]);
}

describe.skipIf(!chromiumInstalled)(`pages of two kites behind a reverse proxy${skipped}`, () => {
  /** The URLs of two kites that serve pages. */
  async function twoKites(options: Partial<ReverseProxyOptions>): Promise<readonly [string, string]> {
    const { kontrol } = await startKontrol();
    const proxy = await startReverseProxy(kontrol, { localKites: true, ...options });
    const start = async (): Promise<string> => {
      const kite = await startKite(kontrol);
      kite.handle<[number], number>('square', ({ args: [n] }) => n * n).disableAuthentication();
      kite.handleHttp('/', serveFiles(withRelativeScript(files()), policy('http://*:* ws://*:*')));
      const url = new URL(kite.url ?? '').origin;
      return (await kite.registerToProxy({ proxyUrl: proxy.url, url })).url;
    };
    return [await start(), await start()];
  }

  const pageAt = async (url: string): Promise<Page> => (await openPage(browser(), `${url}/`)).page;

  const store = (page: Page): Promise<void> =>
    page.evaluate(() => {
      self.localStorage.setItem('secret', '1');
      self.document.cookie = 'secret=1; path=/';
    });

  const stored = (page: Page): Promise<unknown> =>
    page.evaluate(() => [self.localStorage.getItem('secret'), self.document.cookie]);

  it('pages of two kites with host names of their own share no storage and no cookies, and cannot read or call each other', async () => {
    const [one, two] = await twoKites({ kiteDomain: KITE_DOMAIN });
    const [first, second] = [await pageAt(one), await pageAt(two)];
    await store(first);
    expect(await stored(first)).toEqual(['1', 'secret=1']);
    expect(await stored(second)).toEqual([null, '']);
    const read = second.evaluate((url) => self.fetch(url).then((answer) => answer.text()), `${one}/`);
    await expect(read).rejects.toThrow('Failed to fetch');
    expect(await squares(second, `${one}/kite`)).toEqual(all('disconnect'));
    expect(await squares(second, `${two}/kite`)).toEqual(all(16));
  });

  it('pages of two kites that share the host of a proxy share storage and cookies, and can call each other', async () => {
    const [one, two] = await twoKites({});
    const [first, second] = [await pageAt(one), await pageAt(two)];
    await store(first);
    expect(await stored(second)).toEqual(['1', 'secret=1']);
    expect(await squares(second, `${one}/kite`)).toEqual(all(16));
  });
});
