import { once } from 'node:events';
import type { IncomingMessage, OutgoingHttpHeader } from 'node:http';
import net from 'node:net';
import type { Writable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { MemoryChannel } from '../../../src/lib/testing.js';
import { request } from '../../helpers/transport/http.js';
import { testIdentity, testKeyPair } from '../../helpers/kite/keys.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';
import {
  answerIn,
  registerRaw,
  registerMessage,
  sendRaw,
  startBackend,
  startReverseProxy,
} from '../../helpers/proxy/proxy.js';

// Hostile requests to the reverse proxy, and hostile registrations.

const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n';

/** A proxy with one kite that records the requests that it gets. */
async function oneKite(options: Parameters<typeof startReverseProxy>[1] = {}) {
  const { kontrol } = await startKontrol();
  const proxy = await startReverseProxy(kontrol, options);
  const seen: IncomingMessage[] = [];
  const { server, url } = await startBackend((incoming, response) => {
    seen.push(incoming);
    incoming.resume().on('end', () => response.end(`${incoming.method} ${incoming.url}`));
  });
  const key = await kontrol.newKiteKey('bob');
  const kite = await registerRaw(proxy, url, { key });
  return { kontrol, proxy, kite, key, url, server, seen, path: new URL(kite.url).pathname };
}

describe('a request outside the kites', () => {
  it('the reverse proxy answers 404 to a request in absolute form and fetches nothing', async () => {
    const { proxy, path, url, seen } = await oneKite();
    const { origin, host } = new URL(url);
    for (const target of [`${origin}/kite/x`, `HTTP://${host}/`, `${new URL(proxy.url).origin}${path}/x`]) {
      for (const more of ['', UPGRADE]) {
        const answer = await sendRaw(
          proxy,
          `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${more || 'Connection: close\r\n'}\r\n`,
        );
        expect(answer).toMatch(/^HTTP\/1\.1 404 /);
      }
    }
    expect(await sendRaw(proxy, `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).not.toContain('200');
    expect(seen).toEqual([]);
  });

  it('the reverse proxy answers 404 with JSON for an unknown id, over HTTP and WebSocket', async () => {
    const { proxy, kite } = await oneKite();
    const { origin } = new URL(proxy.url);
    for (const path of ['/proxy/nobody/x', '/proxy/', `/proxy/${kite.id}x/info`]) {
      const answer = await request('GET', origin + path);
      expect([answer.status, JSON.parse(answer.body)]).toMatchObject([404, { error: { type: 'notFound' } }]);
      expect(await sendRaw(proxy, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${UPGRADE}\r\n`)).toContain(
        '404',
      );
    }
  });

  it('the reverse proxy rejects a path that leaves the kite or hides its destination', async () => {
    const { proxy, path, seen } = await oneKite();
    const status = async (rest: string): Promise<string> => {
      const answer = await sendRaw(
        proxy,
        `GET ${path}${rest} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      );
      return answer.slice(9, 12);
    };
    for (const rest of ['/..', '/../admin', '/a/../../admin', '/%2e%2e/admin']) {
      expect(await status(rest)).toBe('404');
    }
    for (const rest of ['/..%2fadmin', '/..\\admin', '/%5c..%5cadmin', '/a%0d%0ab', '/%00']) {
      expect(await status(rest)).toBe('400');
    }
    expect(seen).toEqual([]);
    expect(await status('/a/../b?c=/../d')).toBe('200');
    expect(seen.map(({ url }) => url)).toEqual(['/kite/b?c=/../d']);
  });
});

describe('request smuggling', () => {
  it('the reverse proxy forwards one request as one, however its body is framed', async () => {
    const { proxy, path, seen } = await oneKite();
    const hidden = 'GET /secret HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const chunked = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
    for (const head of [
      `Transfer-Encoding: chunked\r\n\r\n${chunked}`,
      `Connection: transfer-encoding, close\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
      `Content-Length: ${hidden.length}\r\n\r\n${hidden}`,
      `Connection: content-length, close\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
      `Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
    ]) {
      await sendRaw(proxy, `GET ${path}/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${head}`);
    }
    expect(seen.map(({ url }) => url)).toEqual(Array.from({ length: 4 }, () => '/kite/x'));
  });

  it('the reverse proxy forwards no more requests on a connection whose WebSocket the kite rejected', async () => {
    const { proxy, path, seen, server } = await oneKite();
    const received: string[] = [];
    server.on('connection', (socket: net.Socket) =>
      socket.on('data', (chunk: Buffer) => received.push(chunk.toString())),
    );
    const hidden = `GET /secret HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const answer = await sendRaw(
      proxy,
      `GET ${path}/x HTTP/1.1\r\nHost: localhost\r\n${UPGRADE}\r\n${hidden}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 .*connection: close/is);
    expect(answer.endsWith('GET /kite/x')).toBe(true);
    expect(seen.map(({ url }) => url)).toEqual(['/kite/x']);
    expect(received.join('')).not.toContain('secret');
  });

  it.each(['GET', 'POST'])(
    'the reverse proxy rejects a %s upgrade to another protocol than WebSocket',
    async (method) => {
      const { proxy, path, seen } = await oneKite();
      const upgrade = method === 'GET' ? 'h2c' : 'websocket';
      const answer = await sendRaw(
        proxy,
        `${method} ${path}/x HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(seen).toEqual([]);
    },
  );

  it('the reverse proxy answers 508 to a kite that registers the URL of a proxy', async () => {
    const { kontrol, proxy, kite, key } = await oneKite();
    const other = await startReverseProxy(kontrol);
    await expect(registerRaw(proxy, kite.url, { key })).rejects.toMatchObject({ code: 'badUrl' });
    const id = 'round-and-round';
    const first = await registerRaw(proxy, `${new URL(other.url).origin}/proxy/${id}`, {
      key,
      kite: { id },
    });
    await registerRaw(other, first.url, { key, kite: { id } });
    expect((await request('GET', `${first.url}/x`)).status).toBe(508);
  });
});

describe('the headers that a kite gets', () => {
  it('the reverse proxy sets the forwarding headers itself and removes hop-by-hop headers', async () => {
    const { proxy, path, seen } = await oneKite();
    proxy.kite.knownAs('http://proxy.example.com');
    await sendRaw(
      proxy,
      `GET ${path}/x HTTP/1.1\r\nHost: proxy.example.com\r\nConnection: close, X-Secret, TE, Host\r\nX-Secret: 1\r\n` +
        'Keep-Alive: timeout=9\r\nTE: trailers\r\nProxy-Authorization: Basic x\r\nProxy-Connection: x\r\n' +
        'X-Forwarded-For: 8.8.8.8\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Prefix: /\r\n' +
        'Forwarded: for=8.8.8.8\r\nX-Real-IP: 8.8.8.8\r\nCookie: a=1\r\nX-Twice: 1\r\nX-Twice: 2\r\n' +
        '__proto__: x\r\nVia: 1.0 elsewhere\r\n\r\n',
    );
    expect(Object.fromEntries(Object.entries(seen[0]?.headers ?? {}))).toEqual({
      host: 'proxy.example.com',
      connection: expect.not.stringContaining('Secret') as string,
      cookie: 'a=1',
      'x-twice': '1, 2',
      via: `1.0 elsewhere, 1.1 kite-${proxy.kite.identity.id}`,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'proxy.example.com',
      'x-forwarded-proto': 'http',
    });
  });

  it('the reverse proxy names the caller that a trusted proxy names', async () => {
    const { proxy, path, seen } = await oneKite({ trustedProxies: ['127.0.0.1'] });
    for (const headers of [
      { 'X-Forwarded-For': '6.6.6.6, 203.0.113.7' },
      { Forwarded: 'for="203.0.113.7:80"' },
    ])
      await request('GET', `${new URL(proxy.url).origin}${path}/x`, { headers });
    expect(seen.map((incoming) => incoming.headers['x-forwarded-for'])).toEqual([
      '203.0.113.7',
      '203.0.113.7',
    ]);
    expect(seen[1]?.headers).not.toHaveProperty('forwarded');
  });

  it('the reverse proxy forwards to the address of a kite that a trusted proxy names', async () => {
    const trusting = await oneKite({ trustedProxies: ['127.0.0.1'] });
    const { proxy, key } = trusting;
    const headers = { 'X-Forwarded-For': '6.6.6.6, 203.0.113.7' };
    await registerRaw(proxy, 'http://203.0.113.7:3636/kite', { key, headers });
    for (const url of ['http://6.6.6.6:3636/kite', trusting.url])
      await expect(registerRaw(proxy, url, { key, headers })).rejects.toMatchObject({
        type: 'argumentError',
      });
    const other = await oneKite();
    await expect(
      registerRaw(other.proxy, 'http://203.0.113.7:3636/kite', { key: other.key, headers }),
    ).rejects.toMatchObject({ type: 'argumentError' });
  });

  it('the reverse proxy sets the same headers on a WebSocket, beside those of its handshake', async () => {
    const { proxy, path, server } = await oneKite();
    const sockets = new WebSocketServer({ server });
    const headers = new Promise<IncomingMessage['headers']>((resolve) =>
      sockets.on('connection', (_socket, incoming) => resolve(incoming.headers)),
    );
    const socket = new WebSocket(`ws://127.0.0.1:${proxy.kite.port}${path}/x`, {
      headers: { 'X-Forwarded-For': '8.8.8.8', 'Proxy-Authorization': 'x', Origin: 'http://127.0.0.1' },
    });
    await once(socket, 'open');
    onTestFinished(() => socket.terminate());
    expect(await headers).toMatchObject({
      connection: 'Upgrade',
      upgrade: 'websocket',
      origin: 'http://127.0.0.1',
      'x-forwarded-for': '127.0.0.1',
      'sec-websocket-version': '13',
    });
    expect(await headers).not.toHaveProperty('proxy-authorization');
  });

  it('the reverse proxy removes hop-by-hop headers from a response', async () => {
    const { kontrol, proxy } = await oneKite();
    const { url } = await startBackend((_incoming, response) => {
      response.writeHead(203, 'Fine', [
        ['Connection', 'X-Hop'],
        ['X-Hop', '1'],
        ['Proxy-Authenticate', 'Basic'],
        ['X-End', '2'],
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
      ] as unknown as OutgoingHttpHeader[]);
      response.end('body');
    });
    const kite = await registerRaw(proxy, url, { key: await kontrol.newKiteKey('bob') });
    const answer = await request('GET', `${kite.url}/x`);
    expect(answer).toMatchObject({ status: 203, body: 'body' });
    expect(answer.headers).toMatchObject({ 'x-end': '2', 'set-cookie': ['a=1', 'b=2'] });
    expect(answer.headers).not.toHaveProperty('x-hop');
    expect(answer.headers).not.toHaveProperty('proxy-authenticate');
  });
});

