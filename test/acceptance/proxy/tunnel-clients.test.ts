import kitejs from 'kite.js';
import SockJS from 'sockjs-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RemoteFunction } from '../../../src/lib/index.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { makeKite } from '../../helpers/proxy/proxy.js';
import { Inbox } from '../../helpers/transport/sockjs.js';
import { open, passiveKite, startTunnelProxy } from '../../helpers/proxy/tunnel.js';

// Independent implementations of clients, through the tunnel.

type Done = (error: unknown, result?: unknown) => void;

describe.each(['raw WebSocket', 'SockJS'])('a client of kite.js over %s, through the tunnel', (transport) => {
  const raw = transport === 'raw WebSocket';

  async function connect(options: Partial<ConstructorParameters<typeof kitejs.Kite>[0]> = {}) {
    const { kontrol } = await startKontrol();
    const proxy = await startTunnelProxy(kontrol);
    const math = await makeKite(kontrol);
    const { url } = await math.registerToTunnel({ proxyUrl: proxy.kite.url ?? '' });
    math.handle<[number, RemoteFunction]>('count', ({ args: [to, each] }) => {
      for (let i = 0; i < to; i++) each(i);
      return to;
    });
    math.handle('hello', ({ client }) => client.tell('client.hello', 'kite'));
    const client = new kitejs.Kite({
      url: raw ? url.replace(/^http/, 'ws').replace('/proxy?', '/proxy/websocket?') : url,
      transportClass: raw ? kitejs.Kite.transport.WebSocket : kitejs.Kite.transport.SockJS,
      autoConnect: false,
      autoReconnect: false,
      logLevel: 0,
      auth: { type: 'kiteKey', key: await kontrol.newKiteKey('bob') },
      ...options,
    });
    const opened = new Promise<void>((resolve) => client.on('open', () => resolve()));
    client.connect();
    onTestFinished(() => client.disconnect());
    await opened;
    return { client, math };
  }

  it('a kite.js client gets results and errors through the tunnel, and its callbacks are called', async () => {
    const { client } = await connect();
    expect(await client.tell('square', [4])).toBe(16);
    expect(await client.tell('kite.ping')).toBe('pong');
    await expect(client.tell('nothing', [])).rejects.toMatchObject({ type: 'methodNotFound' });
    const seen: unknown[] = [];
    expect(await client.tell('count', [3, (i: unknown) => seen.push(i)])).toBe(3);
    expect(seen).toEqual([0, 1, 2]);
  });

  it('a kite.js client is called by the kite through the tunnel', async () => {
    const { client } = await connect({
      api: { 'client.hello': (who: string, done: Done) => done(null, `hello ${who}`) },
    });
    expect(await client.tell('hello', [])).toBe('hello kite');
  });

  it('a kite.js client without a key is rejected through the tunnel', async () => {
    const { client } = await connect({ auth: { type: 'kiteKey', key: 'none' } });
    await expect(client.tell('square', [4])).rejects.toMatchObject({ type: 'authenticationError' });
  });
});

const MESSAGES = [
  'plain',
  '',
  '{"json":"\\"quoted\\""}',
  'é ü 漢字 😀',
  '\u0000\u0001\n\r\t\u001f',
  '\u200c\u200f\u2028\u2029\u202f\u2060\u206f\ufff0\uffff',
  'x'.repeat(100 * 1024),
  '😀'.repeat(25 * 1024),
  ...Array.from({ length: 100 }, (_, index) => `message ${index}`),
];

describe.each(['websocket', 'xhr-streaming', 'xhr-polling', 'eventsource'])(
  'sockjs-client over %s, through the tunnel',
  (transport) => {
    async function connect() {
      const { kontrol } = await startKontrol();
      const proxy = await startTunnelProxy(kontrol);
      const kite = await passiveKite(kontrol, proxy);
      const client = new SockJS(kite.url, undefined, { transports: transport });
      const received = new Inbox();
      const opened = new Promise<void>((resolve) => client.addEventListener('open', () => resolve()));
      client.addEventListener('message', (event: { data: unknown }) => received.message(String(event.data)));
      client.addEventListener('close', ({ code, reason }: { code: number; reason: string }) => {
        received.close(code, reason);
      });
      onTestFinished(() => client.close());
      await opened;
      const tunnel = await open((await kite.nextRequest()).url, { transport: 'Session' });
      return { client, received, tunnel };
    }

    it('sockjs-client exchanges messages with a kite in order through the tunnel', async () => {
      const { client, received, tunnel } = await connect();
      expect(client).toMatchObject({ transport });
      for (const message of MESSAGES) client.send(message);
      expect(await tunnel.inbox.count(MESSAGES.length)).toEqual(MESSAGES);
      for (const message of MESSAGES) tunnel.channel.send(message);
      expect(await received.count(MESSAGES.length)).toEqual(MESSAGES);
    });

    it('sockjs-client receives the close code and reason of a kite through the tunnel', async () => {
      const { received, tunnel } = await connect();
      tunnel.channel.close(3456, 'as you wish');
      expect(await received.closed()).toEqual({ code: 3456, reason: 'as you wish' });
    });

    it('sockjs-client closes a session through the tunnel, and the kite is notified', async () => {
      const { client, tunnel } = await connect();
      client.close(3001, 'bye');
      // It does not send code and reason: it closes a WebSocket, and over HTTP it stops polling.
      const expected = transport === 'websocket' ? { code: 1000 } : { code: 3000, reason: 'Go away!' };
      expect(await tunnel.inbox.closed()).toMatchObject(expected);
    });

    it('sockjs-client opens no session for an unknown kite', async () => {
      const { kontrol } = await startKontrol();
      const proxy = await startTunnelProxy(kontrol);
      const { origin } = new URL(proxy.url);
      const client = new SockJS(`${origin}/proxy?kiteID=nobody`, undefined, { transports: transport });
      const received = new Inbox();
      client.addEventListener('close', ({ code, reason }: { code: number; reason: string }) => {
        received.close(code, reason);
      });
      expect(await received.closed()).toMatchObject({ code: 1002 });
    });
  },
);
