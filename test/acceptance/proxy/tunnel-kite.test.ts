import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Kite, type KiteError, type KiteOptions, type Peer } from '../../../src/lib/index.js';
import type { Kontrol } from '../../../src/lib/kontrol.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { makeKite, startKite } from '../../helpers/proxy/proxy.js';
import { open, startTunnelProxy } from '../../helpers/proxy/tunnel.js';

// What a kite does for a tunnel proxy, and refuses to any other caller.

type Caller = Pick<Peer<never, never>, 'remoteAddress'> & {
  tell(method: string, ...args: unknown[]): Promise<unknown>;
};

/** A server that counts its requests. Closed when the test ends. */
async function startWitness(): Promise<{ readonly origin: string; readonly visits: string[] }> {
  const visits: string[] = [];
  const server = http.createServer((request, response) => {
    visits.push(request.url ?? '');
    response.end();
  });
  server.on('connection', () => visits.push('connection'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, visits };
}

/** A hostile tunnel proxy: it requests the tunnels that the test selects. */
async function evilProxy(
  kontrol: Kontrol,
  options: KiteOptions & { readonly publicUrl?: string } = {},
): Promise<{ readonly kite: Kite; readonly url: string; readonly registered: Promise<Caller> }> {
  const { publicUrl, ...more } = options;
  const kite = new Kite('tunnelproxy', '1.0.0', {
    kiteKey: await kontrol.newKiteKey('kontrol'),
    allowKiteKeysOf: 'any',
    port: 0,
    env: {},
    logger: silentLogger,
    ...more,
  });
  onTestFinished(() => kite.close({ drainTimeout: 0 }));
  const registered = new Promise<Caller>((resolve) => {
    kite.handle<unknown[]>('register', ({ client, kite: { id } }) => {
      setImmediate(() => resolve(client as unknown as Caller));
      return `${publicUrl ?? new URL(kite.url ?? '').origin}/proxy?kiteID=${id}`;
    });
  });
  await kite.listen();
  return { kite, url: kite.url ?? '', registered };
}

const refused = { type: 'authenticationError' };

describe('a caller through the tunnel', () => {
  it('a caller through the tunnel authenticates as without the proxy', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startTunnelProxy(kontrol);
    const math = await startKite(kontrol, { trustRemote: true });
    const { url } = await math.registerToTunnel({ proxyUrl: proxy.kite.url ?? '' });
    const stranger = await makeKite(kontrol, { username: 'mallory' });
    const [found] = await (await makeKite(kontrol)).getKites({
      username: 'bob',
      name: 'math',
      environment: 'prod',
    });
    const credentials = [
      null,
      { type: 'kiteKey', key: await kontrol.newKiteKey('mallory') },
      { type: 'kiteKey', key: 'nonsense' },
      { type: 'token', key: (found?.token ?? '').slice(0, -4) },
      { type: 'kiteKey', key: await kontrol.newKiteKey('bob') },
      { type: 'token', key: found?.token ?? '' },
    ];
    const outcomes = async (at: string): Promise<unknown[]> => {
      const client = stranger.newClient(at);
      await client.dial();
      const all: unknown[] = [];
      for (const auth of credentials) {
        client.auth = auth;
        all.push(
          await client.tell('square', 3).catch((error: KiteError) => `${error.type}: ${error.message}`),
        );
      }
      expect(await client.tell('kite.ping')).toBe('pong');
      return all;
    };
    const through = await outcomes(url);
    expect(through).toEqual(await outcomes(math.url ?? ''));
    expect(through.slice(0, 4).every((outcome) => String(outcome).startsWith('authenticationError'))).toBe(
      true,
    );
    expect(through.slice(4)).toEqual([9, 9]);
  });
});

