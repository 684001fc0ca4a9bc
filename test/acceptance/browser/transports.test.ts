import type { BrowserContext } from 'playwright-core';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite, type Peer, type RemoteFunction, type Transport } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { chromiumInstalled, openPage, type OpenPage, skipped } from '../../helpers/browser/chromium.js';
import { useChromium } from '../../helpers/browser/use-chromium.js';
import type { PageGlobals } from '../../helpers/browser/in-page.js';
import { policy, serveFiles, startKite, startPageServer } from '../../helpers/browser/page-server.js';
import { startCounter } from '../../helpers/transport/web-socket-recorder.js';
import { ALL_TRANSPORTS } from '../../helpers/transport/transports.js';

declare const self: PageGlobals;

/** A kite in the page, and its client of the kite that served the page. */
async function dialFromPage(browser: BrowserContext, url: string, transport: Transport): Promise<OpenPage> {
  const opened = await openPage(browser, url);
  await opened.page.evaluate(async (way) => {
    self.kite = new self.kitectl.Kite('page', '1.0.0', { transport: way });
    self.client = self.kite.newClient('/kite', { backoff: { initial: 1, max: 20 } });
    await self.client.dial();
  }, transport);
  return opened;
}

type AnyPeer = Peer<Record<string, unknown>, Record<string, unknown[]>>;

function connected(kite: Kite): Promise<AnyPeer> {
  return new Promise((resolve) => kite.once('connect', (peer) => resolve(peer as unknown as AnyPeer)));
}

const { browser, files } = useChromium();

