import { join } from 'node:path';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { chromiumInstalled, launchChromium, root } from './chromium.js';
import { type Files, pageFiles } from './page-server.js';

/** The resources that the tests of pages in one file share. Each is available once the tests run. */
export interface Pages {
  readonly browser: () => BrowserContext;
  /** The published library, and pages that load it. */
  readonly files: () => Files;
  /** The folder of Kontrol's page, built by `npm run build`. */
  readonly ui: () => string;
}

/** A Chromium for the tests of a file. It is closed afterwards. */
export function useChromium(): Pages {
  let running: { browser: Browser; context: BrowserContext; files: Files } | undefined;
  if (chromiumInstalled) {
    beforeAll(async () => {
      const [browser, files] = await Promise.all([launchChromium(), pageFiles()]);
      running = { browser, context: await browser.newContext(), files };
    });
    afterAll(() => running?.browser.close());
  }
  const started = () => {
    if (!running) throw new Error('Chromium has not been started');
    return running;
  };
  return {
    browser: () => started().context,
    files: () => started().files,
    ui: () => join(root, 'dist', 'ui'),
  };
}
