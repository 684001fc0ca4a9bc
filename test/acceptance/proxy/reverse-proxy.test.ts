import { once } from 'node:events';
import http from 'node:http';
import kitejs from 'kite.js';
import SockJS from 'sockjs-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { KiteOptions } from '../../../src/lib/index.js';
import { openRequest, request } from '../../helpers/transport/http.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';
import {
  makeKite,
  registerRaw,
  startBackend,
  startKite,
  startReverseProxy,
} from '../../helpers/proxy/proxy.js';
import { SINGLE_TRANSPORTS } from '../../helpers/transport/transports.js';

const query = { username: 'bob', environment: 'prod', name: 'math' };

/** Kontrol, a reverse proxy, and the kite `math` behind it. */
async function startMath(options: KiteOptions = {}) {
  const { kontrol } = await startKontrol();
  const proxy = await startReverseProxy(kontrol);
  const math = await startKite(kontrol, options);
  math.handle('open', () => 'open').disableAuthentication();
  const registration = await math.registerToProxy({ proxyUrl: proxy.url });
  return { kontrol, proxy, math, registration };
}

describe('a kite behind the reverse proxy', () => {
  it.each(SINGLE_TRANSPORTS)(
    'a kite behind the reverse proxy is found at Kontrol under its public URL, and called over %s',
    async (transport) => {
      const { kontrol, proxy, math, registration } = await startMath();
      expect(registration.url).toBe(`${new URL(proxy.url).origin}/proxy/${math.identity.id}`);
      const caller = await makeKite(kontrol);
      const [found] = await caller.getKites(query);
      expect(found?.url).toBe(registration.url);
      const client = found?.client({ transport });
      await client?.dial();
      expect(await client?.tell('square', 4)).toBe(16);
      const stranger = caller.newClient(registration.url, { transport });
      await stranger.dial();
      await expect(stranger.tell('square', 4)).rejects.toMatchObject({ type: 'authenticationError' });
      const text = 'x'.repeat(16 * 1024 * 1024 - 10_000);
      expect(await client?.tell('echo', text)).toEqual([text]);
    },
  );

  it('a kite finds the reverse proxy at Kontrol in its environment or in any', async () => {
    const { kontrol } = await startKontrol();
    const staging = await startReverseProxy(kontrol, { environment: 'staging' });
    const all = await startReverseProxy(kontrol, { environment: undefined });
    for (const proxy of [staging, all])
      await expect
        .poll(() => request('GET', `${new URL(proxy.url).origin}/readyz`))
        .toMatchObject({ status: 200 });
    const [prod, test] = [await startKite(kontrol), await startKite(kontrol, { environment: 'staging' })];
    expect((await prod.registerToProxy()).url).toContain(new URL(all.url).origin);
    expect((await test.registerToProxy()).url).toContain(new URL(staging.url).origin);
  });

  it('a kite behind the reverse proxy is called by kite.js clients over raw WebSocket and SockJS', async () => {
    const { registration } = await startMath();
    for (const raw of [true, false]) {
      const client = new kitejs.Kite({
        url: raw ? `${registration.url.replace('http', 'ws')}/websocket` : registration.url,
        transportClass: raw ? kitejs.Kite.transport.WebSocket : kitejs.Kite.transport.SockJS,
        autoConnect: false,
        autoReconnect: false,
        logLevel: 0,
      });
      const open = new Promise<void>((resolve) => client.on('open', () => resolve()));
      client.connect();
      onTestFinished(() => client.disconnect());
      await open;
      expect(await client.tell('open')).toBe('open');
      await expect(client.tell('square', [4])).rejects.toMatchObject({ type: 'authenticationError' });
    }
  });

  it.each(['websocket', 'xhr-streaming', 'xhr-polling', 'eventsource'])(
    'a kite behind the reverse proxy is called by sockjs-client over %s',
    async (transport) => {
      const { registration } = await startMath();
      const client = new SockJS(registration.url, undefined, { transports: transport });
      onTestFinished(() => client.close());
      await new Promise<void>((resolve) => client.addEventListener('open', () => resolve()));
      expect(client).toMatchObject({ transport });
      const answer = new Promise<string>((resolve) =>
        client.addEventListener('message', ({ data }: { data: unknown }) => resolve(String(data))),
      );
      client.send(
        '{"method":"open","arguments":[{"kite":{},"withArgs":[],"responseCallback":"[Function]"}],"callbacks":{"0":[0,"responseCallback"]}}',
      );
      expect(await answer).toContain('"result":"open"');
    },
  );

  it('the status of the reverse proxy counts sessions and bytes of a kite, for the proxy’s own user only', async () => {
    const { kontrol, proxy, math, registration } = await startMath();
    const caller = await makeKite(kontrol, { username: 'kontrol', environment: 'prod' });
    const ask = async (auth: { type: string; key: string }): Promise<unknown> => {
      const client = caller.newClient(proxy.url, { auth });
      await client.dial();
      return client.tell('proxy.status');
    };
    const client = caller.newClient(registration.url);
    await client.dial();
    await client.tell('kite.ping');
    expect(await ask({ type: 'kiteKey', key: await kontrol.newKiteKey('kontrol') })).toMatchObject({
      name: 'proxy',
      url: proxy.url,
      sessions: 1,
      kites: [
        {
          id: math.identity.id,
          username: 'bob',
          kite: expect.stringMatching(/^\/bob\/prod\/math\//) as string,
          url: registration.url,
          target: math.url,
          sessions: 1,
          sessionsTotal: 1,
          bytesToKite: expect.toSatisfy((bytes: number) => bytes > 100) as number,
          bytesFromKite: expect.toSatisfy((bytes: number) => bytes > 50) as number,
        },
      ],
    });
    const refused = { type: 'authenticationError' };
    await expect(ask({ type: 'kiteKey', key: await kontrol.newKiteKey('bob') })).rejects.toMatchObject(
      refused,
    );
    const token = await caller.getToken(proxy.kite.identity);
    await expect(ask({ type: 'token', key: token })).rejects.toMatchObject(refused);
  });
});

function signal(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve: () => resolve() };
}

