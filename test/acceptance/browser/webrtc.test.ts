import { describe, expect, it } from 'vitest';
import { parseKiteKey } from '../../../src/lib/keys/index.js';
import type { Kontrol } from '../../../src/lib/kontrol.js';
import { connect, startKontrol } from '../../helpers/kontrol/kontrol.js';
import { chromiumInstalled, openPage, type OpenPage, skipped } from '../../helpers/browser/chromium.js';
import { useChromium } from '../../helpers/browser/use-chromium.js';
import type { WebRtcGlobals } from '../../helpers/browser/in-page.js';
import { policy, startKite, startPageServer } from '../../helpers/browser/page-server.js';

declare const self: WebRtcGlobals;

interface Member extends OpenPage {
  /** The id of its kite. */
  readonly id: string;
  /** The id of its kite key. */
  readonly keyId: string;
}

const { browser, files } = useChromium();

describe.skipIf(!chromiumInstalled)(`a browser page${skipped}`, () => {
  /** A page that is registered at Kontrol, with the methods that other pages call. */
  async function member(kontrol: Kontrol, name: string, username = 'bob'): Promise<Member> {
    const key = await kontrol.newKiteKey(username);
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
      { kiteName: name, url: kontrol.kite.url ?? '', key },
    );
    return { ...opened, id, keyId: parseKiteKey(key).id };
  }

  /** Makes a page find the kite of another at Kontrol, and dial it. */
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

  describe('two pages that find each other', () => {
    it('two pages call each other over WebRTC, also after Kontrol closes', async () => {
      const { kontrol, one, two } = await pair();
      await dialFound(one, 'two');
      expect(await conversation(one)).toEqual(CONVERSATION);
      await kontrol.close({ drainTimeout: 100 });
      expect(await conversation(one)).toEqual(CONVERSATION);
      await two.page.goto('about:blank');
      await expect.poll(() => one.page.evaluate(() => self.events)).toEqual(['disconnect 1006']);
    });

    it.each([true, false])(
      'two pages are disconnected when the kite key of one is revoked (directly: %s)',
      async (direct) => {
        const { kontrol, one, two } = await pair();
        if (!direct) await one.page.evaluate(() => Reflect.deleteProperty(self, 'RTCPeerConnection'));
        await dialFound(one, 'two');
        expect(await conversation(one)).toEqual(CONVERSATION);
        await kontrol.revokeKiteKey(two.keyId);
        await expect
          .poll(() => one.page.evaluate(() => self.events), { timeout: 1000 })
          .toEqual([expect.stringMatching(/^disconnect (?:1008|1006)$/)]);
      },
    );

    it.each(['one', 'two'])(
      'two pages connect through Kontrol if page %s does not support WebRTC',
      async (which) => {
        const { kontrol, one, two } = await pair();
        const { page } = which === 'one' ? one : two;
        await page.evaluate(() => Reflect.deleteProperty(self, 'RTCPeerConnection'));
        await dialFound(one, 'two');
        expect(await conversation(one)).toEqual(CONVERSATION);
        await kontrol.close({ drainTimeout: 100 });
        await expect.poll(() => one.page.evaluate(() => self.events)).toEqual(['disconnect 1006']);
      },
    );

    it.each([true, false])(
      'a page learns that its peer closed the connection (directly: %s)',
      async (direct) => {
        const { one, two } = await pair();
        if (!direct) await one.page.evaluate(() => Reflect.deleteProperty(self, 'RTCPeerConnection'));
        await two.page.evaluate(() => {
          self.kite.on('disconnect', () => self.events.push('left'));
        });
        await dialFound(one, 'two');
        await one.page.evaluate(() => self.client.close());
        await expect.poll(() => one.page.evaluate(() => self.events)).toEqual(['disconnect 3000']);
        await expect.poll(() => two.page.evaluate(() => self.events)).toEqual(['left']);
      },
    );

    it.each([true, false])(
      'two pages exchange messages of the maximum size in order (directly: %s)',
      async (direct) => {
        const { one } = await pair();
        if (!direct) await one.page.evaluate(() => Reflect.deleteProperty(self, 'RTCPeerConnection'));
        await dialFound(one, 'two');
        const result = await one.page.evaluate(
          async (longest) => {
            // The bytes that are buffered in the browser at a time.
            let most = 0;
            // oxlint-disable-next-line typescript/unbound-method -- called on the channel below
            const { send } = RTCDataChannel.prototype;
            RTCDataChannel.prototype.send = function (this: RTCDataChannel, text: unknown) {
              most = Math.max(most, this.bufferedAmount);
              Reflect.apply(send, this, [text]);
            };
            const mebibyte = 1024 * 1024;
            const lengths = [mebibyte, 1, longest, 1];
            const arrived: number[] = [];
            const echoes = lengths.map(async (length) => {
              // Quotes, which every wrapping escapes, and characters of four bytes, at each possible end of a chunk.
              const text = length === mebibyte ? `x${'👪'.repeat(length / 4)}` : '"'.repeat(length / 2);
              const echoed = await self.client.tellWithTimeout(0, 'echo', text);
              arrived.push(length);
              return echoed === text;
            });
            return { same: await Promise.all(echoes), inOrder: arrived.join() === lengths.join(), most };
            // Through Kontrol, the messages are escaped three times, which is ten times as slow.
          },
          (direct ? 16 : 2) * 1024 * 1024 - 4096,
        );
        expect(result).toMatchObject({ same: [true, true, true, true], inOrder: true });
        expect(result.most).toBeLessThan(direct ? 512 * 1024 : 1);
      },
    );

    it('a page rejects a message above the maximum size and stays connected', async () => {
      const { one } = await pair();
      await dialFound(one, 'two');
      const outcome = await one.page.evaluate(async () => [
        await self.client.tell('echo', 'x'.repeat(16 * 1024 * 1024)).catch(String),
        await self.client.tell('square', 3),
      ]);
      expect(outcome).toEqual([expect.stringContaining('16777216 bytes') as string, 'bob: 9']);
    });

    it.each([true, false])(
      'a page reconnects after its peer closed the connection (directly: %s)',
      async (direct) => {
        const { one, two } = await pair();
        if (!direct) await one.page.evaluate(() => Reflect.deleteProperty(self, 'RTCPeerConnection'));
        await two.page.evaluate(() => {
          self.kite.on('connect', (peer) => {
            self.kite.handle('hangUp', () => peer.close());
          });
        });
        await dialFound(one, 'two');
        await one.page.evaluate(() => {
          self.client.on('connect', () => self.events.push('connect'));
          return self.client.dialForever();
        });
        await one.page.evaluate(() => self.client.tell('hangUp').catch(() => undefined));
        await expect
          .poll(() => one.page.evaluate(() => self.events), { timeout: 5000 })
          .toEqual(['disconnect 3000', 'connect']);
        expect(await one.page.evaluate(() => self.client.tell('square', 6))).toBe('bob: 36');
      },
    );

    it('a page reconnects through Kontrol after Kontrol was unreachable', async () => {
      const { kontrol, one, two } = await pair();
      await one.page.evaluate(() => Reflect.deleteProperty(self, 'RTCPeerConnection'));
      await dialFound(one, 'two');
      await one.page.evaluate(() => {
        self.client.on('connect', () => self.events.push('connect'));
        return self.client.dialForever();
      });
      const { port } = kontrol.kite;
      await kontrol.close({ drainTimeout: 100 });
      await expect.poll(() => one.page.evaluate(() => self.events)).toEqual(['disconnect 1006']);
      const { kontrol: again } = await startKontrol({ port, webrtc: true });
      await expect
        .poll(() => one.page.evaluate(() => self.events), { timeout: 20_000 })
        .toEqual(['disconnect 1006', 'connect']);
      expect(await one.page.evaluate(() => self.client.tell('square', 6))).toBe('bob: 36');
      expect(again.status().connected).toBe(2);
      expect(two.page.isClosed()).toBe(false);
    });

    it('a page ignores malformed signals and a flood of signals', async () => {
      const { kontrol, one, two } = await pair();
      await dialFound(one, 'two');
      const mean = await connect(kontrol, 'bob', { name: 'mean' });
      const refused: unknown[] = [];
      mean.kite.handle('kite.handleWebRTC', ({ args: [signal] }) => refused.push(signal));
      await mean.tell('register', { url: 'http://127.0.0.1:3636/kite' });
      const say = (type: string, payload: unknown): Promise<unknown> =>
        mean.tell('kite.handleWebRTC', { type, dst: two.id, payload }).catch((error: unknown) => error);
      const sdp = 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';
      for (const payload of [null, 'x', {}, { session: 7 }, { session: 'x'.repeat(65) }, [[[]]]])
        for (const type of ['offer', 'answer', 'candidate', 'leave', 'message']) await say(type, payload);
      for (const bad of ['', 'no SDP', sdp, null, { toString: 'x' }])
        await say('offer', { session: 'bad', sdp: bad });
      // One of them was valid, and waits for a channel.
      await say('leave', { session: 'bad' });
      await say('candidate', { session: 'unknown', candidate: { candidate: 'x' } });
      await say('answer', { session: 'unknown', sdp });
      expect(await say('message', { session: 'unknown', pieces: ['.x'] })).toMatchObject({
        message: expect.stringContaining('never opened') as string,
      });
      // The page gets an error for each rejected signal, and signals above its limit are rejected.
      await expect.poll(() => refused.length).toBeGreaterThan(0);
      const offers = Array.from({ length: 300 }, (_, n) => say('message', { session: `s${n}`, open: true }));
      const open = (await Promise.all(offers)).filter((answer) => answer === null);
      expect(open).toHaveLength(16);
      expect(await conversation(one)).toEqual(CONVERSATION);
    });

    it('a page cannot reach a peer that Kontrol does not let it call or whose signals Kontrol does not relay', async () => {
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

    it('a page accepts signals from Kontrol only', async () => {
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
});
