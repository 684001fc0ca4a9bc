import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { Kite, type KiteOptions } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { request } from '../../helpers/transport/http.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { startKite, startReverseProxy } from '../../helpers/proxy/proxy.js';
import { passiveKite, startTunnelProxy } from '../../helpers/proxy/tunnel.js';

// Requests that an untrusted page can make a browser send to a kite.

function makeKite(options: KiteOptions = {}): Kite {
  const kite = new Kite('math', '1.0.0', {
    port: 0,
    kiteKey: false,
    env: {},
    logger: silentLogger,
    ...options,
  });
  kite.handleHttp('/hello', (_request, response) => void response.end('hello'));
  kite.handleHttp('/public', (_request, response) => void response.end('public'), { anyOrigin: true });
  onTestFinished(() => kite.close({ drainTimeout: 100 }));
  return kite;
}

async function listening(options?: KiteOptions): Promise<{ kite: Kite; base: string }> {
  const kite = makeKite(options);
  await kite.listen();
  return { kite, base: `http://127.0.0.1:${kite.port}` };
}

async function status(url: string, headers: Record<string, string>, method = 'GET'): Promise<number> {
  return (await request(method, url, { headers })).status;
}

/** The status of a WebSocket request: 101 if it is upgraded. */
function upgraded(base: string, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(`${base.replace('http', 'ws')}/kite/websocket`, { headers });
  onTestFinished(() => socket.terminate());
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(101));
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.on('error', reject);
  });
}

const EVIL = 'http://evil.example';

describe('a kite at loopback', () => {
  it('a kite on loopback answers requests for a host name of loopback', async () => {
    const { kite, base } = await listening();
    for (const host of ['localhost', `127.0.0.1:${kite.port}`, '[::1]:80', 'math.localhost']) {
      expect(await status(`${base}/kite/info`, { host })).toBe(200);
      expect(await status(`${base}/hello`, { host })).toBe(200);
      expect(await upgraded(base, { host })).toBe(101);
    }
  });

  it('a kite on loopback rejects a page whose host name was rebound to its address', async () => {
    const { kite, base } = await listening();
    const host = `evil.example:${kite.port}`;
    // To the browser all of this has the same origin.
    const headers = { host, origin: `http://${host}` };
    expect(await status(`${base}/kite/info`, headers)).toBe(403);
    expect(await status(`${base}/kite/000/abcdefgh/xhr`, headers, 'POST')).toBe(403);
    expect(await status(`${base}/kite/iframe.html`, { host })).toBe(403);
    expect(await status(`${base}/hello`, { host })).toBe(403);
    expect(await status(`${base}/public`, { host })).toBe(403);
    expect(await upgraded(base, headers)).toBe(403);
    const { body, headers: answered } = await request('GET', `${base}/hello`, { headers });
    expect(body).toContain('allowedHosts');
    expect(answered['access-control-allow-origin']).toBeUndefined();
  });

  it('a kite on loopback answers for its allowed hosts, and for any host if they are *', async () => {
    const { base } = await listening({ allowedHosts: ['math.example.com'] });
    expect(await status(`${base}/hello`, { host: 'math.example.com' })).toBe(200);
    expect(await status(`${base}/hello`, { host: 'evil.example' })).toBe(403);
    const { base: any } = await listening({ env: { KITE_ALLOWED_HOSTS: '*' } });
    expect(await status(`${any}/hello`, { host: 'evil.example' })).toBe(200);
  });

  it('a kite on loopback answers for the host of its registered URL', async () => {
    const { kontrol } = await startKontrol();
    const { kite, base } = await listening({
      kiteKey: await kontrol.newKiteKey('bob'),
      kontrolUrl: kontrol.url,
    });
    const headers = { host: 'math.example.com' };
    expect(await status(`${base}/kite/info`, headers)).toBe(403);
    await kite.register({ url: 'https://math.example.com/kite' });
    expect(await status(`${base}/kite/info`, headers)).toBe(200);
    expect(await upgraded(base, headers)).toBe(101);
  });

  it('a kite on loopback rejects plain HTTP requests from other origins, except for public paths', async () => {
    const { base } = await listening({ allowOrigin: ['https://app.example.com'] });
    expect(await status(`${base}/hello`, { origin: EVIL })).toBe(403);
    expect(await status(`${base}/hello`, { origin: EVIL }, 'POST')).toBe(403);
    expect(await status(`${base}/hello`, { origin: 'null' })).toBe(403);
    expect(await status(`${base}/public`, { origin: EVIL })).toBe(200);
    for (const origin of [base, 'http://localhost:8080', 'https://app.example.com'])
      expect(await status(`${base}/hello`, { origin })).toBe(200);
  });
});

