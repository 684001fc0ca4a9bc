import { randomUUID } from 'node:crypto';
import http from 'node:http';
import net from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RemoteFunction } from '../../../src/lib/index.js';
import { MemoryChannel } from '../../../src/lib/testing.js';
import { request } from '../../helpers/transport/http.js';
import { testIdentity, testKeyPair } from '../../helpers/kite/keys.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';
import { answerIn, makeKite, registerRaw, registerMessage, sendRaw } from '../../helpers/proxy/proxy.js';
import { open, passiveKite, sessionUrl, startTunnelProxy } from '../../helpers/proxy/tunnel.js';
import { SINGLE_TRANSPORTS } from '../../helpers/transport/transports.js';

// Hostile requests to the tunnel proxy, and hostile or disconnected kites.

const MIB = 1024 * 1024;
const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n';

/** A tunnel proxy with a kite that dials when the test requests it. */
async function onePassive(options: Parameters<typeof startTunnelProxy>[1] = {}) {
  const { kontrol } = await startKontrol();
  const proxy = await startTunnelProxy(kontrol, options);
  const kite = await passiveKite(kontrol, proxy);
  return { kontrol, proxy, kite, origin: new URL(proxy.url).origin };
}

describe('a token for a tunnel', () => {
  it('a tunnel token can be used once', async () => {
    const { kite } = await onePassive();
    const { channel, inbox } = await open(kite.url);
    const { url } = await kite.nextRequest();
    const tunnel = await open(url, { transport: 'Session' });
    await expect(open(url, { transport: 'Session' })).rejects.toMatchObject({ status: 404 });
    tunnel.channel.send('hello');
    expect(await inbox.count(1)).toEqual(['hello']);
    channel.close();
    await tunnel.inbox.closed();
    await expect(open(url, { transport: 'Session' })).rejects.toMatchObject({ status: 404 });
  });

  it('a tunnel token is valid for a minute, as long as the caller waits', async () => {
    const clock = new ManualClock(Date.now());
    const { kite, proxy } = await onePassive({ clock });
    const { inbox } = await open(kite.url);
    const { url } = await kite.nextRequest();
    clock.advance(59_999);
    expect(proxy.waiting).toBe(1);
    clock.advance(1);
    expect(await inbox.closed()).toEqual({ code: 1014, reason: 'The kite did not open its tunnel in time' });
    expect(proxy.waiting).toBe(0);
    await expect(open(url, { transport: 'Session' })).rejects.toMatchObject({ status: 404 });
  });

  it('a tunnel token is valid for tunnelTimeout, as long as the caller waits', async () => {
    const clock = new ManualClock(Date.now());
    const { kite } = await onePassive({ clock, limits: { tunnelTimeout: 2000 } });
    const { inbox } = await open(kite.url);
    const { url } = await kite.nextRequest();
    clock.advance(2000);
    expect(await inbox.closed()).toMatchObject({ code: 1014 });
    await expect(open(url, { transport: 'Session' })).rejects.toMatchObject({ status: 404 });
  });

  it('a tunnel token has the claims of the Go implementation', async () => {
    const clock = new ManualClock(1_900_000_000_000);
    const { kite, origin } = await onePassive({ clock });
    await open(kite.url);
    const { pathname, searchParams, origin: at } = new URL((await kite.nextRequest()).url);
    expect(at).toBe(origin.replace('http', 'ws'));
    expect(pathname).toMatch(/^\/tunnel\/\d{3}\/[\w-]+\/websocket$/);
    const [, claims = ''] = searchParams.get('token')?.split('.') ?? [];
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toEqual({
      sub: kite.kite.identity.id,
      seq: 1,
      exp: 1_900_000_060,
    });
  });

  it('a tunnel token of another issuer, with changes or for another tunnel is rejected', async () => {
    const { kontrol, proxy, kite } = await onePassive();
    const other = await passiveKite(kontrol, proxy);
    await open(kite.url);
    await open(other.url);
    const mine = new URL((await kite.nextRequest()).url);
    const others = new URL((await other.nextRequest()).url);
    const [header = '', claims = '', mac = ''] = mine.searchParams.get('token')?.split('.') ?? [];
    const altered = JSON.parse(Buffer.from(claims, 'base64url').toString()) as object;
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const otherProxy = await startTunnelProxy(kontrol);
    const stranger = await passiveKite(kontrol, otherProxy);
    await open(stranger.url);
    const foreign = new URL((await stranger.nextRequest()).url).searchParams.get('token') ?? '';
    const tokens = [
      '',
      'x',
      '..',
      `${header}.${claims}`,
      `${header}.${claims}.`,
      `${header}.${claims}.${mac.slice(1)}x`,
      `${header}.${encode({ ...altered, seq: 2 })}.${mac}`,
      `${header}.${encode({ ...altered, exp: 9e9 })}.${mac}`,
      `${encode({ alg: 'none', typ: 'JWT' })}.${claims}.`,
      `${encode({ alg: 'none', typ: 'JWT' })}.${claims}.${mac}`,
      foreign,
      // The token of the other kite's tunnel, at the path of this one.
      others.searchParams.get('token') ?? '',
      'y'.repeat(5000),
    ];
    for (const token of tokens) {
      const url = new URL(mine);
      url.searchParams.set('token', token);
      await expect(open(url.href, { transport: 'Session' })).rejects.toMatchObject({ status: 404 });
    }
    await expect(open(`${mine.origin}${mine.pathname}`, { transport: 'Session' })).rejects.toMatchObject({
      status: 404,
    });
    expect(proxy.waiting).toBe(2);
    await open(mine.href, { transport: 'Session' });
    expect(proxy.waiting).toBe(1);
  });
});

