import { join } from 'node:path';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { chromiumInstalled, launchChromium, root } from './chromium.js';
import { type Files, pageFiles } from './page-server.js';

/** The resources that the tests of pages in one file share. Each is available once the tests run. */
export interface Pages {
  readonly browser: () => BrowserContext;
  /** A context for one test, for what applies to all pages of a context, such as a clock. It is closed after the test. */
  readonly ownContext: () => Promise<BrowserContext>;
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
    ownContext: async () => {
      const context = await started().browser.newContext();
      onTestFinished(() => context.close());
      return context;
    },
    files: () => started().files,
    ui: () => join(root, 'dist', 'ui'),
  };
}
