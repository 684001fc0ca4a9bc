import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';

const EXECUTABLE = '/usr/bin/chromium';

/** `test/install.sh` installs it. */
export const chromiumInstalled = existsSync(EXECUTABLE);

/** The suffix for titles of skipped tests. */
export const skipped = chromiumInstalled ? '' : ` (skipped: there is no ${EXECUTABLE} here)`;

export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Names of other machines that resolve to this one. */
export const STRANGER = 'evil.test';
export const FRIEND = 'app.test';
/** The domain of kites behind a proxy. All names below it resolve to this machine. */
export const KITE_DOMAIN = 'kites.test';

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    headless: true,
    executablePath: EXECUTABLE,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Pages find each other by addresses, because there may be no network that resolves mDNS names, or only loopback.
      '--disable-features=WebRtcHideLocalIpsWithMdns',
      '--allow-loopback-in-peer-connection',
      `--host-resolver-rules=MAP ${STRANGER} 127.0.0.1, MAP ${FRIEND} 127.0.0.1, MAP *.${KITE_DOMAIN} 127.0.0.1`,
    ],
  });
}

/** A page of a test, and what happened in it. */
export interface OpenPage {
  readonly page: Page;
  /** The lines of its console: the arguments of each call, with spaces between. */
  readonly written: readonly string[];
  /** Messages of the dialogs that it showed; each was closed at once. */
  readonly alerts: readonly string[];
  /** URLs of the WebSockets that it opened, and of its requests. */
  readonly sockets: readonly string[];
  readonly requests: readonly string[];
}

/**
 * Opens a URL. The test fails if the page throws an uncaught error or breaks its own security policy, unless it tests that.
 */
export async function openPage(
  context: BrowserContext,
  url: string,
  { breaksPolicy = false } = {},
): Promise<OpenPage> {
  const page = await context.newPage();
  const written: string[] = [];
  const alerts: string[] = [];
  const sockets: string[] = [];
  const requests: string[] = [];
  const failures: string[] = [];
  page.on('console', (message) => {
    if (!breaksPolicy && message.text().includes('Content Security Policy')) failures.push(message.text());
    written.push(message.text());
  });
  page.on('pageerror', (error) => failures.push(String(error)));
  page.on('websocket', (socket) => sockets.push(socket.url()));
  page.on('request', (request) => requests.push(request.url()));
  page.on('dialog', (dialog) => {
    alerts.push(dialog.message());
    void dialog.accept();
  });
  onTestFinished(async () => {
    await page.close();
    expect(failures).toEqual([]);
  });
  await page.goto(url);
  return { page, written, alerts, sockets, requests };
}
