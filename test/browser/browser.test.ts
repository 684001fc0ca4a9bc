import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';
import { buildUi } from '../../scripts/build/ui-bundle.js';
import { chromiumInstalled, launchChromium, root } from './chromium.js';
import { exampleTests } from './example.js';
import { kiteJsTests } from './kite-js.js';
import { kontrolTests } from './kontrol.js';
import { originTests } from './origins.js';
import { type Files, pageFiles } from './page-server.js';
import { transportTests } from './transports.js';
import { uiTests } from './ui.js';
import { uiHostileTests } from './ui-hostile.js';
import { uiLookTests } from './ui-looks.js';
import { webRtcTests } from './webrtc.js';

// One browser for all of it: starting it takes as long as ten tests.
describe.skipIf(!chromiumInstalled)('a page in Chromium (skipped where /usr/bin/chromium is missing)', () => {
  let browser: Browser;
  let context: BrowserContext;
  let files: Files;
  let ui: string;

  beforeAll(async () => {
    [browser, files] = await Promise.all([launchChromium(), pageFiles()]);
    context = await browser.newContext();
    ui = await mkdtemp(join(tmpdir(), 'kitectl-ui-'));
    await buildUi(root, ui);
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await rm(ui, { recursive: true });
  });

  const setting = { browser: () => context, files: () => files, ui: () => ui };
  transportTests(setting);
  kontrolTests(setting);
  originTests(setting);
  kiteJsTests(setting);
  webRtcTests(setting);
  exampleTests(setting);
  uiTests(setting);
  uiLookTests(setting);
  uiHostileTests(setting);
});