describe('the warnings of a kite about rejected requests', () => {
  it('a kite logs once which host or origin it rejected, and which setting allows it', async () => {
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (text: string) => void warnings.push(text) };
    const { base } = await listening({ logger });
    for (let n = 0; n < 3; n++) {
      await status(`${base}/kite/info`, { host: 'math.example.com:80' });
      await status(`${base}/kite/info`, { origin: EVIL });
      await upgraded(base, { origin: EVIL });
      await status(`${base}/hello`, { origin: EVIL });
      await status(`${base}/public`, { origin: EVIL });
    }
    expect(warnings).toEqual([
      'Rejected a request for the host "math.example.com:80". If it is a name of this kite, allow it: allowedHosts, KITE_ALLOWED_HOSTS, or --allow-host',
      `Rejected a page of "${EVIL}". To allow it: allowOrigin, KITE_ALLOW_ORIGIN, or --allow-origin`,
    ]);
  });

  it('a kite limits the number and length of warnings about rejected hosts', async () => {
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (text: string) => void warnings.push(text) };
    const { base } = await listening({ logger });
    for (let n = 0; n < 100; n++) await status(`${base}/hello`, { host: `${n}.${'x'.repeat(1000)}` });
    expect(warnings).toHaveLength(16);
    expect(Math.max(...warnings.map(({ length }) => length))).toBeLessThan(400);
  });
});

describe('a kite on a public address', () => {
  it('a kite on a public address answers for any host, and only for its allowed hosts once they are set', async () => {
    const { base } = await listening({ ip: '0.0.0.0' });
    expect(await status(`${base}/hello`, { host: 'math.internal' })).toBe(200);
    const { base: named } = await listening({ ip: '0.0.0.0', allowedHosts: ['math.internal'] });
    expect(await status(`${named}/hello`, { host: 'math.internal:80' })).toBe(200);
    expect(await status(`${named}/hello`, { host: '10.0.0.7' })).toBe(200);
    expect(await status(`${named}/hello`, { host: 'evil.example' })).toBe(403);
    expect(await upgraded(named, { host: 'evil.example' })).toBe(403);
  });
});

describe('a kite mounted on a server', () => {
  it('a mounted kite checks hosts by the address of its server, and ignores other paths', async () => {
    const host = 'evil.example';
    for (const [ip, expected] of [
      ['127.0.0.1', 403],
      ['0.0.0.0', 200],
    ] as const) {
      const server = createServer((_request, response) => void response.end('mine'));
      makeKite().mount(server);
      await new Promise<void>((resolve) => server.listen(0, ip, resolve));
      onTestFinished(() => void server.close());
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      expect(await status(`${base}/kite/info`, { host })).toBe(expected);
      expect(await upgraded(base, { host })).toBe(expected === 200 ? 101 : 403);
      expect(await status(`${base}/else`, { host })).toBe(200);
    }
  });
});

describe('Kontrol', () => {
  it('Kontrol rejects requests for other hosts and from other origins, over HTTP as well', async () => {
    const { origin } = await startKontrol();
    for (const path of ['/kite/info', '/heartbeat?id=1', '/healthz', '/readyz', '/metrics']) {
      expect(await status(origin + path, {})).toBe(200);
      expect(await status(origin + path, { origin })).toBe(200);
      expect(await status(origin + path, { origin: EVIL })).toBe(403);
      expect(await status(origin + path, { host: 'evil.example' })).toBe(403);
    }
    expect(await status(`${origin}/register`, { origin: EVIL }, 'POST')).toBe(403);
    expect(await status(`${origin}/register`, {}, 'POST')).toBe(400);
  });

  it('Kontrol answers for the hosts of its URLs and its allowed hosts and origins', async () => {
    const { origin } = await startKontrol({
      url: 'https://kontrol.example.com/kite',
      registerUrl: 'http://kontrol.internal:4000/kite',
      allowedHosts: ['registry.example.com'],
      allowOrigin: ['https://app.example.com'],
    });
    for (const host of ['kontrol.example.com', 'kontrol.internal:4000', 'registry.example.com'])
      expect(await status(`${origin}/healthz`, { host })).toBe(200);
    expect(await status(`${origin}/healthz`, { host: 'evil.example' })).toBe(403);
    expect(await status(`${origin}/healthz`, { origin: 'https://app.example.com' })).toBe(200);
    expect(await status(`${origin}/healthz`, { origin: EVIL })).toBe(403);
  });
});