describe('a kite that registers', () => {
  it('the reverse proxy registers only kites with a key of its Kontrol', async () => {
    const { proxy, url } = await oneKite();
    const refused = { type: 'authenticationError' };
    await expect(registerRaw(proxy, url, { key: undefined })).rejects.toMatchObject(refused);
    const stranger = await startKontrol({ keyPair: await testKeyPair(1) });
    const key = await stranger.kontrol.newKiteKey('bob');
    await expect(registerRaw(proxy, url, { key })).rejects.toMatchObject(refused);
  });

  it('the reverse proxy rejects the id of a kite of another user that is connected or just disconnected', async () => {
    const { kontrol, proxy, kite, url } = await oneKite();
    const mallory = { key: await kontrol.newKiteKey('mallory'), kite: { id: kite.id, username: 'bob' } };
    await expect(registerRaw(proxy, url, mallory)).rejects.toMatchObject({ code: 'idTaken' });
    await kite.leave();
    await expect(registerRaw(proxy, url, mallory)).rejects.toMatchObject({ code: 'idTaken' });
    const { key } = { key: await kontrol.newKiteKey('bob') };
    expect((await registerRaw(proxy, url, { key, kite: { id: kite.id } })).url).toBe(kite.url);
  });

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:169.254.169.254]/',
    'http://10.0.0.1/',
    'http://0.0.0.0:22/',
    'http://internal.example.com/',
  ])('the reverse proxy refuses to forward requests to %s', async (url) => {
    const { proxy, key } = await oneKite({ resolve: () => Promise.resolve(['192.168.1.1']) });
    await expect(registerRaw(proxy, url, { key })).rejects.toMatchObject({ code: 'targetRefused' });
  });

  it('the reverse proxy refuses to forward to loopback if it serves other machines', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startReverseProxy(kontrol, { publicHost: 'proxy.example.com' });
    const key = await kontrol.newKiteKey('bob');
    const url = 'http://127.0.0.1:22/';
    await expect(registerRaw(proxy, url, { key })).rejects.toMatchObject({ code: 'targetRefused' });
  });

  it('the reverse proxy connects to the address that it checked, although the name resolves to another later', async () => {
    const answers = [['127.0.0.1'], ['10.0.0.1'], ['169.254.169.254']];
    let asked = 0;
    const { proxy, key, url } = await oneKite({ resolve: () => Promise.resolve(answers[asked++] ?? []) });
    const kite = await registerRaw(proxy, url.replace('127.0.0.1', 'rebind.example.com'), { key });
    for (let i = 0; i < 3; i++) {
      expect(await request('GET', `${kite.url}/x`)).toMatchObject({ status: 200, body: 'GET /kite/x' });
    }
    expect(asked).toBe(1);
  });

  it('the reverse proxy rejects an id that cannot be part of a URL', async () => {
    const { proxy, key, url } = await oneKite();
    for (const id of ['', '..', 'a/b', '.x', 'a?b', 'a%2fb', 'ä', 'x'.repeat(129)]) {
      await expect(registerRaw(proxy, url, { key, kite: { id } })).rejects.toMatchObject({
        type: 'argumentError',
      });
    }
  });

  it('the reverse proxy leaks nothing after ten thousand registrations and disconnects', async () => {
    const clock = new ManualClock(Date.now());
    const { proxy, key, kite, url } = await oneKite({ clock, allowTargets: ['127.0.0.1'] });
    for (let i = 0; i < 10_000; i++) {
      const [near, far] = MemoryChannel.pair();
      proxy.kite.accept(far);
      const answer = new Promise<string>((resolve) =>
        near.start({ message: resolve, drain: () => undefined, close: () => undefined }),
      );
      near.send(registerMessage(testIdentity({ id: `kite-${i}` }), key, url));
      expect(answerIn(await answer).error).toBeNull();
      near.ended(1006, '');
      far.ended(1006, '');
    }
    expect(proxy.status().kites.map(({ id }) => id)).toEqual([kite.id]);
    expect(proxy.kite.connectionCount).toBe(1);
    expect((await request('GET', `${new URL(proxy.url).origin}/proxy/kite-9999/x`)).status).toBe(404);
  }, 60_000);
});