/** A WebSocket server and a WebSocket to it through a proxy. */
async function throughProxy() {
  const { kontrol } = await startKontrol();
  const proxy = await startReverseProxy(kontrol);
  const { server, url } = await startBackend();
  const sockets = new WebSocketServer({ server, perMessageDeflate: true });
  const accepted = once(sockets, 'connection') as Promise<[WebSocket]>;
  const kite = await registerRaw(proxy, url, { key: await kontrol.newKiteKey('bob') });
  const near = new WebSocket(`${kite.url.replace('http', 'ws')}/x?y=1`, ['one', 'two']);
  const opened = once(near, 'open');
  const [far] = await accepted;
  await opened;
  onTestFinished(() => near.terminate());
  return { kontrol, proxy, kite, server, near, far };
}

async function closed(socket: WebSocket): Promise<[number, string]> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return [code, reason.toString()];
}

describe('a WebSocket through the reverse proxy', () => {
  it('the reverse proxy forwards text and binary messages of any size, with the negotiated subprotocol', async () => {
    const { near, far } = await throughProxy();
    expect([near.protocol, near.extensions]).toEqual(['one', 'permessage-deflate']);
    far.on('message', (data: Buffer, binary: boolean) => far.send(data, { binary }));
    for (const message of ['text', '', Buffer.from([0, 255]), Buffer.alloc(16 * 1024 * 1024, 'ab')]) {
      near.send(message);
      const [data, binary] = (await once(near, 'message')) as [Buffer, boolean];
      expect(binary).toBe(typeof message !== 'string');
      expect(data.equals(Buffer.from(message as Buffer))).toBe(true);
    }
  });

  it('the reverse proxy forwards the close code and reason of a WebSocket from either side', async () => {
    const one = await throughProxy();
    one.near.close(4001, 'enough');
    expect(await closed(one.far)).toEqual([4001, 'enough']);
    const other = await throughProxy();
    other.far.close(4002, 'no more');
    expect(await closed(other.near)).toEqual([4002, 'no more']);
  });

  it.each(['caller', 'kite'] as const)(
    'the reverse proxy closes a WebSocket when its %s disconnects',
    async (end) => {
      const { proxy, near, far } = await throughProxy();
      const [gone, left] = end === 'caller' ? [near, far] : [far, near];
      gone.terminate();
      expect(await closed(left)).toEqual([1006, '']);
      await expect.poll(() => proxy.status().sessions).toBe(0);
    },
  );

  it('an open WebSocket outlives the registration of its kite, and new ones are rejected', async () => {
    const { proxy, kite, near, far } = await throughProxy();
    await kite.leave();
    near.send('still');
    expect(String(((await once(far, 'message')) as [Buffer])[0])).toBe('still');
    expect((await request('GET', `${kite.url}/x`)).status).toBe(404);
    expect(proxy.status()).toMatchObject({ sessions: 1, kites: [] });
  });
});