describe('requests from pages through the reverse proxy', () => {
  it('the tunnel proxy checks the origin and the host of callers itself', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startTunnelProxy(kontrol, { publicHost: 'proxy.example.com' });
    const { url } = await passiveKite(kontrol, proxy);
    const base = `${new URL(proxy.kite.url ?? '').origin}/proxy`;
    const { search } = new URL(url);
    const statusOf = async (headers: Record<string, string>): Promise<number> =>
      status(`${base}/info${search}`, headers);
    const host = 'proxy.example.com';
    expect(await statusOf({ host })).toBe(200);
    expect(await statusOf({ host, origin: `http://${host}` })).toBe(200);
    expect(await statusOf({ host, origin: EVIL })).toBe(403);
    expect(await statusOf({ host: 'evil.example' })).toBe(403);
    expect(await statusOf({ host: 'evil.example', origin: 'http://evil.example' })).toBe(403);
  });

  it('the reverse proxy forwards the origin for the kite to check, and rejects unknown hosts', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startReverseProxy(kontrol, { publicHost: 'proxy.example.com', localKites: true });
    const math = await startKite(kontrol);
    math.handleHttp('/own', (_incoming, response) => void response.end('own'));
    math.handleHttp('/public', (_incoming, response) => void response.end('public'), { anyOrigin: true });
    const local = new URL(proxy.kite.url ?? '').origin;
    const { url } = await math.registerToProxy({
      proxyUrl: proxy.kite.url ?? '',
      url: new URL(math.url ?? '').origin,
    });
    const base = local + new URL(url).pathname;
    const status = async (path: string, headers: Record<string, string>): Promise<number> =>
      (await request('GET', base + path, { headers })).status;
    const host = 'proxy.example.com';
    expect(await status('/own', { host })).toBe(200);
    expect(await status('/own', { host, origin: `http://${host}` })).toBe(200);
    expect(await status('/own', { host, origin: EVIL })).toBe(403);
    expect(await status('/public', { host, origin: EVIL })).toBe(200);
    expect(await status('/kite/info', { host, origin: EVIL })).toBe(403);
    const refused = await request('GET', `${base}/public`, { headers: { host: 'evil.example' } });
    expect(refused).toMatchObject({
      status: 403,
      body: expect.stringContaining('KITE_ALLOWED_HOSTS') as string,
    });
    expect(await upgraded(base, { host })).toBe(101);
    expect(await upgraded(base, { host, origin: EVIL })).toBe(403);
    expect(await upgraded(base, { host: 'evil.example' })).toBe(403);
  });
});

describe('a connection that is upgraded', () => {
  it.each([
    ['a session', '/kite/000/session/websocket', {}],
    ['a raw session', '/kite/websocket', {}],
    ['a path of the program', '/own', {}],
    ['a path of the program whose handler fails', '/broken', {}],
    ['a page of another origin', '/own', { origin: EVIL }],
    ['another host', '/kite/websocket', { host: 'evil.example' }],
    ['an unknown path', '/nothing', {}],
  ])('an error of the connection of %s does not end the process', async (_what, path, headers) => {
    const kite = makeKite();
    kite.handleUpgrade('/own', (_request, socket) => void socket.write('HTTP/1.1 101 Own\r\n\r\n'));
    kite.handleUpgrade('/broken', () => {
      throw new Error('broken');
    });
    const server = createServer();
    kite.mount(server);
    const upgrade = new Promise<Duplex>((resolve) => {
      server.on('upgrade', (_request, socket) => resolve(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    client.on('error', () => {});
    const socket = await upgrade;
    expect(socket.listenerCount('error')).toBeGreaterThan(0);
    socket.destroy(new Error('read ECONNRESET'));
    client.terminate();
  });
});