/** A kite that answers each connection with these bytes. Returns its proxy, and the path of the kite there. */
async function kiteThatAnswers(bytes: string) {
  const { kontrol, proxy } = await oneKite();
  const server = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.end(bytes, 'latin1'));
    onTestFinished(() => void socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as net.AddressInfo;
  const kite = await registerRaw(proxy, `http://127.0.0.1:${port}/`, {
    key: await kontrol.newKiteKey('bob'),
  });
  return { proxy, path: new URL(kite.url).pathname };
}

describe('a kite that answers with an invalid response', () => {
  const hidden = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nevil';
  it.each([
    'HTTP/1.1 099 x\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 000 x\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 001 x\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 1000 x\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 -20 x\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 \x01\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 \x7f\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 a\x00b\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    'HTTP/1.1 101 \x01\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX: a\x01b\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX\x01: a\r\nContent-Length: 0\r\n\r\n',
    'HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n',
    'SSH-2.0-OpenSSH_9.2\r\n',
    '\r\n',
    '',
    `HTTP/1.1 099 x\r\nContent-Length: 0\r\n\r\n${hidden}`,
  ])(
    'the reverse proxy answers 502 to a request and to an upgrade if the kite answers %j, and continues to serve',
    async (bytes) => {
      const { proxy, path } = await kiteThatAnswers(bytes);
      for (const more of ['Connection: close\r\n', UPGRADE]) {
        const answer = await sendRaw(proxy, `GET ${path}/x HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`);
        expect(answer).toMatch(/^HTTP\/1\.1 502 /);
        expect(answer).not.toContain('evil');
        expect(answer).toMatch(/"type":"(?:badResponse|unreachable)"/);
      }
      expect((await request('GET', `${new URL(proxy.url).origin}/healthz`)).status).toBe(200);
    },
  );
});

