import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { describe, expect, it, vi } from 'vitest';
import type { Kite } from '../../../src/lib/index.js';
import { PRINTED_LINES } from '../../../src/ui/page-limits.js';
import { chromiumInstalled, skipped } from '../../helpers/browser/chromium.js';
import { signedIn, startRegistered } from '../../helpers/browser/kontrol-page.js';
import { useChromium } from '../../helpers/browser/use-chromium.js';

const pages = useChromium();

describe.skipIf(!chromiumInstalled)(`calls of streams in Kontrol's page${skipped}`, () => {
  const ended: string[] = [];

  const methods = (kite: Kite): void => {
    kite.handle<[number]>('count', async function* ({ args: [last] }) {
      for (let number = 1; number <= last; number++) yield { number };
      return 'end of file';
    });
    kite.handle('tail', async function* ({ signal }) {
      try {
        yield 'line 1';
        yield 'line 2';
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      } finally {
        ended.push('tail');
      }
    });
    kite.handle('broken', async function* () {
      yield 1;
      throw new Error('the disk is full');
    });
    kite.handle('image', () => Uint8Array.from({ length: 300 }, (_, index) => index));
    kite.handle('download', async function* () {
      yield Uint8Array.of(1, 2);
      yield Uint8Array.of(3);
    });
    kite.handle(
      'plan',
      () =>
        new Map<string, unknown>([
          ['due', new Date(0)],
          ['id', 12345678901234567890n],
        ]),
    );
  };

  async function atKite(): Promise<{ page: Page; start: (method: string, args?: string) => Promise<void> }> {
    const { page, kontrol } = await signedIn(pages);
    await startRegistered(kontrol, 'logs', { methods });
    await page.getByRole('rowheader', { name: 'logs', exact: true }).getByRole('link').click();
    await page.getByRole('button', { name: 'tail' }).waitFor();
    const start = async (method: string, args = ''): Promise<void> => {
      await page.getByLabel('Method', { exact: true }).fill(method);
      await page.getByLabel('Arguments', { exact: true }).fill(args);
      await page.getByRole('button', { name: 'Call', exact: true }).click();
    };
    return { page, start };
  }

  const items = (page: Page): Promise<string[]> => page.getByLabel('Answer').locator('div').allTextContents();

  it('the page shows the items of a stream as they come, and stops it at the kite', async () => {
    const { page, start } = await atKite();
    await start('tail');
    await expect.poll(() => items(page)).toEqual(['"line 1"', '"line 2"']);
    expect(await page.locator('.outcome').textContent()).toBe('tail streams…');
    if (process.env['SCREENSHOT'])
      await page.screenshot({ path: `${process.env['SCREENSHOT']}-tail.png`, fullPage: true });
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.locator('.outcome.answered').waitFor();
    expect(await page.locator('.outcome').textContent()).toMatch(/^tail stopped after .*: 2 items\.$/);
    expect(await items(page)).toEqual(['"line 1"', '"line 2"']);
    await vi.waitFor(() => expect(ended).toEqual(['tail']));
  });

  it('the page shows the last PRINTED_LINES items of a stream, their number and what it returns', async () => {
    const { page, start } = await atKite();
    await start('count', String(PRINTED_LINES + 5));
    await page.locator('.outcome.answered').waitFor();
    expect(await page.locator('.outcome').textContent()).toMatch(
      new RegExp(`^count ended after .*: ${PRINTED_LINES + 5} items\\. It returned "end of file"$`),
    );
    await expect.poll(async () => (await items(page)).at(-1)).toContain(String(PRINTED_LINES + 5));
    expect(await items(page)).toHaveLength(PRINTED_LINES);
    await start('count', '0');
    await page
      .locator('.outcome')
      .getByText(/count ended after .*: 0 items\./)
      .waitFor();
    expect(await items(page)).toEqual([]);
  });

  it('the page shows the error of a stream after its items', async () => {
    const { page, start } = await atKite();
    await start('broken');
    await page.locator('.outcome.failed').waitFor();
    await expect.poll(() => items(page)).toEqual(['1', 'the disk is full']);
  });

  it('the page shows bytes as their size and in hexadecimal, and downloads them', async () => {
    const { page, start } = await atKite();
    const saved = async (method: string): Promise<number[]> => {
      await start(method);
      await page.locator('.outcome.answered').waitFor();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Download', exact: true }).click(),
      ]);
      expect(download.suggestedFilename()).toBe(`${method}.bin`);
      return [...(await readFile(await download.path()))];
    };
    expect(await saved('image')).toEqual(Array.from({ length: 300 }, (_, index) => index % 256));
    const shown = (await page.getByLabel('Answer').textContent()) ?? '';
    expect(shown).toMatch(/^300 bytes\n0000 {2}00 01 02 03/);
    expect(shown).toMatch(/… 44 more bytes$/);
    if (process.env['SCREENSHOT'])
      await page.screenshot({ path: `${process.env['SCREENSHOT']}-image.png`, fullPage: true });
    expect(await saved('download')).toEqual([1, 2, 3]);
    await start('plan');
    await page.locator('.outcome').getByText('plan answered').waitFor();
    expect(await page.getByRole('button', { name: 'Download', exact: true }).isVisible()).toBe(false);
    expect((await page.getByLabel('Answer').textContent())?.replaceAll(/\s/g, '')).toBe(
      '{"due":"1970-01-01T00:00:00.000Z","id":12345678901234567890}',
    );
  });
});
