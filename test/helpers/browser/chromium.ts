import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';

const EXECUTABLE = '/usr/bin/chromium';

/** Where it is missing, `test/install.sh` gets it. */
export const chromiumInstalled = existsSync(EXECUTABLE);

/** What to append to the titles of tests that are skipped. */
export const skipped = chromiumInstalled ? '' : ` (skipped: there is no ${EXECUTABLE} here)`;

export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Names that stand for other machines than this one, and lead here. */
export const STRANGER = 'evil.test';
export const FRIEND = 'app.test';

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
      // Pages find each other by addresses, for there may be no network that resolves names of mDNS, nor any but loopback.
      '--disable-features=WebRtcHideLocalIpsWithMdns',
      '--allow-loopback-in-peer-connection',
      `--host-resolver-rules=MAP ${STRANGER} 127.0.0.1, MAP ${FRIEND} 127.0.0.1`,
    ],
  });
}

/** A page of a test, and what has happened in it. */
export interface OpenPage {
  readonly page: Page;
  /** What was written to its console: what each call was given, with spaces between. */
  readonly written: readonly string[];
  /** Texts of the dialogs that it showed; each was closed at once. */
  readonly alerts: readonly string[];
  /** URLs of the WebSockets that it opened, and of its requests. */
  readonly sockets: readonly string[];
  readonly requests: readonly string[];
}

/**
 * Opens a URL. The test fails where the page throws what nobody catches, or breaks its own security policy, unless that is
 * what the test is about.
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
