import { describe, expect, it } from 'vitest';
import type { Kontrol } from '../../src/lib/kontrol/index.js';
import { startKontrol } from '../helpers/kontrol.js';
import { openPage, type OpenPage } from './chromium.js';
import type { WebRtcGlobals } from './in-page.js';
import { policy, startKite, startPageServer } from './page-server.js';
import type { Setting } from './transports.js';

declare const self: WebRtcGlobals;

interface Member extends OpenPage {
  /** The id of its kite. */
  readonly id: string;
}

export function webRtcTests({ browser, files }: Setting): void {
  /** A page that is registered at Kontrol, with the methods that the others call. */
  async function member(kontrol: Kontrol, name: string, username = 'bob'): Promise<Member> {
    const { port } = await startPageServer(files(), policy('http://127.0.0.1:* ws://127.0.0.1:*'));
    const opened = await openPage(browser(), `http://127.0.0.1:${port}/webrtc`);
    const id = await opened.page.evaluate(
      async ({ kiteName, url, key }) => {
        self.events = [];
        self.kite = new self.kitectl.Kite(kiteName, '1.0.0', { environment: 'pages' });
        self.kite.handle<[number]>('square', ({ args: [n], username: caller }) => `${caller}: ${n * n}`);
        self.kite.handle<[string]>('echo', ({ args: [text] }) => text);
        self.kite.handle<[number, (n: number) => void], string>('count', ({ args: [to, call] }) => {
          for (let n = 1; n <= to; n++) call(n);
          return 'done';
        });
        self.kite.handle('back', ({ client }) => client.tell('square', 7));
        self.kontrol = self.kite.kontrol({ url, auth: { type: 'kiteKey', key } });
        await self.kontrol.registerForever();
        return self.kite.identity.id;
      },
      { kiteName: name, url: kontrol.kite.url ?? '', key: await kontrol.newKiteKey(username) },
    );
    return { ...opened, id };
  }

  /** Has a page find the kite of another at Kontrol, and dial it. */
  async function dialFound({ page }: Member, name: string): Promise<void> {
    await page.evaluate(async (wanted) => {
      const [found] = await self.kontrol.getKites({ username: 'bob', environment: 'pages', name: wanted });
      if (!found) throw new Error(`There is no ${wanted}`);
      self.client = found.client();
      self.client.on('disconnect', (code) => self.events.push(`disconnect ${code}`));
      await self.client.dial();
    }, name);
  }

  async function pair(): Promise<{ kontrol: Kontrol; one: Member; two: Member }> {
    const { kontrol } = await startKontrol({ webrtc: true });
    const [one, two] = await Promise.all([member(kontrol, 'one'), member(kontrol, 'two')]);
    return { kontrol, one, two };
  }

  const conversation = ({ page }: Member): Promise<unknown> =>
    page.evaluate(async () => {
      self.kite.handle<[number]>('square', ({ args: [n] }) => n * n).disableAuthentication();
      const large = 'ü\u2028"\\👪'.repeat(20_000);
      const counted: number[] = [];
      const [square, echoed, count, back, ...rest] = await Promise.all([
        self.client.tell('square', 4),
        self.client.tell('echo', large),
        self.client.tell('count', 3, (n: number) => counted.push(n)),
        self.client.tell('back'),
        ...Array.from({ length: 100 }, (_, n) => self.client.tell('echo', n)),
      ]);
      const inOrder = rest.every((value, index) => value === index);
      return { square, echoed: echoed === large, count, counted, back, inOrder };
    });

  const CONVERSATION = {
    square: 'bob: 16',
    echoed: true,
    count: 'done',
    counted: [1, 2, 3],
    back: 49,
    inOrder: true,
  };

  describe('that finds another page', () => {
    it('calls it and is called by it over WebRTC, also when Kontrol is gone', async () => {
      const { kontrol, one, two } = await pair();
      await dialFound(one, 'two');
      expect(await conversation(one)).toEqual(CONVERSATION);
      await kontrol.close({ drainTimeout: 100 });
      expect(await conversation(one)).toEqual(CONVERSATION);
      await two.page.goto('about:blank');
      await expect.poll(() => one.page.evaluate(() => self.events)).toEqual(['disconnect 1006']);
    });

    it.each(['one', 'two'])('goes through Kontrol where page %s has no WebRTC', async (which) => {
      const { kontrol, one, two } = await pair();
      const { page } = which === 'one' ? one : two;
      await page.evaluate(() => Reflect.deleteProperty(self, 'RTCPeerConnection'));
      await dialFound(one, 'two');
      expect(await conversation(one)).toEqual(CONVERSATION);
      await kontrol.close({ drainTimeout: 100 });
      await expect.poll(() => one.page.evaluate(() => self.events)).toEqual(['disconnect 1006']);
    });

    it.each([true, false])('says goodbye to it (directly: %s)', async (direct) => {
      const { one, two } = await pair();
      if (!direct) await one.page.evaluate(() => Reflect.deleteProperty(self, 'RTCPeerConnection'));
      await two.page.evaluate(() => {
        self.kite.on('disconnect', () => self.events.push('left'));
      });
      await dialFound(one, 'two');
      await one.page.evaluate(() => self.client.close());
      await expect.poll(() => one.page.evaluate(() => self.events)).toEqual(['disconnect 3000']);
      await expect.poll(() => two.page.evaluate(() => self.events)).toEqual(['left']);
    });

    it('reaches nobody whom Kontrol does not let it call, nor where Kontrol passes nothing on', async () => {
      const { kontrol, one } = await pair();
      const mallory = await member(kontrol, 'mallory', 'mallory');
      const dial = ({ page }: Member, id: string): Promise<unknown> =>
        page.evaluate(
          (url) =>
            self.kite
              .newClient(url)
              .dial()
              .catch(({ type, message }: { type: string; message: string }) => ({ type, message })),
          `webrtc://${id}`,
        );
      expect(await dial(mallory, one.id)).toEqual({
        type: 'disconnect',
        message: expect.stringContaining('dst not registered') as string,
      });
      const { kontrol: silent } = await startKontrol();
      const page = await member(silent, 'one');
      expect(await dial(page, one.id)).toEqual({
        type: 'disconnect',
        message: expect.stringContaining('Method not found') as string,
      });
    });

    it('takes signals from nobody but Kontrol', async () => {
      const { one } = await pair();
      const { kite } = await startKite(files());
      const peer = new Promise<{ tell(method: string, ...args: unknown[]): Promise<unknown> }>((resolve) =>
        kite.once('connect', (connected) => resolve(connected)),
      );
      await one.page.evaluate((url) => self.kite.newClient(url).dial(), kite.url ?? '');
      await expect(
        (await peer).tell('kite.handleWebRTC', {
          type: 'message',
          src: 'somebody',
          username: 'bob',
          payload: { session: 'x', open: true },
        }),
      ).rejects.toMatchObject({ type: 'authenticationError' });
    });
  });
}
