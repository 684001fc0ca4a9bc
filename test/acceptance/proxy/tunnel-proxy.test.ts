import { describe, expect, it, vi } from 'vitest';
import { type Kite, type RemoteFunction, type Transport } from '../../../src/lib/index.js';
import type { Connection } from '../../../src/lib/kite/call/connection.js';
import { request } from '../../helpers/transport/http.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { makeKite, startKite } from '../../helpers/proxy/proxy.js';
import { open, passiveKite, sessionUrl, startTunnelProxy } from '../../helpers/proxy/tunnel.js';
import { SINGLE_TRANSPORTS, SOCKJS_TRANSPORTS } from '../../helpers/transport/transports.js';

const query = { username: 'bob', environment: 'prod', name: 'math' };
const MIB = 1024 * 1024;

/** A kite behind a tunnel proxy, with its proxy and Kontrol, and another kite that knows Kontrol. */
async function behindTunnel(options: Parameters<typeof startTunnelProxy>[1] = {}) {
  const { kontrol } = await startKontrol();
  const proxy = await startTunnelProxy(kontrol, options);
  const math = await makeKite(kontrol);
  const registration = await math.registerToTunnel({ proxyUrl: proxy.kite.url ?? '' });
  const caller = await makeKite(kontrol, { name: 'caller' });
  const auth = { type: 'kiteKey', key: await kontrol.newKiteKey('bob') };
  const dialed = async (transport: Transport = 'WebSocket') => {
    const client = caller.newClient(registration.url, { transport, auth });
    await client.dial();
    return client;
  };
  return { kontrol, proxy, math, registration, caller, dialed, url: registration.url };
}

/** The next session that the kite accepts. */
function nextPeer(kite: Kite): Promise<Connection> {
  return new Promise((resolve) => kite.once('connect', (peer) => resolve(peer as Connection)));
}

function endOf(peer: Connection): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) => peer.once('disconnect', (code, reason) => resolve({ code, reason })));
}

describe.each(SINGLE_TRANSPORTS)('a kite behind the tunnel proxy, called over %s', (transport) => {
  it('a kite behind the tunnel proxy is found under its public URL, and answers as without the proxy', async () => {
    const { proxy, math, registration, caller } = await behindTunnel();
    expect(math.url).toBeUndefined();
    expect(registration.url).toBe(`${new URL(proxy.url).origin}/proxy?kiteID=${math.identity.id}`);
    const [found] = await caller.getKites(query);
    expect(found?.url).toBe(registration.url);
    const client = found?.client({ transport });
    await client?.dial();
    expect(await client?.tell('square', 4)).toBe(16);
    expect(await client?.tell('echo', 'é 漢字 😀 \u2028 \u0000', { a: [null] })).toEqual([
      'é 漢字 😀 \u2028 \u0000',
      { a: [null] },
    ]);
    // A caller that calls again is recognized by the prefix of its calls, which is not decoded.
    for (let i = 0; i < 5; i++) {
      const squared = client?.tell('square', i);
      expect(await client?.tell('echo', `"${i}"`, '\\')).toEqual([`"${i}"`, '\\']);
      expect(await squared).toBe(i * i);
    }
    await expect(client?.tell('nothing')).rejects.toMatchObject({ type: 'methodNotFound' });
  });

  it('a kite behind the tunnel proxy calls the callbacks and the methods of its caller', async () => {
    const { math, dialed, caller } = await behindTunnel();
    math.handle<[number, RemoteFunction]>('count', ({ args: [to, each] }) => {
      for (let i = 0; i < to; i++) each(i);
      return to;
    });
    math.handle('who', ({ client }) => client.tell('kite.ping'));
    const client = await dialed(transport);
    const seen: unknown[] = [];
    expect(await client.tell('count', 1000, (i: unknown) => seen.push(i))).toBe(1000);
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(await client.tell('who')).toBe('pong');
    expect(caller.connectionCount).toBe(0);
  });

  it('a kite behind the tunnel proxy closes the session on a message above the limit', async () => {
    const { url } = await behindTunnel({ limits: { messageBytes: MIB } });
    const { channel, inbox } = await open(url, { transport });
    channel.send('x'.repeat(MIB + 1));
    expect(await inbox.closed()).toMatchObject({ code: 1009 });
  });
});