describe('a request with several Host headers', () => {
  it.each([
    'Host: localhost\r\nHost: localhost\r\n',
    'Host: localhost\r\nhost: evil.example.com\r\n',
    'Host: localhost\r\nHOST:\r\n',
  ])('the reverse proxy answers 400 to a request and to an upgrade with %j', async (hosts) => {
    const { proxy, path, seen } = await oneKite();
    for (const more of ['Connection: close\r\n', UPGRADE]) {
      const answer = await sendRaw(proxy, `GET ${path}/x HTTP/1.1\r\n${hosts}${more}\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    }
    expect(seen).toEqual([]);
  });
});

describe('a slow caller', () => {
  it('the reverse proxy disconnects a caller that does not finish its headers, below a kite and elsewhere', async () => {
    const { proxy, path, seen } = await oneKite({ limits: { headersTimeout: 100 } });
    expect(await sendRaw(proxy, `GET ${path}/x HTTP/1.1\r\nHost: localhost\r\nX-Slow`)).toMatch(
      /^HTTP\/1\.1 408 /,
    );
    expect(seen).toEqual([]);
  });

  it.each(['a response', 'a WebSocket'])(
    'the reverse proxy applies backpressure to the kite while the caller reads %s slowly',
    async (what) => {
      const { proxy, path, server } = await oneKite();
      const piece = Buffer.alloc(64 * 1024, 'x');
      let written = 0;
      const flood = (to: Writable): void => {
        const more = (): void => {
          while (written < 512 * 1024 * 1024) {
            written += piece.length;
            if (!to.write(piece)) return;
          }
        };
        to.on('drain', more);
        to.on('error', () => undefined);
        more();
      };
      server.removeAllListeners('request');
      server.on('request', (_incoming, response) => flood(response));
      server.on('upgrade', (_incoming, socket: net.Socket) => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
        flood(socket);
      });
      const head = what === 'a response' ? '' : UPGRADE;
      const socket = net.connect(proxy.kite.port ?? 0, '127.0.0.1');
      onTestFinished(() => void socket.destroy());
      socket.pause();
      socket.write(`GET ${path}/flood HTTP/1.1\r\nHost: localhost\r\n${head}\r\n`);
      // It stops when the buffers of the system are full: after a round trip through the proxy it has not advanced.
      let before = -1;
      for (const now = (): number => written; now() === 0 || now() !== before; ) {
        before = now();
        for (let i = 0; i < 20; i++) await request('GET', `${new URL(proxy.url).origin}/healthz`);
      }
      expect(written).toBeLessThan(64 * 1024 * 1024);
      const [kite] = proxy.status().kites;
      expect(written - (kite?.bytesFromKite ?? 0)).toBeGreaterThan(0);
      socket.resume();
      await expect.poll(() => written, { timeout: 10_000 }).toBeGreaterThan(before + 16 * 1024 * 1024);
    },
  );
});