describe('kite.tunnel', () => {
  it('kite.tunnel is refused to every caller except the proxy, and the kite dials nothing', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startTunnelProxy(kontrol);
    const math = await startKite(kontrol);
    const { url: publicUrl } = await math.registerToTunnel({ proxyUrl: proxy.kite.url ?? '' });
    const witness = await startWitness();
    const bob = await makeKite(kontrol);
    const auth = { type: 'kiteKey', key: await kontrol.newKiteKey('bob') };
    // Of the real proxy's user, and with a URL of the real proxy, too.
    const token = await bob.getToken({ username: 'bob', environment: 'prod', name: 'math' });
    const ownUrl = `${new URL(proxy.url).origin.replace('http', 'ws')}/tunnel/0/x/websocket?token=x`;
    for (const at of [math.url ?? '', publicUrl]) {
      for (const credentials of [auth, { type: 'token', key: token }, null]) {
        const client = bob.newClient(at, { auth: credentials });
        await client.dial();
        for (const url of [`${witness.origin}/tunnel/0/x/websocket?token=x`, ownUrl]) {
          await expect(client.tell('kite.tunnel', { url })).rejects.toMatchObject(refused);
        }
      }
    }
    expect(witness.visits).toEqual([]);
    expect(math.connectionCount).toBe(6);
  });

  it('kite.tunnel is refused to a peer that the kite dialed, even if it is fully trusted', async () => {
    const { kontrol } = await startKontrol();
    const witness = await startWitness();
    const math = await makeKite(kontrol, { trustRemote: true });
    const other = await startKite(kontrol, { name: 'other' });
    const asked = new Promise<unknown>((resolve) => {
      other
        .handle('ask', async ({ client }) => {
          const url = `${witness.origin}/tunnel/0/x/websocket?token=x`;
          resolve(await client.tell('kite.tunnel', { url }).catch((error: unknown) => error));
          return null;
        })
        .disableAuthentication();
    });
    const client = math.newClient(other.url ?? '', { trustRemote: true });
    await client.dial();
    await client.tell('ask');
    expect(await asked).toMatchObject({ ...refused, code: 'notTheProxy' });
    expect(witness.visits).toEqual([]);
  });

  it.each([
    'ws://169.254.169.254/latest/meta-data',
    'WITNESS/tunnel/0/x/websocket?token=x',
    'http://localhost:22/',
    'ws://[::1]:1/',
  ])('kite.tunnel is refused to the proxy for the URL %s', async (target) => {
    const { kontrol } = await startKontrol();
    const witness = await startWitness();
    const evil = await evilProxy(kontrol);
    const math = await makeKite(kontrol);
    await math.registerToTunnel({ proxyUrl: evil.url });
    const proxy = await evil.registered;
    const url = target.replace('WITNESS', witness.origin);
    await expect(proxy.tell('kite.tunnel', { url })).rejects.toMatchObject({
      ...refused,
      code: 'foreignOrigin',
    });
    expect(witness.visits).toEqual([]);
  });

  it('kite.tunnel accepts nothing but a URL to dial', async () => {
    const { kontrol } = await startKontrol();
    const evil = await evilProxy(kontrol);
    const math = await makeKite(kontrol);
    await math.registerToTunnel({ proxyUrl: evil.url });
    const proxy = await evil.registered;
    const { host } = new URL(evil.url);
    for (const argument of [
      undefined,
      null,
      4,
      'x',
      [],
      {},
      { url: 4 },
      { url: 'x' },
      { url: `ftp://${host}/` },
    ]) {
      await expect(proxy.tell('kite.tunnel', argument)).rejects.toMatchObject({ type: 'argumentError' });
    }
    const withPassword = { url: `ws://user:password@${host}/tunnel/0/x/websocket` };
    await expect(proxy.tell('kite.tunnel', withPassword)).rejects.toMatchObject({ type: 'argumentError' });
  });

  it('kite.tunnel dials the host at which the kite dialed the proxy, whatever the public host is', async () => {
    const { kontrol } = await startKontrol();
    const witness = await startWitness();
    const announced = witness.origin.replace('ws', 'http');
    const evil = await evilProxy(kontrol, { publicUrl: announced });
    const math = await makeKite(kontrol);
    const { url } = await math.registerToTunnel({ proxyUrl: evil.url });
    expect(url).toContain(announced);
    const proxy = await evil.registered;
    // Nothing listens at that path of the proxy, and the proxy gets no details.
    await expect(
      proxy.tell('kite.tunnel', { url: `${witness.origin}/tunnel/0/x/websocket?token=x` }),
    ).rejects.toMatchObject({ code: 'tunnelFailed', message: 'Cannot open the tunnel' });
    expect(witness.visits).toEqual([]);

    const real = await startTunnelProxy(kontrol, { publicHost: 'tunnel.example.com' });
    const registration = await math.registerToTunnel({ proxyUrl: real.kite.url ?? '' });
    expect(registration.url).toContain('http://tunnel.example.com');
    const client = math.newClient(
      registration.url.replace(/^.*\/proxy/, `${new URL(real.kite.url ?? '').origin}/proxy`),
    );
    await client.dial();
    expect(await client.tell('kite.ping')).toBe('pong');
  });

  it('kite.tunnel dials another host if the program allows it', async () => {
    const { kontrol } = await startKontrol();
    const witness = await startWitness();
    const evil = await evilProxy(kontrol);
    const math = await makeKite(kontrol);
    await math.registerToTunnel({
      proxyUrl: evil.url,
      tunnelOrigins: [witness.origin.replace('ws', 'http')],
    });
    const proxy = await evil.registered;
    const url = `${witness.origin}/tunnel/0/x/websocket?token=x`;
    await expect(proxy.tell('kite.tunnel', { url })).rejects.toMatchObject({ code: 'tunnelFailed' });
    expect(witness.visits).toContain('connection');
  });

  it('kite.tunnel is refused to a proxy that the kite has left', async () => {
    const { kontrol } = await startKontrol();
    const evil = await evilProxy(kontrol);
    const math = await makeKite(kontrol);
    const registration = await math.registerToTunnel({ proxyUrl: evil.url });
    const proxy = await evil.registered;
    registration.stop();
    const url = `${evil.url.replace('http', 'ws')}/tunnel/0/x/websocket`;
    await expect(proxy.tell('kite.tunnel', { url })).rejects.toMatchObject({ type: 'disconnect' });
    expect(evil.kite.connectionCount).toBeLessThanOrEqual(1);
  });
});