describe('a session through the tunnel', () => {
  it.each(SOCKJS_TRANSPORTS)('the tunnel carries messages of 16 MiB over %s', async (transport) => {
    const { proxy, dialed } = await behindTunnel();
    const client = await dialed(transport);
    // The envelope of the call takes some kilobytes.
    const text = 'x'.repeat(16 * MIB - 8192);
    const [echoed] = await client.tellWithTimeout<[string]>(0, 'echo', text);
    expect(echoed === text).toBe(true);
    expect(proxy.status().bytesToKites).toBeGreaterThan(15 * MIB);
    expect(proxy.status().bytesFromKites).toBeGreaterThan(15 * MIB);
  });

  it('the tunnel keeps the order of messages of all sizes, also of those sent before it opened', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startTunnelProxy(kontrol);
    const kite = await passiveKite(kontrol, proxy);
    const { channel } = await open(kite.url);
    const { url } = await kite.nextRequest();
    const size = (i: number): number => (i % 10 === 0 ? 20_000 : i);
    const messages = Array.from({ length: 300 }, (_, i) => `${i} ${'y'.repeat(size(i))}`);
    for (const message of messages.slice(0, 30)) channel.send(message);
    // The proxy has read some of it when it answers another caller.
    await request('GET', `${new URL(proxy.url).origin}/healthz`);
    const tunnel = await open(url, { transport: 'Session' });
    for (const message of messages.slice(30)) channel.send(message);
    expect(await tunnel.inbox.count(messages.length)).toEqual(messages);
  });

  it('the tunnel forwards the close code and reason from either side', async () => {
    const { math, url } = await behindTunnel();
    for (const transport of SINGLE_TRANSPORTS) {
      const coming = nextPeer(math);
      const one = await open(url, { transport });
      const peer = await coming;
      peer.close(4001, 'enough of you');
      expect(await one.inbox.closed()).toEqual({ code: 4001, reason: 'enough of you' });
    }
    for (const transport of ['WebSocket', 'RawWebSocket'] as const) {
      const coming = nextPeer(math);
      const other = await open(url, { transport });
      const ended = endOf(await coming);
      other.channel.close(4002, 'enough of me');
      expect(await ended).toEqual({ code: 4002, reason: 'enough of me' });
    }
  });

  it('a tunnel stays open after the registering connection of its kite closed', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startTunnelProxy(kontrol);
    const kite = await passiveKite(kontrol, proxy);
    for (const transport of SINGLE_TRANSPORTS) {
      const [caller, tunnel] = await Promise.all([
        open(kite.url, { transport }),
        kite.nextRequest().then(({ url }) => open(url, { transport: 'Session' })),
      ]);
      if (transport === 'XHRPolling') {
        kite.leave();
        await vi.waitFor(() => expect(proxy.status().kites).toEqual([]));
      }
      caller.channel.send('there');
      tunnel.channel.send('back');
      expect(await caller.inbox.count(1)).toEqual(['back']);
      expect(await tunnel.inbox.count(1)).toEqual(['there']);
    }
    expect(proxy.status()).toMatchObject({ sessions: 3, sessionsTotal: 3 });
  });

  it('the tunnel proxy counts the sessions and bytes of each kite and of all', async () => {
    const { proxy, dialed, math } = await behindTunnel();
    const client = await dialed();
    await client.tell('echo', 'x'.repeat(10_000));
    const [kite] = proxy.status().kites;
    expect(kite).toMatchObject({ id: math.identity.id, username: 'bob', sessions: 1, sessionsTotal: 1 });
    expect(kite?.bytesToKite).toBeGreaterThan(10_000);
    expect(kite?.bytesFromKite).toBeGreaterThan(10_000);
    client.close();
    await vi.waitFor(() => expect(proxy.status()).toMatchObject({ sessions: 0, sessionsTotal: 1 }));
    const metrics = await request('GET', `${new URL(proxy.url).origin}/metrics`);
    expect(metrics.body).toContain('proxy_sessions_total 1\n');
  });
});

