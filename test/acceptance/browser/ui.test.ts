import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite, KiteError } from '../../../src/lib/index.js';
import { readClaims } from '../../../src/lib/keys/jwt-claims.js';
import { stringifyLiterals } from '../../../src/lib/util/literal-json.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { PRINTED_LINES } from '../../../src/ui/page-limits.js';
import { randomUUID } from 'node:crypto';
import { HOSTILE_NUMBERS } from '../../helpers/hostile-numbers.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';
import { chromiumInstalled, openPage, skipped } from '../../helpers/browser/chromium.js';
import { useChromium } from '../../helpers/browser/use-chromium.js';
import {
  linkFor,
  registerRaw,
  signedIn,
  startRegistered,
  startUiKontrol,
} from '../../helpers/browser/kontrol-page.js';
import { startCutLink } from '../../helpers/transport/cut-link.js';

/** Whether it becomes visible. A test that waits for it without success fails with what it waited for. */
const isVisible = (what: Locator): Promise<boolean> => what.waitFor().then(() => true);

const rows = (page: Page): Promise<string[]> => page.locator('a.kite').allTextContents();

const kiteLink = (page: Page, name: string) =>
  page.getByRole('rowheader', { name, exact: true }).getByRole('link');

/** Reads when the latest token for `audience` expires, of all tokens that the page receives, in milliseconds since 1970. */
function lastTokenExpiry(page: Page, audience: string): () => number {
  let latest = 0;
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => {
      for (const [token] of String(payload).matchAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g)) {
        const { aud, exp } = readClaims(token);
        if (String(aud).endsWith(audience)) latest = Math.max(latest, Number(exp) * 1000);
      }
    });
  });
  return () => latest;
}

const pages = useChromium();

