import { describe, expect, it } from 'vitest';
import type { ArgsSchema, Client } from '../../../src/lib/browser.js';
import type { RemoteFunction } from '../../../src/lib/index.js';
import { chromiumInstalled, openPage, skipped } from '../../helpers/browser/chromium.js';
import type { PageGlobals } from '../../helpers/browser/in-page.js';
import { startKite } from '../../helpers/browser/page-server.js';
import { useChromium } from '../../helpers/browser/use-chromium.js';
import { ALL_TRANSPORTS, WEB_SOCKET_TRANSPORTS } from '../../helpers/transport/transports.js';

declare const self: PageGlobals;

const { browser, files } = useChromium();

/** The pages with each library, and its transports. */
const LIBRARIES = [
  { path: '/core', transports: WEB_SOCKET_TRANSPORTS },
  { path: '/', transports: ALL_TRANSPORTS },
  { path: '/webrtc', transports: ALL_TRANSPORTS },
];
const CASES = LIBRARIES.flatMap(({ path, transports }) =>
  transports.map((transport) => ({ path, transport })),
);

async function startFeatureKite(): Promise<string> {
  const { kite, base } = await startKite(files());
  kite.handle('echo', ({ args }) => args).disableAuthentication();
  kite
    .handle('count', async function* ({ args: [to] }) {
      for (let n = 1; n <= Number(to); n++) yield await Promise.resolve(n);
      return 'end';
    })
    .disableAuthentication();
  kite
    .handle<[RemoteFunction<[number], number>]>('back', async ({ args: [call], client }) => [
      await call(7),
      await client.tell('double', 21),
    ])
    .disableAuthentication();
  kite
    .handle<[AsyncIterable<number>], number>('sum', async ({ args: [numbers] }) => {
      let sum = 0;
      for await (const n of numbers) sum += n;
      return sum;
    })
    .disableAuthentication();
  kite
    .handle(
      'wait',
      ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', reject)),
    )
    .disableAuthentication();
  return base;
}

describe.skipIf(!chromiumInstalled)(`what a page does with each of its libraries${skipped}`, () => {
  it.each(CASES)(
    'the library at $path calls, streams, cancels, and exchanges values and callbacks over $transport',
    async ({ path, transport }) => {
      const { page } = await openPage(browser(), (await startFeatureKite()) + path);
      const seen = await page.evaluate(async (way) => {
        const kite = new self.kitectl.Kite('page', '1.0.0', { transport: way });
        // The schema derives JSON Schema, as that of arktype does.
        const args: ArgsSchema<[number]> & { toJsonSchema(): object } = {
          '~standard': {
            version: 1,
            vendor: 'test',
            validate: (value) =>
              typeof (value as unknown[])[0] === 'number'
                ? { value: value as [number] }
                : { issues: [{ message: 'not a number' }] },
          },
          toJsonSchema: () => ({ type: 'array' }),
        };
        kite.methods({ double: { args, handler: ({ args: [n] }) => 2 * n } });
        const client: Client = kite.newClient('/kite');
        await client.dial();
        const count = client.stream('count', 300);
        let items = 0;
        for await (const item of count) items += Number(item);
        const bytes = new Uint8Array(100_000).fill(7);
        const values = [new Date(5), 12n, new Map([['a', new Set([-0])]]), bytes, new RangeError('far')];
        const back = await client.tell<typeof values>('echo', ...values);
        async function* numbers(): AsyncGenerator<number> {
          for (let n = 1; n <= 4; n++) yield await Promise.resolve(n);
        }
        const outcome = (promise: Promise<unknown>): Promise<unknown> =>
          promise.catch((error: unknown) => (self.kitectl.isKiteError(error) ? error.type : String(error)));
        const abort = new AbortController();
        const waiting = outcome(client.call('wait', [], { signal: abort.signal, metadata: { a: 'b' } }));
        abort.abort(new self.kitectl.KiteError('canceled', 'enough'));
        const result = {
          items,
          end: await count.result,
          back: await client.tell('back', (n: number) => n + 1),
          sum: await client.tell('sum', numbers()),
          kinds: back.map((value) => Object.prototype.toString.call(value).slice(8, -1)),
          same: (back[3] as Uint8Array).every((byte) => byte === 7) && back[1] === 12n,
          missing: await outcome(client.tell('missing')),
          waiting: await waiting,
          unsendable: await outcome(client.tell('echo', new WeakMap())),
          extensions: client.extensions?.has('stream'),
          byName: [await client.method['kite.ping']?.(), await client.method['echo']?.(4)],
          names: [
            typeof client.method['then'],
            typeof client.method['toJSON'],
            typeof client.method['constructor'],
          ],
          schema: kite.describe().methods.find(({ name }) => name === 'double')?.jsonSchema,
        };
        await kite.close();
        return { ...result, closed: await outcome(client.tell('echo')) };
      }, transport);
      expect(seen).toEqual({
        items: 45_150,
        end: 'end',
        back: [8, 42],
        sum: 10,
        kinds: ['Date', 'BigInt', 'Map', 'Uint8Array', 'Error'],
        same: true,
        missing: 'methodNotFound',
        waiting: 'canceled',
        unsendable: 'argumentError',
        extensions: true,
        byName: ['pong', [4]],
        names: ['undefined', 'undefined', 'function'],
        schema: { type: 'array' },
        closed: 'disconnect',
      });
    },
  );
});