describe('plain HTTP through the reverse proxy', () => {
  async function behindProxy(
    answer: http.RequestListener,
    options: Parameters<typeof startReverseProxy>[1] = {},
  ) {
    const { kontrol } = await startKontrol();
    const proxy = await startReverseProxy(kontrol, options);
    const backend = await startBackend(answer);
    const kite = await registerRaw(proxy, backend.url, { key: await kontrol.newKiteKey('bob') });
    return { kontrol, proxy, kite, ...backend };
  }

  it('the reverse proxy forwards plain HTTP to the handlers of a kite, with every method', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startReverseProxy(kontrol);
    const math = await startKite(kontrol);
    math.handleHttp('/files/', (incoming, response) => {
      response.setHeader('x-method', incoming.method ?? '');
      response.end(incoming.url);
    });
    const { url } = await math.registerToProxy({ proxyUrl: proxy.url, url: new URL(math.url ?? '').origin });
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      expect(await request(method, `${url}/files/a?b=c`)).toMatchObject({
        status: 200,
        headers: { 'x-method': method },
        body: '/files/a?b=c',
      });
    }
    expect(await request('HEAD', `${url}/files/a`)).toMatchObject({ status: 200, body: '' });
  });

  it('the reverse proxy streams a body in both directions, chunk by chunk', async () => {
    const { kite } = await behindProxy((incoming, response) => {
      response.flushHeaders();
      incoming.pipe(response);
    });
    const asked = http.request(`${kite.url}/echo`, { method: 'POST', agent: false });
    asked.flushHeaders();
    const [answer] = (await once(asked, 'response')) as [http.IncomingMessage];
    for (const piece of ['one', 'two', 'three']) {
      asked.write(piece);
      expect(String(((await once(answer, 'data')) as [Buffer])[0])).toBe(piece);
    }
    asked.end();
    answer.resume();
    await once(answer, 'end');
  });

  it('the reverse proxy answers 502 with JSON if the kite is unreachable, and forwards again when it is back', async () => {
    const { kite, server, url, proxy } = await behindProxy((_incoming, response) => response.end('here'));
    expect((await request('GET', `${kite.url}/x`)).status).toBe(200);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const answer = await request('POST', `${kite.url}/x`, { body: 'x'.repeat(1_000_000) });
    expect(answer.status).toBe(502);
    expect(JSON.parse(answer.body)).toEqual({
      error: { type: 'unreachable', message: expect.stringContaining('cannot be reached') as string },
    });
    expect(proxy.status().kites).toHaveLength(1);
    await new Promise<void>((resolve) => server.listen(Number(new URL(url).port), '127.0.0.1', resolve));
    expect((await request('GET', `${kite.url}/x`)).status).toBe(200);
  });

  it('the reverse proxy aborts a response if the kite disconnects before its end', async () => {
    const { kite } = await behindProxy((_incoming, response) => {
      response.write('half');
      setImmediate(() => response.destroy());
    });
    const answer = await openRequest('GET', `${kite.url}/x`);
    await expect(answer.rest()).rejects.toThrow('aborted');
  });

  it('the reverse proxy notifies the kite if the caller disconnects', async () => {
    const gone = signal();
    const { kite, proxy } = await behindProxy((incoming, response) => {
      response.write('half');
      incoming.on('close', () => gone.resolve());
    });
    const answer = await openRequest('GET', `${kite.url}/x`);
    await answer.read(4);
    answer.abort();
    await gone.promise;
    await expect.poll(() => proxy.status().sessions).toBe(0);
  });

  it('the reverse proxy answers 504 if the kite accepts a connection and does not answer', async () => {
    const clock = new ManualClock(Date.now());
    const { kite } = await behindProxy(() => clock.advance(120_000), { clock });
    const answer = await request('GET', `${kite.url}/x`);
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([504, { error: { type: 'timeout' } }]);
  });

  it('the reverse proxy answers 503 at its session limit', async () => {
    const { kite } = await behindProxy((_incoming, response) => void response.write('first'), {
      limits: { sessions: 2 },
    });
    const open = [await openRequest('GET', `${kite.url}/x`), await openRequest('GET', `${kite.url}/x`)];
    expect((await request('GET', `${kite.url}/x`)).status).toBe(503);
    for (const answer of open) answer.abort();
  });
});