describe.skipIf(!chromiumInstalled)(`a browser page${skipped}`, () => {
  describe.each(ALL_TRANSPORTS)('a page over %s', (transport) => {
    it('a page and a kite call each other, with callbacks in both directions, under a strict content policy', async () => {
      const { kite, base } = await startKite(files());
      kite
        .handle<[number, RemoteFunction<[number]>]>('count', ({ args: [to, onCount] }) => {
          for (let n = 1; n <= to; n++) onCount(n);
          return to;
        })
        .disableAuthentication();
      const peer = connected(kite);
      const { page, alerts, written, sockets, requests } = await dialFromPage(browser(), base, transport);
      const counted = await page.evaluate(async () => {
        self.kite.handle<[number, (n: number) => void], string>('each', ({ args: [to, call] }) => {
          for (let n = 1; n <= to; n++) call(n);
          return 'done';
        });
        const seen: number[] = [];
        const to = await self.client.tell('count', 3, (n: number) => seen.push(n));
        return { to, seen, square: await self.client.tell('square', 4) };
      });
      expect(counted).toEqual({ to: 3, seen: [1, 2, 3], square: 16 });
      const remote = await peer;
      const seen: number[] = [];
      expect(await remote.tell('each', 2, (n: number) => seen.push(n))).toBe('done');
      expect(seen).toEqual([1, 2]);
      expect(await remote.tell('log', '100 %s of', 7)).toBeNull();
      expect(await remote.tell('alert', 'Look!')).toBeNull();
      expect(await remote.tell('kite.log', 'a line')).toBeNull();
      expect(await remote.tell('kite.ping')).toBe('pong');
      const { methods } = await remote.tell<{ methods: { name: string }[] }>('kite.describe');
      expect(methods.map(({ name }) => name)).toEqual([
        'alert',
        'each',
        'kite.describe',
        'kite.log',
        'kite.ping',
        'log',
      ]);
      expect(alerts).toEqual(['Look!']);
      await expect.poll(() => written).toEqual(['%s 100 %s of 7', '%s a remote kite: a line']);
      expect(sockets).toHaveLength(transport === 'XHRPolling' ? 0 : 1);
      expect(requests.some((url) => /\/xhr\?/.test(url))).toBe(transport === 'XHRPolling');
    });

    it('a page exchanges any character, and messages of a megabyte in order', async () => {
      const { kite, base } = await startKite(files());
      kite.handle('echo', ({ args }) => args).disableAuthentication();
      const { page } = await dialFromPage(browser(), base, transport);
      const result = await page.evaluate(async () => {
        const large = 'ü\u2028\u0000"\\👪'.repeat(100_000);
        const calls = [large, ...Array.from({ length: 50 }, (_, n) => n)].map((argument) =>
          self.client.tell<unknown[]>('echo', argument),
        );
        const [first, ...rest] = await Promise.all(calls);
        return { same: first?.[0] === large, order: rest.flat() };
      });
      expect(result).toEqual({ same: true, order: Array.from({ length: 50 }, (_, n) => n) });
    });

    it('a page exchanges bytes with a kite, a MiB as a first call, and without base64 over WebSocket', async () => {
      const { kite, base } = await startKite(files());
      kite.handle('echo', ({ args }) => args).disableAuthentication();
      const counter = await startCounter(kite.port ?? 0);
      const url = base.replace(`:${kite.port}`, `:${counter.port}`);
      const { page } = await dialFromPage(browser(), url, transport);
      const before = [counter.sent(), counter.received()];
      const result = await page.evaluate(async () => {
        const large = new Uint8Array(1024 * 1024).map((_, index) => index % 251);
        const floats = new Float64Array([1.5, 2.5]);
        const [answer, view] = await self.client.tell<[Uint8Array, Uint8Array]>('echo', large, floats);
        return {
          same: answer.length === large.length && answer.every((byte, index) => byte === large[index]),
          floats: [...new Float64Array(view.buffer, view.byteOffset, 2)],
        };
      });
      expect(result).toEqual({ same: true, floats: [1.5, 2.5] });
      const bytes = [counter.sent(), counter.received()].map((count, index) => count - (before[index] ?? 0));
      console.log(`1 MiB from Chromium over ${transport}: ${bytes.join(' and ')} bytes`);
      if (transport !== 'XHRPolling')
        for (const count of bytes) expect(count).toBeLessThan(1.01 * 1024 * 1024);
    });

    it('a page detects at once that its kite closed, and reconnects when the kite is back', async () => {
      const { kite, base } = await startKite(files());
      const { page } = await dialFromPage(browser(), base, transport);
      await page.evaluate(() => {
        self.events = [];
        self.client.on('disconnect', (code) => self.events.push(`disconnect ${code}`));
        self.client.on('connect', () => self.events.push('connect'));
        return self.client.dialForever();
      });
      const { port } = kite;
      await kite.close({ drainTimeout: 100 });
      await expect.poll(() => page.evaluate(() => self.events)).toEqual(['disconnect 1012']);
      expect(
        await page.evaluate(() =>
          self.client.tell('square', 1).catch((error: { type: string }) => error.type),
        ),
      ).toBe('disconnect');
      await startKite(files(), { port: port ?? 0 });
      await expect.poll(() => page.evaluate(() => self.events)).toEqual(['disconnect 1012', 'connect']);
      expect(await page.evaluate(() => self.client.tell('square', 5))).toBe(25);
    });
  });

  it('a page falls back from WebSocket to polling if WebSocket connections fail', async () => {
    // A server or proxy that does not support upgrades.
    const kite = new Kite('math', '1.0.0', { kiteKey: false, env: {}, logger: silentLogger });
    kite.handle<[number]>('square', ({ args: [n] }) => n * n).disableAuthentication();
    const serve = serveFiles(files(), policy());
    const server = createServer((request, response) => {
      if (!kite.handleRequest(request, response)) serve(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      await kite.close({ drainTimeout: 100 });
      server.closeAllConnections();
      server.close();
    });
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { page, sockets, requests } = await dialFromPage(browser(), base, 'auto');
    expect(await page.evaluate(() => self.client.tell('square', 4))).toBe(16);
    expect(sockets).toHaveLength(1);
    expect(requests.filter((url) => /\/xhr\?/.test(url)).length).toBeGreaterThan(0);
  });

  it('a page falls back to polling at once if its content policy forbids WebSockets', async () => {
    const { base } = await startKite(files());
    const { port } = await startPageServer(files(), policy('http://127.0.0.1:*'));
    const { page } = await openPage(browser(), `http://127.0.0.1:${port}/`, { breaksPolicy: true });
    const square = await page.evaluate(async (url) => {
      // Longer than the timeout of the test.
      const client = new self.kitectl.Kite('page', '1.0.0', { handshakeTimeout: 60_000 }).newClient(url);
      await client.dial();
      return client.tell('square', 4);
    }, `${base}/kite`);
    expect(square).toBe(16);
  });

  it('a page reports which URL it could not reach and where to look', async () => {
    const { base } = await startKite(files());
    const { page } = await openPage(browser(), base);
    const failures = await page.evaluate(async () => {
      const kite = new self.kitectl.Kite('page', '1.0.0');
      const outcome = (url: string): Promise<unknown> =>
        kite
          .newClient(url)
          .dial()
          .catch(({ type, code, message }: { type: string; code: string; message: string }) => ({
            type,
            code,
            message,
          }));
      return [await outcome('/nothing'), await outcome('gopher://kite')];
    });
    expect(failures).toEqual([
      { type: 'disconnect', code: 'handshake', message: expect.stringContaining('HTTP 404') as string },
      { type: 'disconnect', code: 'invalidUrl', message: expect.stringContaining('gopher') as string },
    ]);
  });

  it('the bundle works as a module, and a page calls only methods that its trustRemote allows', async () => {
    const { kite, base } = await startKite(files());
    const peer = connected(kite);
    const { page, alerts } = await openPage(browser(), `${base}/module`);
    await page.evaluate(async () => {
      self.kite = new self.kitectl.Kite('page', '1.0.0');
      self.client = self.kite.newClient('/kite', { trustRemote: ['log'] });
      await self.client.dial();
    });
    const remote = await peer;
    expect(await remote.tell('log', 'trusted')).toBeNull();
    await expect(remote.tell('alert', 'untrusted')).rejects.toMatchObject({ type: 'authenticationError' });
    expect(alerts).toEqual([]);
  });
});
