import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';
import { chromiumInstalled, launchChromium } from './chromium.js';
import { exampleTests } from './example.js';
import { kiteJsTests } from './kite-js.js';
import { kontrolTests } from './kontrol.js';
import { originTests } from './origins.js';
import { type Files, pageFiles } from './page-server.js';
import { transportTests } from './transports.js';
import { webRtcTests } from './webrtc.js';

// One browser for all of it: starting it takes as long as ten tests.
describe.skipIf(!chromiumInstalled)('a page in Chromium (skipped where /usr/bin/chromium is missing)', () => {
  let browser: Browser;
  let context: BrowserContext;
  let files: Files;

  beforeAll(async () => {
    [browser, files] = await Promise.all([launchChromium(), pageFiles()]);
    context = await browser.newContext();
  }, 60_000);

  afterAll(() => browser.close());

  const setting = { browser: () => context, files: () => files };
  transportTests(setting);
  kontrolTests(setting);
  originTests(setting);
  kiteJsTests(setting);
  webRtcTests(setting);
  exampleTests(setting);
});