describe('a tunnel without its kite', () => {
  it('a pending tunnel is closed when its caller disconnects, and the kite finds none', async () => {
    const { proxy, kite } = await onePassive();
    for (const transport of ['WebSocket', 'RawWebSocket'] as const) {
      const { channel } = await open(kite.url, { transport });
      const { url } = await kite.nextRequest();
      expect(proxy.waiting).toBe(1);
      channel.close();
      await vi.waitFor(() => expect(proxy.waiting).toBe(0));
      await expect(open(url, { transport: 'Session' })).rejects.toMatchObject({ status: 404 });
    }
    expect(proxy.status().sessions).toBe(0);
  });

  it('a pending tunnel is closed when its caller over XHR stops polling', async () => {
    const clock = new ManualClock(Date.now());
    const { proxy, kite } = await onePassive({ clock });
    expect((await request('POST', sessionUrl(kite.url, 'xhr'))).body).toBe('o\n');
    expect(proxy.waiting).toBe(1);
    clock.advance(10_000);
    expect(proxy.waiting).toBe(0);
    expect(proxy.status().sessions).toBe(0);
  });

  it('a pending tunnel is closed when the kite refuses it, without details for the caller', async () => {
    const { proxy, kite } = await onePassive();
    const { inbox } = await open(kite.url);
    (await kite.nextRequest()).answer(new Error('connect ECONNREFUSED 10.0.0.5:22'));
    expect(await inbox.closed()).toEqual({ code: 1014, reason: 'The kite did not open a tunnel' });
    expect(proxy.waiting).toBe(0);
  });

  it('a pending tunnel is closed when the kite disconnects', async () => {
    const { proxy, kite } = await onePassive();
    const { inbox } = await open(kite.url);
    await kite.nextRequest();
    kite.leave();
    expect(await inbox.closed()).toEqual({ code: 1014, reason: 'The kite has disconnected' });
    expect(proxy.waiting).toBe(0);
  });

  it('the tunnel proxy limits the pending tunnels of a kite', async () => {
    const { proxy, kite } = await onePassive({ limits: { waitingCallers: 2 } });
    await open(kite.url);
    await open(kite.url);
    await expect(open(kite.url)).rejects.toMatchObject({ status: 503 });
    expect((await request('POST', sessionUrl(kite.url, 'xhr'))).status).toBe(503);
    const { url } = await kite.nextRequest();
    await open(url, { transport: 'Session' });
    await open(kite.url);
    expect(proxy.waiting).toBe(2);
  });

  it('the tunnel proxy limits the bytes that a caller sends before its tunnel opens', async () => {
    const { proxy, kite } = await onePassive();
    const { channel } = await open(kite.url);
    const { url } = await kite.nextRequest();
    const piece = 'x'.repeat(32 * 1024);
    for (let i = 0; i < 1024; i++) channel.send(piece);
    const stands = async (): Promise<void> => {
      for (let before = -1; channel.bufferedBytes !== before; ) {
        before = channel.bufferedBytes;
        for (let i = 0; i < 20; i++) await request('GET', `${new URL(proxy.url).origin}/healthz`);
      }
    };
    await stands();
    // The system buffers some MiB for both ends.
    expect(channel.bufferedBytes).toBeGreaterThan(16 * MIB);
    const tunnel = await open(url, { transport: 'Session' });
    const messages = await tunnel.inbox.count(1024);
    expect(messages.every((message) => message === piece)).toBe(true);
  });
});