describe('a session over XHR', () => {
  it('the tunnel proxy accepts a session over XHR with the path after the query, as Go clients send it', async () => {
    const { url } = await behindTunnel();
    const path = `${url}/326/38e303e3b36612dc3e79`;
    expect(await request('POST', `${path}/xhr`)).toMatchObject({ status: 200, body: 'o\n' });
    const ping = JSON.stringify([
      '{"method":"kite.ping","arguments":[{"withArgs":[],"responseCallback":"[Function]"}],"callbacks":{"0":[0,"responseCallback"]}}',
    ]);
    expect(await request('POST', `${path}/xhr_send`, { body: ping })).toMatchObject({ status: 204 });
    expect((await request('POST', `${path}/xhr`)).body).toContain('pong');
    expect((await request('GET', `${url}/info`)).body).toContain('"websocket":true');
    expect((await request('GET', url)).body).toBe('Welcome to SockJS!\n');
  });

  it('the tunnel proxy separates sessions over XHR of different kites with equal names', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startTunnelProxy(kontrol);
    const kites = [await passiveKite(kontrol, proxy), await passiveKite(kontrol, proxy)] as const;
    const urls = kites.map(({ url }) => sessionUrl(url, 'xhr', 'the-same'));
    for (const [index, url] of urls.entries()) {
      expect((await request('POST', url)).body).toBe('o\n');
      const tunnel = await open((await kites[index]?.nextRequest())?.url ?? '', { transport: 'Session' });
      tunnel.channel.send(`from kite ${index}`);
    }
    for (const [index, url] of urls.entries()) {
      expect((await request('POST', url)).body).toBe(`a["from kite ${index}"]\n`);
    }
  });
});

describe('a tunnel proxy that closes', () => {
  it('a tunnel proxy that closes lets sessions finish, accepts no new ones, and sends its kites to another', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startTunnelProxy(kontrol);
    const math = await makeKite(kontrol);
    const { url } = await math.registerToTunnel();
    const auth = { type: 'kiteKey', key: await kontrol.newKiteKey('bob') };
    const client = math.newClient(url, { auth });
    await client.dial();
    await client.tell('kite.ping');
    const other = await startTunnelProxy(kontrol);
    const moved = new Promise<string>((resolve) => math.on('register', resolve));
    const closed = proxy.close({ drainTimeout: 60_000 });
    expect(await moved).toContain(new URL(other.url).origin);
    expect(await client.tell('square', 4)).toBe(16);
    await expect(open(url)).rejects.toMatchObject({
      code: 'handshake',
      message: expect.stringContaining('503'),
    });
    client.close();
    await closed;
  });

  it('a tunnel proxy that closes sends a close frame to the remaining sessions', async () => {
    const { proxy, url } = await behindTunnel();
    const sessions = await Promise.all(SINGLE_TRANSPORTS.map((transport) => open(url, { transport })));
    await vi.waitFor(() => expect(proxy.waiting).toBe(0));
    await proxy.close({ drainTimeout: 0 });
    for (const [index, { inbox }] of sessions.entries()) {
      const { code } = (await inbox.closed()) ?? {};
      // A polling client is notified only of the end of connections.
      expect(code).toBe(SINGLE_TRANSPORTS[index] === 'XHRPolling' ? 1006 : 3000);
    }
  });
});

describe('a kite behind the tunnel proxy', () => {
  it('a kite behind the tunnel proxy keeps its public URL after the kite or the proxy restarts', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startTunnelProxy(kontrol);
    const port = proxy.kite.port ?? 0;
    const math = await startKite(kontrol);
    const { url } = await math.registerToTunnel();
    const [peer] = proxy.status().kites;
    expect(peer?.url).toBe(url);
    let again = new Promise<string>((resolve) => math.once('register', resolve));
    await proxy.close({ drainTimeout: 0 });
    const second = await startTunnelProxy(kontrol, { port });
    const connections = new Set<{ close(): void }>();
    second.kite.on('connect', (connection) => connections.add(connection));
    expect(await again).toBe(url);
    const client = math.newClient(url);
    await client.dial();
    expect(await client.tell('kite.ping')).toBe('pong');
    // Only its own connection drops this time.
    again = new Promise<string>((resolve) => math.once('register', resolve));
    for (const connection of connections) connection.close();
    expect(await again).toBe(url);
  });
});
