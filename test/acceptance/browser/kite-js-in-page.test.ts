import type KiteJs from 'kite.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { chromiumInstalled, openPage, type OpenPage, skipped } from '../../helpers/browser/chromium.js';
import { useChromium } from '../../helpers/browser/use-chromium.js';
import type { PageGlobals } from '../../helpers/browser/in-page.js';
import { policy, startKite, startPageServer } from '../../helpers/browser/page-server.js';

/** The globals that the bundle of kite.js sets on the page. */
declare const self: PageGlobals & Pick<typeof KiteJs, 'Kite' | 'Kontrol'>;

const { browser, files } = useChromium();

describe.skipIf(!chromiumInstalled)(`a browser page${skipped}`, () => {
  /** A page that loads the bundle of kite.js and that of this package. */
  async function bothLibraries(): Promise<OpenPage> {
    const { port } = await startPageServer(files(), policy('http://127.0.0.1:* ws://127.0.0.1:*'));
    return openPage(browser(), `http://127.0.0.1:${port}/both`);
  }

  describe('the bundle of kite.js', () => {
    it.each(['WebSocket', 'SockJS'] as const)(
      'kite.js in a page calls the methods of a kite over %s and is called back',
      async (way) => {
        const { kite } = await startKite(files());
        kite
          .handle(
            'greet',
            async ({ client }) => `The page says ${await client.tell<string>('hello', 'kite')}`,
          )
          .disableAuthentication();
        const { page } = await bothLibraries();
        const answers = await page.evaluate(
          async ({ url, transport }) => {
            const remote = new self.Kite({
              url: transport === 'WebSocket' ? `${url.replace('http', 'ws')}/websocket` : url,
              transportClass: self.Kite.transport[transport],
              autoConnect: false,
              autoReconnect: false,
              logLevel: 0,
              api: {
                hello: (name: string, done: (error: null, text: string) => void) => done(null, `hi, ${name}`),
              },
            });
            const open = new Promise<void>((resolve) => remote.on('open', () => resolve()));
            remote.connect();
            await open;
            const ours = new self.kitectl.Kite('page', '1.0.0').newClient(url);
            await ours.dial();
            return [
              await remote.tell('square', [4]),
              await remote.tell('greet', []),
              await ours.tell('square', 5),
            ];
          },
          { url: kite.url ?? '', transport: way },
        );
        expect(answers).toEqual([16, 'The page says hi, kite', 25]);
      },
    );

    it('kite.js in a page finds a kite at Kontrol and calls it with the token', async () => {
      const { kontrol } = await startKontrol();
      const key = await kontrol.newKiteKey('bob');
      const kite = new Kite('math', '1.0.0', {
        port: 0,
        kiteKey: key,
        kontrolUrl: kontrol.url,
        environment: 'prod',
        env: {},
        logger: silentLogger,
      });
      kite.handle<[number]>('square', ({ args: [n], username }) => `${username}: ${n * n}`);
      onTestFinished(() => kite.close({ drainTimeout: 100 }));
      await kite.listen();
      await kite.register();
      const { page } = await bothLibraries();
      const answer = await page.evaluate(
        async ({ url, auth }) => {
          const kontrolJs = new self.Kontrol({
            url,
            auth,
            username: 'bob',
            transportClass: self.Kite.transport.SockJS,
            autoConnect: false,
            logLevel: 0,
          });
          kontrolJs.authenticate();
          const open = new Promise<void>((resolve) => kontrolJs.once('open', () => resolve()));
          kontrolJs.connect();
          await open;
          const found = await kontrolJs.fetchKite({
            query: { username: 'bob', environment: 'prod', name: 'math' },
          });
          const connected = new Promise<void>((resolve) => found.on('open', () => resolve()));
          found.connect();
          await connected;
          return new Promise((resolve, reject) => {
            void found.tell('square', [4], (error: unknown, result: unknown) =>
              error ? reject(new Error(JSON.stringify(error))) : resolve(result),
            );
          });
        },
        { url: kontrol.kite.url ?? '', auth: { type: 'kiteKey', key } },
      );
      expect(answer).toBe('bob: 16');
    });
  });
});