describe('a request for an unknown kite', () => {
  it('the tunnel proxy answers 404 for an unknown kite over every transport, and opens no session', async () => {
    const { proxy, kite, origin } = await onePassive();
    const nobody = kite.url.replace(/kiteID=.*/, `kiteID=${randomUUID()}`);
    for (const transport of SINGLE_TRANSPORTS) {
      await expect(open(nobody, { transport })).rejects.toMatchObject({ status: 404 });
      await expect(open(`${origin}/proxy`, { transport })).rejects.toMatchObject({ status: 404 });
    }
    for (const [method, transport] of [
      ['POST', 'xhr'],
      ['POST', 'xhr_streaming'],
      ['POST', 'xhr_send'],
      ['GET', 'eventsource'],
      ['GET', 'jsonp'],
    ] as const) {
      expect((await request(method, sessionUrl(nobody, transport))).status).toBe(404);
    }
    const ids = ['', '.', '..', '../x', '%2e%2e', '__proto__', 'constructor', 'x'.repeat(129), 'a&kiteID=b'];
    for (const id of ids) {
      expect((await request('GET', `${origin}/proxy/info?kiteID=${id}`)).status).toBe(404);
      expect((await request('POST', `${origin}/proxy/0/abc/xhr?kiteID=${id}`)).status).toBe(404);
    }
    expect(proxy.status().sessionsTotal).toBe(0);
  });

  it('the tunnel proxy answers 404 to a request in absolute form', async () => {
    const { proxy, kite, origin } = await onePassive();
    const { host } = new URL(origin);
    for (const target of [`http://internal/`, sessionUrl(kite.url, 'websocket')]) {
      for (const more of ['', UPGRADE]) {
        const head = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${more || 'Connection: close\r\n'}\r\n`;
        expect(await sendRaw(proxy, head)).toMatch(/^HTTP\/1\.1 404 /);
      }
    }
  });

  it('the tunnel proxy answers 408 if the headers of a request do not arrive', async () => {
    const { proxy } = await onePassive({ limits: { headersTimeout: 100 } });
    expect(
      await sendRaw(proxy, 'GET /proxy/000/abc/websocket?kiteID=x HTTP/1.1\r\nHost: localhost\r\nX-'),
    ).toMatch(/^HTTP\/1\.1 408 /);
  });
});

describe('a page in a browser', () => {
  it('a page may call kites through the tunnel if the proxy allows its origin', async () => {
    const { kite } = await onePassive({ allowOrigin: ['https://app.example.com'] });
    const from = (origin: string) =>
      request('GET', kite.url.replace('/proxy?', '/proxy/info?'), { headers: { origin } });
    expect((await from('https://evil.example.com')).status).toBe(403);
    expect((await from('https://app.example.com')).headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example.com',
    });
  });
});

describe('a kite that registers with the tunnel proxy', () => {
  it('the tunnel proxy rejects the id of a kite of another user, also during a short disconnection', async () => {
    const { kontrol, proxy, kite } = await onePassive();
    const { id } = kite.kite.identity;
    const mallory = { key: await kontrol.newKiteKey('mallory'), kite: { id, username: 'bob' } };
    await expect(registerRaw(proxy, '', mallory)).rejects.toMatchObject({ code: 'idTaken' });
    kite.leave();
    await vi.waitFor(() => expect(proxy.status().kites).toEqual([]));
    await expect(registerRaw(proxy, '', mallory)).rejects.toMatchObject({ code: 'idTaken' });
    const bob = { key: await kontrol.newKiteKey('bob'), kite: { id } };
    expect((await registerRaw(proxy, '', bob)).url).toBe(kite.url);
  });

  it('the tunnel proxy registers only kites with a kite key of its Kontrol', async () => {
    const { proxy } = await onePassive();
    await expect(registerRaw(proxy, '', { key: undefined })).rejects.toMatchObject({
      type: 'authenticationError',
    });
    const { kontrol: otherProxy } = await startKontrol({ keyPair: await testKeyPair(1) });
    await expect(registerRaw(proxy, '', { key: await otherProxy.newKiteKey('bob') })).rejects.toMatchObject({
      type: 'authenticationError',
    });
  });
});

describe('ten thousand connections', () => {
  it('the tunnel proxy leaks nothing after ten thousand connections of kites', async () => {
    const clock = new ManualClock(Date.now());
    const { kontrol, proxy, kite } = await onePassive({ clock });
    const key = await kontrol.newKiteKey('bob');
    for (let i = 0; i < 10_000; i++) {
      const [near, far] = MemoryChannel.pair();
      proxy.kite.accept(far);
      const answer = new Promise<string>((resolve) =>
        near.start({ message: resolve, drain: () => undefined, close: () => undefined }),
      );
      near.send(registerMessage(testIdentity({ id: `kite-${i}` }), key, ''));
      expect(answerIn(await answer).error).toBeNull();
      near.ended(1006, '');
      far.ended(1006, '');
    }
    expect(proxy.status().kites.map(({ id }) => id)).toEqual([kite.kite.identity.id]);
    expect(proxy.kite.connectionCount).toBe(1);
  });

  it('the tunnel proxy leaks nothing after ten thousand connections of callers', async () => {
    const clock = new ManualClock(Date.now());
    // No heartbeats are sent in the time that is skipped.
    const { proxy, kite } = await onePassive({ clock, limits: { idleTimeout: 0 } });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
    onTestFinished(() => agent.destroy());
    let left = 10_000;
    const work = async (): Promise<void> => {
      while (left-- > 0) {
        expect(await post(sessionUrl(kite.url, 'xhr'), agent)).toBe('o\n');
        const asked = await kite.nextRequest();
        // Some wait without success, some are rejected, and some disconnect.
        if (left % 3 === 0) asked.answer();
        if (left % 3 === 1) asked.answer(new Error('busy'));
        if (left % 200 === 0) clock.advance(70_000);
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    clock.advance(70_000);
    expect(proxy.status()).toMatchObject({ sessions: 0, sessionsTotal: 10_000 });
    expect(proxy.waiting).toBe(0);
  }, 60_000);

  it('the tunnel proxy and the kite leak nothing after ten thousand tunnels', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startTunnelProxy(kontrol);
    const math = await makeKite(kontrol);
    const { url } = await math.registerToTunnel({ proxyUrl: proxy.kite.url ?? '' });
    // The rest of the ten thousand is handled the same; see the benchmarks for many concurrent ones.
    let left = 500;
    const work = async (): Promise<void> => {
      while (left-- > 0) await hangUp(url, left % 2 === 0);
    };
    await Promise.all(Array.from({ length: 16 }, work));
    await vi.waitFor(() => expect(proxy.status().sessions).toBe(0));
    expect(proxy.waiting).toBe(0);
    expect(proxy.status().sessionsTotal).toBe(500);
    await vi.waitFor(() => expect(math.connectionCount).toBe(0));
  });
});

function post(url: string, agent: http.Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = http.request(url, { method: 'POST', agent }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve(body));
    });
    asking.on('error', reject);
    asking.end();
  });
}

const PING =
  '{"method":"kite.ping","arguments":[{"withArgs":[],"responseCallback":"[Function]"}],"callbacks":{"0":[0,"responseCallback"]}}';

/** Connects to a kite over a raw WebSocket, and drops the connection: at once, or after the kite has answered. */
function hangUp(publicUrl: string, afterAnswer: boolean): Promise<void> {
  const { port, pathname, search } = new URL(publicUrl);
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), '127.0.0.1');
    let upgraded = false;
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.on('data', () => {
      if (upgraded || !afterAnswer) socket.resetAndDestroy();
      else socket.write(maskedFrame(PING));
      upgraded = true;
    });
    socket.write(`GET ${pathname}/websocket${search} HTTP/1.1\r\nHost: localhost\r\n${UPGRADE}\r\n`);
  });
}

/** A text message of a client with a mask of zeros. */
function maskedFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  return Buffer.concat([
    Buffer.from([0x81, 0x80 | 126, length >> 8, length & 0xff, 0, 0, 0, 0]),
    Buffer.from(text),
  ]);
}

describe('a peer that stops reading', () => {
  // The system buffers some MiB in each direction.
  const MOST = 32 * MIB;
  const FLOOD = 48 * MIB;

  async function standsStill(now: () => number, origin: string): Promise<void> {
    for (let before = -1; now() === 0 || now() !== before; ) {
      before = now();
      for (let i = 0; i < 20; i++) await request('GET', `${origin}/healthz`);
    }
  }

  it.each(['websocket', 'raw', 'xhr_streaming'])(
    'the tunnel proxy applies backpressure to the kite while a caller over %s does not read',
    async (transport) => {
      const { kontrol } = await startKontrol();
      const proxy = await startTunnelProxy(kontrol);
      const math = await makeKite(kontrol);
      const { url } = await math.registerToTunnel({ proxyUrl: proxy.kite.url ?? '' });
      const piece = 'x'.repeat(256 * 1024);
      math
        .handle<[number, RemoteFunction]>('flood', ({ args: [mib, each] }) => {
          for (let i = 0; i < 4 * mib; i++) each(piece);
        })
        .disableAuthentication();
      const origin = new URL(proxy.url).origin;
      const flood =
        '{"method":"flood","arguments":[{"withArgs":[48,"[Function]"]}],"callbacks":{"1":[0,"withArgs",1]}}';
      const session = new URL(sessionUrl(url, transport, 'slow'));
      const path = (name: string): string => session.href.replace(/[a-z_]+\?/, `${name}?`);
      const target = transport === 'raw' ? url.replace('/proxy?', '/proxy/websocket?') : session.href;
      const streams = transport === 'xhr_streaming';
      const socket = net.connect(Number(session.port), '127.0.0.1');
      onTestFinished(() => void socket.destroy());
      socket.pause();
      const { pathname, search } = new URL(target);
      socket.write(
        `${streams ? 'POST' : 'GET'} ${pathname}${search} HTTP/1.1\r\nHost: localhost\r\n${streams ? 'Content-Length: 0\r\n' : UPGRADE}\r\n`,
      );
      const arrived = new Promise((resolve) => math.once('connect', resolve));
      if (!streams) socket.write(maskedFrame(transport === 'raw' ? flood : JSON.stringify([flood])));
      await arrived;
      if (streams) await request('POST', path('xhr_send'), { body: JSON.stringify([flood]) });
      const passed = (): number => proxy.status().bytesFromKites;
      await standsStill(passed, origin);
      expect(passed()).toBeLessThan(MOST);
      // It resumes reading, and gets everything.
      let read = 0;
      socket.on('data', (chunk: Buffer) => (read += chunk.length));
      socket.resume();
      if (streams) {
        // A streaming response ends after a while, and the client requests the next.
        while (read < FLOOD) {
          const { body } = await request('POST', path('xhr'));
          read += body.length;
        }
      }
      await vi.waitFor(() => expect(read).toBeGreaterThan(FLOOD), { timeout: 10_000 });
      expect(passed()).toBeGreaterThan(FLOOD);
    },
  );

  it('the tunnel proxy applies backpressure to the caller while the kite does not read', async () => {
    const { proxy, kite, origin } = await onePassive();
    const { channel } = await open(kite.url);
    const { pathname, search } = new URL((await kite.nextRequest()).url);
    const socket = net.connect(proxy.kite.port ?? 0, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.pause();
    socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: localhost\r\n${UPGRADE}\r\n`);
    await vi.waitFor(() => expect(proxy.waiting).toBe(0));
    const piece = 'x'.repeat(256 * 1024);
    for (let i = 0; i < 192; i++) channel.send(piece);
    const passed = (): number => proxy.status().bytesToKites;
    await standsStill(passed, origin);
    expect(passed()).toBeLessThan(MOST);
    expect(channel.bufferedBytes).toBeGreaterThan(FLOOD - MOST);
    socket.on('data', () => undefined);
    socket.resume();
    await vi.waitFor(() => expect(passed()).toBeGreaterThanOrEqual(FLOOD), { timeout: 10_000 });
  });
});