describe.skipIf(!chromiumInstalled)(`a browser page${skipped}`, () => {
  describe("Kontrol's page", () => {
    describe('signing in', () => {
      it('the page accepts a sign-in link once and removes the code from its address', async () => {
        const { kontrol, origin } = await startUiKontrol(pages);
        const link = await linkFor(kontrol, 'bob');
        const { page } = await openPage(pages.browser(), link);
        await page.getByText('bob', { exact: true }).first().waitFor();
        expect(page.url()).toBe(`${origin}/#/`);
        const { page: again } = await openPage(pages.browser(), link);
        await again.getByRole('alert').getByText('kitectl kontrol ui').waitFor();
        expect(again.url()).toBe(`${origin}/#/`);
      });

      it('the page asks before a link signs in a tab that is signed in, and stays signed in if the user refuses', async () => {
        const { page, kontrol, origin } = await signedIn(pages);
        const questions: string[] = [];
        page.removeAllListeners('dialog');
        const open = async (answer: boolean): Promise<void> => {
          const link = await linkFor(kontrol, 'mallory');
          const asked = page.waitForEvent('dialog').then(async (dialog) => {
            questions.push(dialog.message());
            await (answer ? dialog.accept() : dialog.dismiss());
          });
          await page.evaluate((url) => void setTimeout(() => location.assign(url)), link);
          await asked;
        };
        await open(false);
        expect(await page.locator('#username').textContent()).toBe('bob');
        expect(page.url()).toBe(`${origin}/#/`);
        await open(true);
        await page.locator('#username').getByText('mallory', { exact: true }).waitFor();
        expect(questions).toHaveLength(2);
        for (const question of questions) expect(question).toContain('You are signed in as bob');
      });

      it('the page asks before it signs in with a link that a page of another origin has opened', async () => {
        const { kontrol } = await startUiKontrol(pages);
        const link = await linkFor(kontrol, 'mallory');
        const kite = new Kite('other', '1.0.0', { port: 0, kiteKey: false, env: {}, logger: silentLogger });
        const html = `<!doctype html><meta name="referrer" content="no-referrer"><a href="${link}">more</a>`;
        kite.handleHttp('/', (_request, response) => {
          response.writeHead(200, { 'content-type': 'text/html' }).end(html);
        });
        onTestFinished(() => kite.close());
        await kite.listen();
        const { page } = await openPage(pages.browser(), `http://localhost:${kite.port}/`);
        page.removeAllListeners('dialog');
        const asked = page.waitForEvent('dialog').then(async (dialog) => {
          await dialog.dismiss();
          return dialog.message();
        });
        await page.getByText('more').click();
        expect(await asked).toMatch(/^Sign in with the link/);
        await page.getByRole('heading', { name: 'Sign in to Kontrol' }).waitFor();
      });

      it('the page accepts a kite key as pasted text or as a file, and stores it nowhere', async () => {
        const { kontrol, origin } = await startUiKontrol(pages);
        const key = await kontrol.newKiteKey('bob');
        const { page, requests } = await openPage(pages.browser(), `${origin}/`);
        await page.getByLabel('or its content').fill(` ${key}\n`);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await kiteLink(page, 'kontrol').waitFor();
        const kept = await page.evaluate(async () => ({
          address: location.href,
          stored: [localStorage.length, sessionStorage.length, document.cookie],
          databases: await indexedDB.databases(),
          shown: document.documentElement.outerHTML,
          typed: Array.from(document.querySelectorAll('input'), ({ value }) => value).join(''),
        }));
        expect(kept).toMatchObject({ address: `${origin}/`, stored: [0, 0, ''], databases: [], typed: '' });
        expect(JSON.stringify([kept, requests])).not.toContain(key.slice(0, 40));
        await page.getByRole('button', { name: 'Sign out' }).click();
        const file = join(temporaryFolder(), 'kite.key');
        await writeFile(file, key);
        await page.getByLabel('File, ').setInputFiles(file);
        await kiteLink(page, 'kontrol').waitFor();
      });

      it('the page reports why it rejects a kite key', async () => {
        const { origin } = await startUiKontrol(pages);
        const { kontrol: other } = await startKontrol({ keyPair: undefined });
        const { page } = await openPage(pages.browser(), `${origin}/`);
        const trouble = page.getByRole('alert');
        const signIn = async (text: string): Promise<string | null> => {
          await page.getByLabel('or its content').fill(text);
          await page.getByRole('button', { name: 'Sign in' }).click();
          await trouble.waitFor();
          return trouble.textContent();
        };
        expect(await signIn('')).toContain('Choose the file');
        expect(await signIn('what is that')).toContain('not a kite key');
        expect(await signIn(await other.newKiteKey('bob'))).toContain('not signed by this Kontrol');
      });

      it('the page stays signed in while it is open, although its token expires', async () => {
        const clock = new ManualClock();
        const hour = 3_600_000;
        const patient = { clock, limits: { idleTimeout: 0 } };
        const { kontrol } = await startUiKontrol(pages, {
          ...patient,
          tokenTtl: hour,
          timings: { lease: 10 * hour, storedLease: 10 * hour, grace: 10 * hour },
        });
        await startRegistered(kontrol, 'math', {
          ...patient,
          methods: (kite) => kite.handle('hello', () => 'hi'),
        });
        const { page } = await openPage(await pages.ownContext(), 'about:blank');
        const renewedUntil = lastTokenExpiry(page, '/kontrol');
        await page.clock.install({ time: clock.now() });
        await page.goto(await linkFor(kontrol, 'bob', { clock }));
        await kiteLink(page, 'math').waitFor();
        for (let passed = 0; passed < 3; passed++) {
          clock.advance(hour);
          await page.clock.fastForward(hour);
          // A page that has not renewed its token yet would be an hour too late after the next step.
          await expect.poll(renewedUntil, { timeout: 30_000 }).toBeGreaterThan(clock.now() + hour / 2);
        }
        await kiteLink(page, 'math').click();
        await page.getByRole('button', { name: 'hello' }).click();
        await page.getByRole('button', { name: 'Call', exact: true }).click();
        expect(await isVisible(page.getByText('"hi"', { exact: true }))).toBe(true);
      });

      it('the page forgets all credentials when the user signs out', async () => {
        const { page, kontrol } = await signedIn(pages);
        await startRegistered(kontrol, 'math');
        await kiteLink(page, 'math').click();
        await page.getByRole('heading', { name: 'Call' }).waitFor();
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.getByRole('heading', { name: 'Sign in to Kontrol' }).waitFor();
        expect(await rows(page)).toEqual([]);
        expect(await page.locator('#detail').innerHTML()).toBe('');
        // The last connection is the heartbeat of the kite to Kontrol; the page has closed all of its own.
        await expect.poll(() => kontrol.kite.connectionCount).toBe(1);
      });
    });

    describe('the list of kites', () => {
      it('the page shows within a second that a kite registered or deregistered, without polling', async () => {
        const { page, kontrol, requests } = await signedIn(pages);
        await page.evaluate(() => {
          const seen: Record<string, number> = {};
          const look = (): void => {
            const there = Array.from(
              document.querySelectorAll('a.kite'),
              ({ textContent }) => textContent,
            ).includes('math');
            if (there && !('come' in seen)) seen['come'] = Date.now();
            if (!there && 'come' in seen && !('gone' in seen)) seen['gone'] = Date.now();
          };
          new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
          Object.assign(globalThis, { seen });
        });
        const seen = (what: string): Promise<number | undefined> =>
          page.evaluate(
            (name) => (globalThis as unknown as { seen: Record<string, number> }).seen[name],
            what,
          );
        const requestCount = requests.length;
        const kite = await startRegistered(kontrol, 'math');
        const registeredAt = Date.now();
        await expect.poll(() => seen('come')).toBeGreaterThan(0);
        expect(((await seen('come')) ?? Infinity) - registeredAt).toBeLessThan(1000);
        await kite.close();
        const gone = Date.now();
        await expect.poll(() => seen('gone')).toBeGreaterThan(0);
        expect(((await seen('gone')) ?? Infinity) - gone).toBeLessThan(1000);
        expect(requests.slice(requestCount).filter((url) => !url.includes('/kite/'))).toEqual([]);
      });

      it('the page shows the user, host, uptime and latency or error of each kite', async () => {
        const { page, kontrol, origin } = await signedIn(pages);
        await startRegistered(kontrol, 'math');
        const key = await kontrol.newKiteKey('bob');
        await registerRaw(origin, key, {
          name: 'dead',
          id: randomUUID(),
          version: '2.0.0',
          hostname: 'far',
        });
        const row = (name: string) => page.getByRole('row').filter({ has: kiteLink(page, name) });
        await row('math')
          .getByText(/^\d+(\.\d)? ms$/)
          .waitFor();
        const cells = await row('math').getByRole('cell').allTextContents();
        expect(cells.slice(0, 4)).toEqual(['bob', 'prod', '1.0.0', 'eu']);
        expect(cells[5]).toMatch(/^\d+ s$/);
        await row('dead').getByText('no response').waitFor();
        await page.getByRole('status').filter({ hasText: '3 kites' }).waitFor();
      });

      it('the page shows for how long a kite is silent, in its row and in its panel, until it returns', async () => {
        const { page, kontrol } = await signedIn(pages);
        const link = await startCutLink(Number(new URL(kontrol.url).port));
        const kontrolUrl = `http://127.0.0.1:${link.port}/kite`;
        const math = await startRegistered(kontrol, 'math', { kontrolUrl });
        await math.registerForever();
        const row = page.getByRole('row').filter({ has: kiteLink(page, 'math') });
        await row.getByText(/^\d+ s$/).waitFor();
        link.block();
        await row.getByText(/^\d+ s, silent for \d+ s$/).waitFor();
        await kiteLink(page, 'math').click();
        const notice = page.getByText('The connection of this kite to Kontrol has dropped.');
        expect(await isVisible(notice)).toBe(true);
        link.restore();
        await notice.waitFor({ state: 'hidden' });
        await row.getByText(/^\d+ s$/).waitFor();
      });

      it('the list of kites can be searched, grouped, and filtered by the address of the page', async () => {
        const { page, kontrol, origin } = await signedIn(pages);
        await startRegistered(kontrol, 'math');
        await startRegistered(kontrol, 'math', { environment: 'staging' });
        await startRegistered(kontrol, 'greeter', { region: 'us' });
        await expect.poll(() => rows(page)).toEqual(['greeter', 'kontrol', 'math', 'math']);
        await page.getByLabel('Search').fill('prod us');
        await expect.poll(() => rows(page)).toEqual(['greeter']);
        await page.getByRole('status').filter({ hasText: '1 of 4 kites' }).waitFor();
        await page.getByLabel('Search').fill('nobody');
        await page.getByRole('heading', { name: 'No matching kites' }).waitFor();
        await page.keyboard.press('Escape');
        await expect.poll(() => rows(page)).toHaveLength(4);
        await page.getByLabel('Group by').selectOption('environment');
        expect(await page.locator('.group').allTextContents()).toEqual([
          'prod (2)',
          'staging (1)',
          'unknown (1)',
        ]);
        await page.goto(`${origin}/#/bob/prod/math`);
        await expect.poll(() => rows(page)).toEqual(['math']);
        expect(await page.locator('#filter-path').textContent()).toBe('/bob/prod/math');
        await kiteLink(page, 'math').click();
        await page.getByRole('heading', { name: 'math', level: 2 }).waitFor();
        expect(new URL(page.url()).hash).toMatch(/^#\/bob\/prod\/math\/1\.0\.0\/eu\/[^/]+\/[\da-f-]{36}$/);
        await page.goBack();
        await page.locator('#detail').waitFor({ state: 'hidden' });
        expect(await rows(page)).toEqual(['math']);
        await page.getByRole('link', { name: 'Show all' }).click();
        await expect.poll(() => rows(page)).toHaveLength(4);
        await page.goto(`${origin}/#/bob/prod/math/>= 2`);
        await page.getByRole('heading', { name: 'No matching kites' }).waitFor();
        await page.goto(`${origin}/#/bob//math`);
        await page.getByText('Query option is not set: environment').waitFor();
      });

      it('the page reports that the kite in its address is missing until it registers', async () => {
        const { page, kontrol, origin } = await signedIn(pages);
        const id = randomUUID();
        await page.goto(`${origin}/#/bob/prod/late/1.0.0/eu/vm/${id}`);
        const missing = page.getByText(`The kite /bob/prod/late/1.0.0/eu/vm/${id} is not registered.`);
        expect(await isVisible(missing)).toBe(true);
        await page.goto(`${origin}/#/bob`);
        await missing.waitFor({ state: 'hidden' });
        await page.goBack();
        expect(await isVisible(missing)).toBe(true);
        const key = await kontrol.newKiteKey('bob');
        await registerRaw(origin, key, { name: 'late', id });
        expect(await isVisible(page.getByRole('heading', { name: 'late', level: 2 }))).toBe(true);
        expect(await missing.isHidden()).toBe(true);
      });

      it('the page explains how to start a kite if none is registered', async () => {
        const { page } = await signedIn(pages, {
          policy: { name: 'none', allows: () => false },
        });
        await page.getByRole('heading', { name: 'No kite is registered' }).waitFor();
        expect(await isVisible(page.getByText('kitectl serve'))).toBe(true);
      });

      it('the page lists 500 kites first, and more on request', async () => {
        const { page, kontrol, origin } = await signedIn(pages);
        const key = await kontrol.newKiteKey('bob');
        for (let n = 0; n < 520; n += 20) {
          await Promise.all(
            Array.from({ length: 20 }, (_, m) =>
              registerRaw(origin, key, { name: `k${String(n + m)}`, id: randomUUID() }),
            ),
          );
        }
        await page.getByRole('status').filter({ hasText: '521 kites' }).waitFor();
        expect(await page.locator('a.kite').count()).toBe(500);
        await page.getByRole('button', { name: 'Show 21 more of 521' }).click();
        expect(await page.locator('a.kite').count()).toBe(521);
      });

      it("the page shows all kites to Kontrol's own user, who cannot call them", async () => {
        const { page, kontrol } = await signedIn(pages, { username: 'kontrol' });
        await startRegistered(kontrol, 'math');
        await kiteLink(page, 'math').click();
        await page.getByText('You can see this kite, but not call it.').waitFor();
        expect(await page.getByRole('button', { name: 'Call' }).count()).toBe(0);
      });

      it('the page reports that Kontrol is unreachable, and resumes when it is back', async () => {
        const { page, kontrol } = await signedIn(pages);
        const { storage } = await startKontrol();
        const { port } = kontrol.kite;
        await kontrol.close({ drainTimeout: 100 });
        await page.getByText('Connection lost').waitFor();
        const { kontrol: again } = await startUiKontrol(pages, { port, storage });
        await startRegistered(again, 'late');
        expect(await isVisible(kiteLink(page, 'late'))).toBe(true);
        expect(await isVisible(page.getByText('Connected', { exact: true }))).toBe(true);
      });
    });

    describe('calling a kite', () => {
      const methods = (kite: Kite): void => {
        kite.handle<[number], number>(
          'square',
          {
            description: 'The square of a number.',
            jsonSchema: { type: 'array', items: { type: 'number' } },
          },
          ({ args: [n] }) => n * n,
        );
        kite.handle<unknown[]>('echo', ({ args }) => args);
        kite.handle('fail', () => {
          throw new KiteError('quotaExceeded', 'no more today', { code: 'Q1' });
        });
        kite.handle(
          'wait',
          ({ signal }) =>
            new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => reject(new Error('aborted')));
            }),
        );
        kite.handle('tell', async ({ client }) => {
          await client.tell('log', 'I am', 7);
          return null;
        });
        kite.handle('chat', async ({ client }) => {
          for (let line = 0; line <= PRINTED_LINES; line++) await client.tell('log', `line ${line}`);
          return null;
        });
        kite.handle('nag', ({ client }) => client.tell('alert', 'boo'));
      };

      async function atKite(): Promise<{
        page: Page;
        alerts: readonly string[];
        call: (method: string, args?: string) => Promise<{ outcome: string; answer: string }>;
      }> {
        const { page, kontrol, alerts } = await signedIn(pages);
        await startRegistered(kontrol, 'math', { methods });
        await kiteLink(page, 'math').click();
        await page.getByRole('button', { name: 'square' }).waitFor();
        const call = async (method: string, args = '') => {
          await page.getByLabel('Method', { exact: true }).fill(method);
          await page.getByLabel('Arguments', { exact: true }).fill(args);
          await page.getByRole('button', { name: 'Call', exact: true }).click();
          await page.locator('.outcome.answered, .outcome.failed').waitFor();
          return {
            outcome: (await page.locator('.outcome').textContent()) ?? '',
            answer: (await page.getByLabel('Answer').textContent()) ?? '',
          };
        };
        return { page, alerts, call };
      }

      it('the page sends and shows numbers that JavaScript cannot represent as they are written', async () => {
        const { page, kontrol } = await signedIn(pages);
        const arrived: unknown[] = [];
        await startRegistered(kontrol, 'math', {
          numbers: 'literal',
          methods: (kite) => {
            kite.handle('echo', async ({ args, client }) => {
              arrived.push(stringifyLiterals(args));
              await client.tell('kite.print', ...args);
              return args;
            });
          },
        });
        await kiteLink(page, 'math').click();
        await page.getByRole('button', { name: 'echo' }).waitFor();
        await page.getByLabel('Method', { exact: true }).fill('echo');
        await page.getByLabel('Arguments', { exact: true }).fill(HOSTILE_NUMBERS.join('\n'));
        await page.getByRole('button', { name: 'Call', exact: true }).click();
        await page.locator('.outcome.answered').waitFor();
        const answer = await page.getByLabel('Answer').textContent();
        expect(answer?.replaceAll(/\s/g, '')).toBe(`[${HOSTILE_NUMBERS.join(',')}]`);
        expect(arrived).toEqual([`[${HOSTILE_NUMBERS.join(',')}]`]);
        expect(await isVisible(page.getByText(HOSTILE_NUMBERS.join(' '), { exact: true }).first())).toBe(
          true,
        );
        await page.getByLabel('Arguments', { exact: true }).fill('{a:1}');
        await page.getByRole('button', { name: 'Call', exact: true }).click();
        await page.locator('.outcome.failed').waitFor();
        expect(await page.getByLabel('Answer').textContent()).toContain(
          'The argument is not valid JSON: expected a property name in double quotes or "}" at character 2',
        );
        console.log(
          `values: ${3 * HOSTILE_NUMBERS.length} cases, as arguments, answer and output of the page`,
        );
      });

      it('the page lists the methods of a kite and shows their results', async () => {
        const { page, call } = await atKite();
        await page.getByText('The square of a number.').waitFor();
        await page.getByRole('button', { name: 'square' }).click();
        expect(await page.getByLabel('Method', { exact: true }).inputValue()).toBe('square');
        const squared = await call('square', '12');
        expect(squared.outcome).toMatch(/^square answered after \d+(\.\d)? ms\.$/);
        expect(squared.answer).toBe('144');
        expect((await call('echo', '{"a":[1]}\ntext\ntrue')).answer).toBe(
          JSON.stringify([{ a: [1] }, 'text', true], null, 2),
        );
        await page.getByText('kitectl call echo --to /bob/prod/math -- \'{"a":[1]}\' text true').waitFor();
      });

      it('the page shows the error of a method and that a method is missing', async () => {
        const { call } = await atKite();
        const failed = await call('fail');
        expect(failed.outcome).toMatch(/^fail failed after .* \(quotaExceeded, Q1\)\.$/);
        expect(failed.answer).toBe('no more today');
        expect((await call('nothing')).answer).toContain('Method not found: nothing');
      });

      it('the page waits for a call without a timeout', async () => {
        const { page } = await atKite();
        await page.getByLabel('Method', { exact: true }).fill('wait');
        await page.getByRole('button', { name: 'Call', exact: true }).click();
        await page.getByRole('button', { name: 'Cancel' }).click();
        expect(await isVisible(page.getByText('Canceled.'))).toBe(true);
      });

      it('the page shows what a kite logs during a call, and rejects its other calls', async () => {
        const { page, alerts, call } = await atKite();
        await call('tell');
        await page.getByLabel('Output of the kite').getByText('I am 7').waitFor();
        expect((await call('nag')).outcome).toContain('authenticationError');
        expect(alerts).toEqual([]);
      });

      it('the page shows the last PRINTED_LINES lines that a kite logs during a call', async () => {
        const { page, call } = await atKite();
        await call('chat');
        const lines = page.getByLabel('Output of the kite').locator('li');
        await lines.getByText(`line ${PRINTED_LINES}`, { exact: true }).waitFor();
        expect(await lines.count()).toBe(PRINTED_LINES);
        expect(await lines.first().textContent()).toBe('line 1');
      });

      it('the page calls methods of a kite that does not list them', async () => {
        const { page, kontrol } = await signedIn(pages);
        await startRegistered(kontrol, 'old', {
          methods: (kite) => {
            methods(kite);
            kite.handle('kite.describe', () => {
              throw new KiteError('methodNotFound', 'Method not found: kite.describe');
            });
          },
        });
        await kiteLink(page, 'old').click();
        await page.getByText('Enter the name of a method to call it.').waitFor();
        await page.getByLabel('Method', { exact: true }).fill('square');
        await page.getByLabel('Arguments', { exact: true }).fill('3');
        await page.keyboard.press('Control+Enter');
        expect(await isVisible(page.getByText('9', { exact: true }))).toBe(true);
      });

      it('the page reports that its kite disconnected', async () => {
        const { page, kontrol } = await signedIn(pages);
        const kite = await startRegistered(kontrol, 'math', { methods });
        await kiteLink(page, 'math').click();
        await page.getByRole('button', { name: 'square' }).waitFor();
        await kite.close({ drainTimeout: 100 });
        expect(await isVisible(page.getByText('no longer registered'))).toBe(true);
      });
    });

    it('the page can be used with the keyboard alone', async () => {
      const { page, kontrol } = await signedIn(pages);
      await startRegistered(kontrol, 'alpha', {
        methods: (kite) => kite.handle<[number]>('square', ({ args: [n] }) => n * n),
      });
      await startRegistered(kontrol, 'beta');
      await kiteLink(page, 'beta').waitFor();
      const focused = (): Promise<string> =>
        page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
      await page.keyboard.press('/');
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('search');
      await page.keyboard.type('bob');
      await expect.poll(() => rows(page)).toEqual(['alpha', 'beta']);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
      expect(await focused()).toBe('alpha');
      await page.keyboard.press('ArrowDown');
      expect(await focused()).toBe('beta');
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'square' }).waitFor();
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('detail');
      await page.keyboard.press('Tab');
      expect(await focused()).toBe('Close');
      await page.keyboard.press('Tab');
      expect(await focused()).toBe('square');
      await page.keyboard.press('Enter');
      await page.keyboard.type('5');
      await page.keyboard.press('Control+Enter');
      await page.getByText('25', { exact: true }).waitFor();
      await page.keyboard.press('Escape');
      await page.locator('#detail').waitFor({ state: 'hidden' });
      expect(await focused()).toBe('alpha');
    });
  });
});