describe('a reverse proxy that closes', () => {
  it('a reverse proxy that closes lets requests finish, accepts no new ones, and sends its kites to another', async () => {
    const { kontrol } = await startKontrol();
    const [first, second] = [await startReverseProxy(kontrol), await startReverseProxy(kontrol)];
    const math = await startKite(kontrol);
    const release = signal();
    math.handleHttp('/slow', async (_incoming, response) => {
      response.write('slow');
      await release.promise;
      response.end(' and whole');
    });
    const registration = await math.registerToProxy({
      proxyUrl: [first.url, second.url],
      url: new URL(math.url ?? '').origin,
    });
    const [leaving, staying] = registration.url.startsWith(new URL(first.url).origin)
      ? [first, second]
      : [second, first];
    const slow = await openRequest('GET', `${registration.url}/slow`);
    await slow.read(4);
    const moved = new Promise<string>((resolve) => math.once('register', resolve));
    const closing = leaving.close();
    const { origin } = new URL(leaving.url);
    expect(await moved).toBe(`${new URL(staying.url).origin}/proxy/${math.identity.id}`);
    expect(registration.url).toBe(await moved);
    expect((await request('GET', `${origin}/readyz`)).status).toBe(503);
    const later = `${origin}/proxy/${math.identity.id}/slow`;
    expect((await request('GET', later)).status).toBe(503);
    release.resolve();
    expect(await slow.rest()).toBe(' and whole');
    await closing;
    const caller = await makeKite(kontrol);
    expect((await caller.getKites(query)).map(({ url }) => url)).toEqual([registration.url]);
  });

  it('a reverse proxy that closes terminates open WebSockets after the drain timeout', async () => {
    const { proxy, near } = await throughProxy();
    const closing = closed(near);
    await proxy.close({ drainTimeout: 1 });
    expect(await closing).toEqual([1006, '']);
  });
});

describe('the health checks of a reverse proxy', () => {
  it('the reverse proxy reports liveness, readiness and metrics', async () => {
    const { proxy, registration } = await startMath();
    const { origin } = new URL(proxy.url);
    expect(await request('GET', `${origin}/healthz`)).toMatchObject({ status: 200, body: 'ok\n' });
    await request('GET', `${registration.url}/info`);
    await request('GET', `${origin}/proxy/nobody/`);
    await expect.poll(() => request('GET', `${origin}/readyz`)).toMatchObject({ status: 200 });
    const { body } = await request('GET', `${origin}/metrics`);
    for (const line of [
      'proxy_kites 1',
      'proxy_sessions_total 1',
      'proxy_registrations_total{outcome="taken"} 1',
      'proxy_failures_total{reason="notFound"} 1',
      'proxy_ready 1',
    ])
      expect(body).toContain(line);
    expect((await request('POST', `${origin}/metrics`)).status).toBe(405);
  });

  it('the reverse proxy is not ready before it registered with Kontrol', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startReverseProxy(kontrol, { kontrolUrl: 'http://127.0.0.1:1/kite' });
    expect((await request('GET', `${new URL(proxy.url).origin}/readyz`)).status).toBe(503);
  });
});
