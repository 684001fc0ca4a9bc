import { describe, expect, it } from 'vitest';
import type { Client } from '../../../src/lib/browser-core.js';
import type { RemoteFunction } from '../../../src/lib/index.js';
import { chromiumInstalled, openPage, skipped } from '../../helpers/browser/chromium.js';
import type { CoreGlobals } from '../../helpers/browser/in-page.js';
import { startKite } from '../../helpers/browser/page-server.js';
import { useChromium } from '../../helpers/browser/use-chromium.js';
import { WEB_SOCKET_TRANSPORTS } from '../../helpers/transport/transports.js';

declare const self: CoreGlobals;

const { browser, files } = useChromium();

describe.skipIf(!chromiumInstalled)(`a page with the smallest library${skipped}`, () => {
  it.each(WEB_SOCKET_TRANSPORTS)(
    'a page with the smallest library calls, streams, and exchanges values and callbacks over %s',
    async (transport) => {
      const { kite, base } = await startKite(files());
      kite.handle('echo', ({ args }) => args).disableAuthentication();
      kite
        .handle('count', async function* ({ args: [to] }) {
          for (let n = 1; n <= Number(to); n++) yield await Promise.resolve(n);
          return 'end';
        })
        .disableAuthentication();
      kite
        .handle<[RemoteFunction<[number]>]>('back', async ({ args: [call], client }) => {
          call(7);
          return client.tell('double', 21);
        })
        .disableAuthentication();
      kite
        .handle<[AsyncIterable<number>], number>('sum', async ({ args: [numbers] }) => {
          let sum = 0;
          for await (const n of numbers) sum += n;
          return sum;
        })
        .disableAuthentication();
      const { page, sockets, requests } = await openPage(browser(), `${base}/core`);
      const seen = await page.evaluate(async (way) => {
        const kite = new self.kitectl.Kite('page', '1.0.0', { transport: way });
        kite.handle<[number], number>('double', ({ args: [n] }) => 2 * n);
        const client: Client = kite.newClient('/kite');
        await client.dial();
        const calls: number[] = [];
        const items: unknown[] = [];
        const count = client.stream('count', 3);
        for await (const item of count) items.push(item);
        const values = [new Date(5), 12n, new Map([['a', new Set([-0])]]), new Uint8Array([1, 2])];
        const back = (await client.tell('echo', ...values)) as typeof values;
        async function* numbers(): AsyncGenerator<number> {
          for (let n = 1; n <= 4; n++) yield await Promise.resolve(n);
        }
        const failed = await client.tell('missing').catch((error: unknown) => error);
        const result = {
          items,
          end: await count.result,
          back: await client.tell('back', (n: number) => calls.push(n)),
          calls,
          sum: await client.tell('sum', numbers()),
          kinds: back.map((value) => Object.prototype.toString.call(value).slice(8, -1)),
          same: (back[0] as Date).getTime() === 5 && back[1] === 12n && (back[3] as Uint8Array)[1] === 2,
          failed: self.kitectl.isKiteError(failed, 'methodNotFound'),
        };
        await kite.close();
        return result;
      }, transport);
      expect(seen).toEqual({
        items: [1, 2, 3],
        end: 'end',
        back: 42,
        calls: [7],
        sum: 10,
        kinds: ['Date', 'BigInt', 'Map', 'Uint8Array'],
        same: true,
        failed: true,
      });
      expect(sockets).toHaveLength(1);
      expect(requests.filter((url) => /xhr/.test(url))).toEqual([]);
    },
  );

  it('a page with the smallest library reconnects when its kite is back', async () => {
    const { kite, base } = await startKite(files());
    const { page } = await openPage(browser(), `${base}/core`);
    const client = await page.evaluateHandle(async () => {
      const own = new self.kitectl.Kite('page', '1.0.0').newClient('/kite', {
        backoff: { initial: 1, max: 20 },
      });
      await own.dialForever();
      return own;
    });
    const { port } = kite;
    await kite.close({ drainTimeout: 100 });
    await expect.poll(() => client.evaluate((own) => own.connected)).toBe(false);
    await startKite(files(), { port: port ?? 0 });
    await expect.poll(() => client.evaluate((own) => own.connected)).toBe(true);
    expect(await client.evaluate((own) => own.tell('square', 5))).toBe(25);
  });
});