describe('a kite behind a tunnel', () => {
  it('a kite limits its open tunnels', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startTunnelProxy(kontrol);
    const math = await makeKite(kontrol, { limits: { tunnels: 2 } });
    const { url } = await math.registerToTunnel({ proxyUrl: proxy.kite.url ?? '' });
    const two = [await open(url), await open(url)];
    await vi.waitFor(() => expect(math.connectionCount).toBe(2));
    expect(await (await open(url)).inbox.closed()).toMatchObject({ code: 1014 });
    two[0]?.channel.close();
    await vi.waitFor(() => expect(math.connectionCount).toBe(1));
    const client = math.newClient(url);
    await client.dial();
    expect(await client.tell('kite.ping')).toBe('pong');
    expect(math.connectionCount).toBe(2);
  });

  it('a kite that closes finishes the calls of its tunnels, and sends a close frame', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startTunnelProxy(kontrol);
    const math = await makeKite(kontrol);
    let finish: (value: string) => void = () => undefined;
    math.handle('wait', () => new Promise<string>((resolve) => (finish = resolve))).disableAuthentication();
    const { url } = await math.registerToTunnel({ proxyUrl: proxy.kite.url ?? '' });
    const caller = await makeKite(kontrol, { name: 'caller' });
    const client = caller.newClient(url);
    await client.dial();
    const idle = await open(url);
    await client.tell('kite.ping');
    await vi.waitFor(() => expect(math.connectionCount).toBe(2));
    const answer = client.tell('wait');
    await vi.waitFor(() => expect(finish.length).toBe(1));
    const gone = new Promise((resolve) => client.once('disconnect', (code) => resolve(code)));
    const closed = math.close();
    expect(await idle.inbox.closed()).toEqual({ code: 1012, reason: 'All calls are answered' });
    finish('done');
    expect(await answer).toBe('done');
    expect(await gone).toBe(1012);
    await closed;
    await vi.waitFor(() => expect(proxy.status()).toMatchObject({ sessions: 0, kites: [] }));
  });

  it('a kite that closes terminates tunnels whose calls exceed the drain timeout', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startTunnelProxy(kontrol);
    const math = await makeKite(kontrol);
    const begun = new Promise<void>((resolve) => {
      math
        .handle('wait', () => {
          resolve();
          return new Promise(() => undefined);
        })
        .disableAuthentication();
    });
    const { url } = await math.registerToTunnel({ proxyUrl: proxy.kite.url ?? '' });
    const client = (await makeKite(kontrol)).newClient(url);
    await client.dial();
    const answer = client.tell('wait').catch((error: KiteError) => error.type);
    await begun;
    await math.close({ drainTimeout: 0 });
    expect(await answer).toBe('disconnect');
    await vi.waitFor(() => expect(proxy.status().sessions).toBe(0));
  });
});

describe('the proxy of a kite', () => {
  it('a kite whose tunnel proxy is killed registers with another within 10 s', async () => {
    const { kontrol } = await startKontrol();
    const proxies = [await startTunnelProxy(kontrol), await startTunnelProxy(kontrol)];
    const math = await makeKite(kontrol);
    const registration = await math.registerToTunnel();
    const caller = await makeKite(kontrol, { name: 'caller' });
    const query = { username: 'bob', environment: 'prod', name: 'math' };
    const [found] = await caller.getKites(query);
    const client = found?.client();
    await client?.dial();
    expect(await client?.tell('square', 4)).toBe(16);
    const first = registration.url;
    const [dying, other] =
      new URL(proxies[0]?.url ?? '').origin === new URL(first).origin ? proxies : proxies.toReversed();
    const lost = new Promise((resolve) => client?.once('disconnect', resolve));
    await dying?.close({ drainTimeout: 0 });
    await lost;
    await vi.waitFor(
      async () => {
        const [again] = await caller.getKites(query);
        expect(again?.url).toBe(`${new URL(other?.url ?? '').origin}/proxy?kiteID=${math.identity.id}`);
        const second = again?.client();
        await second?.dial();
        expect(await second?.tell('square', 5)).toBe(25);
      },
      { timeout: 10_000 },
    );
  });
});
