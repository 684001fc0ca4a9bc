import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../helpers/process/free-port.js';
import { chromiumInstalled, openPage, root, skipped } from '../../helpers/browser/chromium.js';
import { useChromium } from '../../helpers/browser/use-chromium.js';

const { browser } = useChromium();

describe.skipIf(!chromiumInstalled)(`a browser page${skipped}`, () => {
  describe('the example browser', () => {
    it('the page of the example browser and its kite call each other', async () => {
      const port = await freePort();
      const server = spawn(
        process.execPath,
        [join(root, 'examples', 'browser', 'server.js'), '--port', String(port)],
        { cwd: root, env: { PATH: process.env['PATH'] }, stdio: ['ignore', 'pipe', 'ignore'] },
      );
      onTestFinished(async () => {
        const ended = once(server, 'exit');
        server.kill('SIGTERM');
        await ended;
      });
      // The example prints its URL once it listens.
      await once(server.stdout, 'data');
      const { page, alerts, written } = await openPage(browser(), `http://localhost:${port}/`);
      await page.getByText('Connected.').waitFor();
      await page.getByLabel('Number').fill('12');
      await page.getByRole('button', { name: 'Square it' }).click();
      await page.getByText('144', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Count to five' }).click();
      await page.getByText('5', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Have the kite alert you' }).click();
      await page.getByText('You have been greeted.').waitFor();
      expect(alerts).toEqual(['Hello from math, "A page that is a kite"!']);
      expect(written).toContain('%s math squares 12');
    });
  });
});
