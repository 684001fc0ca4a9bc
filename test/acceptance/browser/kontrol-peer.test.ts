import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import type { Kontrol } from '../../../src/lib/kontrol.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';
import { chromiumInstalled, openPage, type OpenPage, skipped } from '../../helpers/browser/chromium.js';
import { type Pages, useChromium } from '../../helpers/browser/use-chromium.js';
import type { PageGlobals } from '../../helpers/browser/in-page.js';
import { policy, startPageServer } from '../../helpers/browser/page-server.js';

declare const self: PageGlobals;

async function mathKite(kontrol: Kontrol, clock?: ManualClock): Promise<Kite> {
  const kite = new Kite('math', '1.0.0', {
    port: 0,
    kiteKey: await kontrol.newKiteKey('bob'),
    kontrolUrl: kontrol.url,
    environment: 'prod',
    env: {},
    logger: silentLogger,
    // Hours pass without a message.
    ...(clock && { clock, limits: { idleTimeout: 0 } }),
  });
  kite.handle<[number], number>('square', ({ args: [n] }) => n * n);
  kite.handle('whoami', ({ username }) => username);
  onTestFinished(() => kite.close({ drainTimeout: 100 }));
  await kite.listen();
  await kite.register();
  return kite;
}

/** A page of another server on this machine, signed in at Kontrol as bob. The clock of `/clock` can be advanced. */
async function signedIn({ browser, files }: Pages, kontrol: Kontrol, path = '/'): Promise<OpenPage> {
  const { port } = await startPageServer(files(), policy('http://127.0.0.1:* ws://127.0.0.1:*'));
  const opened = await openPage(browser(), `http://127.0.0.1:${port}${path}`);
  await opened.page.evaluate(
    ({ url, key, now }) => {
      if (self.ManualClock) self.clock = new self.ManualClock(now);
      self.kite = new self.kitectl.Kite('page', '1.0.0', {
        clock: self.clock,
        timeout: 0,
        limits: { idleTimeout: 0 },
      });
      self.kontrol = self.kite.kontrol({
        url,
        auth: { type: 'kiteKey', key },
        backoff: { initial: 1, max: 20 },
      });
      self.events = [];
    },
    { url: kontrol.kite.url ?? '', key: await kontrol.newKiteKey('bob'), now: new ManualClock().now() },
  );
  return opened;
}

const pages = useChromium();

describe.skipIf(!chromiumInstalled)(`a browser page${skipped}`, () => {
  describe('a page with Kontrol', () => {
    it('a page finds kites and calls them with the tokens that Kontrol returns', async () => {
      const { kontrol } = await startKontrol();
      await mathKite(kontrol);
      const { page } = await signedIn(pages, kontrol);
      const answers = await page.evaluate(async () => {
        const query = { username: 'bob', environment: 'prod', name: 'math' };
        const [found, ...others] = await self.kontrol.getKites(query);
        const client = found?.client();
        await client?.dial();
        const token = await self.kontrol.getToken(query);
        return {
          others,
          path: found && self.kitectl.kitePath(found.kite).split('/').slice(0, 5).join('/'),
          square: await client?.tell('square', 4),
          whoami: await client?.tell('whoami'),
          token: token.split('.').length,
          none: await self.kontrol.getKites({ ...query, name: 'other' }),
        };
      });
      expect(answers).toEqual({
        others: [],
        path: '/bob/prod/math/1.0.0',
        square: 16,
        whoami: 'bob',
        token: 3,
        none: [],
      });
    });

    it('a page watches kites register and deregister, also after Kontrol restarts', async () => {
      const { kontrol, storage } = await startKontrol();
      const { page } = await signedIn(pages, kontrol);
      await page.evaluate(() =>
        self.kontrol.watchKites({ username: 'bob', environment: 'prod' }, ({ action, kite }) =>
          self.events.push(`${action} ${kite.kite.name}`),
        ),
      );
      const events = (): Promise<string[]> => page.evaluate(() => self.events);
      const kite = await mathKite(kontrol);
      await expect.poll(events).toEqual(['REGISTER math']);
      await kite.close();
      await expect.poll(events).toEqual(['REGISTER math', 'DEREGISTER math']);
      const { port } = kontrol.kite;
      await kontrol.close({ drainTimeout: 100 });
      const { kontrol: again } = await startKontrol({ port, storage });
      await mathKite(again);
      await expect.poll(events).toEqual(['REGISTER math', 'DEREGISTER math', 'REGISTER math']);
    });

    it('a page renews a token before it expires, and at once after a kite rejects it', async () => {
      const clock = new ManualClock();
      const ttl = 60 * MINUTE;
      const { kontrol } = await startKontrol({
        clock,
        tokenTtl: ttl,
        limits: { idleTimeout: 0 },
        timings: { lease: 10 * ttl, storedLease: 10 * ttl, grace: 10 * ttl },
      });
      await mathKite(kontrol, clock);
      const { page } = await signedIn(pages, kontrol, '/clock');
      await page.evaluate(async () => {
        const [found] = await self.kontrol.getKites({ username: 'bob', environment: 'prod' });
        if (!found) throw new Error('There is no such kite');
        self.client = found.client();
        self.client.on('tokenRenew', () => self.events.push('renewed'));
        await self.client.dial();
      });
      const squareAfter = (ms: number): Promise<unknown> =>
        page.evaluate((passed) => {
          self.clock.advance(passed);
          return self.client.tell('square', 4);
        }, ms);
      const renewals = (): Promise<number> => page.evaluate(() => self.events.length);
      // A token is valid for five more minutes, the maximum clock skew.
      clock.advance(ttl + 4 * MINUTE);
      expect(await squareAfter(ttl + 4 * MINUTE)).toBe(16);
      expect(await renewals()).toBe(0);
      clock.advance(MINUTE - 1000);
      expect(await squareAfter(MINUTE - 1000)).toBe(16);
      await expect.poll(renewals).toBe(1);
      clock.advance(MINUTE);
      expect(await squareAfter(MINUTE)).toBe(16);
      expect(await renewals()).toBe(1);
      // The clock of the page is slow.
      clock.advance(ttl + 10 * MINUTE);
      expect(await squareAfter(0)).toBe(16);
      expect(await renewals()).toBe(2);
    });
  });
});

const MINUTE = 60_000;
