import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { chromiumInstalled, openPage, root, skipped } from '../../helpers/browser/chromium.js';
import { useChromium } from '../../helpers/browser/use-chromium.js';
import { linkFor, startRegistered, startUiKontrol } from '../../helpers/browser/kontrol-page.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const results = join(root, 'test-results');

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

/** Describes serious accessibility problems of the page. */
async function accessibilityProblems(page: Page): Promise<string[]> {
  // The page's policy blocks scripts; the debugger is not subject to it.
  const { violations } = await page.evaluate<AxeResults>(
    `${axe}; axe.run(document, { resultTypes: ['violations'] })`,
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`));
}

/** Whether an element is wider than the window. */
function overflows(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}

const pages = useChromium();

describe.skipIf(!chromiumInstalled)(`a browser page${skipped}`, () => {
  describe("the design of Kontrol's page", () => {
    it.each([
      [360, 'light'],
      [360, 'dark'],
      [1440, 'light'],
      [1440, 'dark'],
    ] as const)("Kontrol's page is accessible at %d px, %s", async (width, colorScheme) => {
      const { kontrol, origin } = await startUiKontrol(pages);
      await startRegistered(kontrol, 'math', {
        methods: (kite) =>
          kite.handle<[number]>(
            'square',
            { description: 'The square of a number.' },
            ({ args: [n] }) => n * n,
          ),
      });
      await startRegistered(kontrol, 'a-kite-with-quite-a-long-name-as-some-people-have-them', {
        environment: 'staging',
        region: 'eu-central-1',
      });
      const { page } = await openPage(pages.browser(), `${origin}/`);
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      mkdirSync(results, { recursive: true });
      const look = async (name: string): Promise<void> => {
        await page.screenshot({
          path: join(results, `kontrol-page-${name}-${width}-${colorScheme}.png`),
          fullPage: true,
        });
        expect(await accessibilityProblems(page)).toEqual([]);
        expect(await overflows(page)).toBe(false);
      };
      await look('signed-out');
      await page.goto(await linkFor(kontrol, 'bob'));
      await expect.poll(() => page.locator('[data-state=answered]').count()).toBe(3);
      await page.getByLabel('Group by').selectOption('environment');
      await look('kites');
      await page.getByRole('link', { name: 'math', exact: true }).click();
      await page.getByRole('button', { name: 'square' }).click();
      await page.getByLabel('Arguments', { exact: true }).fill('12');
      await page.getByRole('button', { name: 'Call', exact: true }).click();
      await page.getByText('144', { exact: true }).waitFor();
      await look('kite');
    });
  });
});
