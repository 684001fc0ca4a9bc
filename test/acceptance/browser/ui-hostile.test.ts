import { chromiumInstalled, skipped } from '../../helpers/browser/chromium.js';
import { useChromium } from '../../helpers/browser/use-chromium.js';
import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { KiteError } from '../../../src/lib/index.js';
import { registerRaw, signedIn, startRegistered } from '../../helpers/browser/kontrol-page.js';

/** No slashes: a name with a slash is rejected anyway. */
const PAYLOADS = [
  '<img src=x onerror=alert(1)>',
  '"><svg onload=alert(2)>',
  'javascript:alert(3)',
  '<iframe srcdoc="<script>alert(4)">',
  '{{constructor.constructor("alert(5)")()}}',
];

/** Scripts that have run, and elements that were created from text. */
function injections(page: Page): Promise<unknown> {
  return page.evaluate(() => ({
    elements: document.querySelectorAll(
      'body img:not(.brand img), svg, iframe, script:not([src="/ui.js"]), object, embed',
    ).length,
    handlers: Array.from(document.querySelectorAll('*')).filter((element) =>
      Array.from(element.attributes).some(({ name }) => name.startsWith('on')),
    ).length,
    links: Array.from(document.querySelectorAll('a'), ({ href }) => new URL(href).protocol).filter(
      (protocol) => protocol !== 'http:',
    ),
  }));
}

const NONE = { elements: 0, handlers: 0, links: [] };

const pages = useChromium();

describe.skipIf(!chromiumInstalled)(`a browser page${skipped}`, () => {
  describe("Kontrol's page with hostile kites", () => {
    it.each(['name', 'environment', 'region', 'hostname'])(
      "Kontrol's page shows the %s of a kite as plain text",
      async (field) => {
        const { page, kontrol, origin, alerts } = await signedIn(pages);
        const key = await kontrol.newKiteKey('bob');
        for (const payload of PAYLOADS) {
          const kite = { name: 'math', id: randomUUID(), [field]: payload };
          await registerRaw(origin, key, kite, `http://127.0.0.1:1/kite?x=${encodeURIComponent(payload)}`);
        }
        const kites = page.locator('a.kite');
        await expect.poll(() => kites.count()).toBe(PAYLOADS.length + 1);
        for (const payload of PAYLOADS) await page.getByText(payload, { exact: true }).first().waitFor();
        await page.getByLabel('Group by').selectOption('environment');
        for (let n = 0; n < PAYLOADS.length + 1; n++) {
          await kites.nth(n).click();
          await page.getByRole('link', { name: 'Close' }).waitFor();
          expect(await injections(page)).toEqual(NONE);
          await page.keyboard.press('Escape');
        }
        expect(alerts).toEqual([]);
      },
    );

    it("Kontrol's page shows a username as plain text", async () => {
      const username = PAYLOADS[0] ?? '';
      const { page, kontrol, alerts } = await signedIn(pages, { username });
      await startRegistered(kontrol, 'math', { user: username });
      await page.getByRole('link', { name: 'math', exact: true }).click();
      await page.getByText(username, { exact: true }).first().waitFor();
      expect(await injections(page)).toEqual(NONE);
      expect(alerts).toEqual([]);
    });

    it("Kontrol's page shows methods, descriptions, schemas, results, errors and messages as plain text", async () => {
      const { page, kontrol, alerts } = await signedIn(pages);
      const all = PAYLOADS.join(' ');
      await startRegistered(kontrol, 'math', {
        methods: (kite) => {
          for (const payload of PAYLOADS)
            kite.handle(payload, { description: payload, jsonSchema: { title: payload } }, () => ({
              [payload]: payload,
            }));
          kite.handle('fail', () => {
            throw new KiteError(all, all, { code: all });
          });
          kite.handle('tell', ({ client }) => client.tell('log', all));
        },
      });
      await page.getByRole('link', { name: 'math', exact: true }).click();
      for (const name of [...PAYLOADS, 'fail', 'tell']) {
        await page.getByRole('button', { name, exact: true }).click();
        await page.getByRole('button', { name: 'Call', exact: true }).click();
        await page.locator('.outcome.answered, .outcome.failed').waitFor();
        expect(await page.locator('.outcome').textContent()).toContain(name);
        expect(await injections(page)).toEqual(NONE);
      }
      await page.getByLabel('Output of the kite').getByText(all).waitFor();
      for (const summary of await page.getByText('Arguments of').all()) await summary.click();
      expect(await injections(page)).toEqual(NONE);
      expect(alerts).toEqual([]);
    });

    it.each(PAYLOADS)("Kontrol's page reads an address of %s as plain text", async (payload) => {
      const { page, origin, alerts } = await signedIn(pages);
      await page.goto(`${origin}/#/${payload}`);
      await page.getByText(`/${payload}`, { exact: true }).first().waitFor();
      expect(await injections(page)).toEqual(NONE);
      expect(alerts).toEqual([]);
    });

    it("Kontrol's page cannot be framed or loaded under another host name", async () => {
      const { page, origin } = await signedIn(pages);
      const answer = await page.context().request.get(`${origin}/`, { headers: { host: 'evil.test' } });
      expect(answer.status()).toBe(403);
      const { headers } = { headers: (await page.context().request.get(`${origin}/`)).headers() };
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    });
  });
});
