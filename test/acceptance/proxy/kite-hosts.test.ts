import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { once } from 'node:events';
import { isConfigurationError } from '../../../src/lib/index.js';
import { selfSignedCertificate } from '../../../src/lib/keys/index.js';
import { ReverseProxy } from '../../../src/lib/proxy/reverse/reverse-proxy.js';
import { testKeyPair } from '../../helpers/kite/keys.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { request } from '../../helpers/transport/http.js';
import { passiveKite, sessionUrl, startTunnelProxy } from '../../helpers/proxy/tunnel.js';
import {
  proxyOptions,
  registerRaw,
  sendRaw,
  startBackend,
  startKite,
  startReverseProxy,
} from '../../helpers/proxy/proxy.js';

// A reverse proxy that gives each kite a host name of its own.

const DOMAIN = 'kites.test';
const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n';

/** A proxy with two kites of two users that record the requests that they get. */
async function twoKites(options: Parameters<typeof startReverseProxy>[1] = {}) {
  const { kontrol } = await startKontrol();
  const proxy = await startReverseProxy(kontrol, { kiteDomain: DOMAIN, localKites: true, ...options });
  const kiteOf = async (username: string) => {
    const seen: IncomingMessage[] = [];
    const { url } = await startBackend((incoming, response) => {
      seen.push(incoming);
      incoming.resume().on('end', () => response.end(`${username} ${incoming.url}`));
    });
    const key = await kontrol.newKiteKey(username);
    const registered = await registerRaw(proxy, url, { key, kite: { username } });
    return { ...registered, key, seen, backend: url, host: new URL(registered.url).hostname };
  };
  const get = (host: string, path: string, more = 'Connection: close\r\n'): Promise<string> =>
    sendRaw(proxy, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`);
  return { kontrol, proxy, bob: await kiteOf('bob'), alice: await kiteOf('alice'), get };
}

describe('a reverse proxy with a host name for each kite', () => {
  it('the public URL of a kite has a host name of its own and the path that the kite registered', async () => {
    const { proxy, bob, alice } = await twoKites();
    expect(bob.url).toBe(`http://${bob.host}:${proxy.kite.port}/kite`);
    expect(bob.host).toMatch(/^[\da-f]{40}\.kites\.test$/);
    expect(alice.host).not.toBe(bob.host);
    expect(proxy.status().kites.map(({ url }) => url)).toEqual([bob.url, alice.url]);
  });

  it('a request is forwarded to the kite whose host name it has, with its path', async () => {
    const { bob, alice, get, proxy } = await twoKites();
    expect(await get(bob.host, '/kite/x?y=1')).toMatch(/200 OK.*bob \/kite\/x\?y=1$/s);
    expect(await get(`${alice.host.toUpperCase()}:${proxy.kite.port}`, '/kite')).toMatch(/alice \/kite$/);
    expect(await get(bob.host, '/kite/x', UPGRADE)).toMatch(/bob \/kite\/x$/);
    expect(alice.seen.map(({ headers }) => headers.host?.toLowerCase())).toEqual([
      `${alice.host}:${proxy.kite.port}`,
    ]);
  });

  it('a request to the host name of a kite reaches only paths below its registered URL', async () => {
    const { bob, get } = await twoKites();
    for (const path of ['/', '/kitex', '/kite/..', '/kite/%2e%2e/admin', '/metrics', '/proxy/x']) {
      expect([path, (await get(bob.host, path)).slice(9, 12)]).toEqual([path, '404']);
    }
    for (const path of ['/kite/..%2fadmin', '/kite\\x', '/kite/%00']) {
      expect([path, (await get(bob.host, path)).slice(9, 12)]).toEqual([path, '400']);
    }
    expect((await get(bob.host, `http://${bob.host}/kite`)).slice(9, 12)).toBe('404');
    expect(bob.seen).toEqual([]);
  });

  it('a host name below the domain that no kite has reaches neither a kite nor the proxy', async () => {
    const { bob, alice, get } = await twoKites();
    const others = [
      `x.${bob.host}`,
      `${bob.host}.evil.test.${DOMAIN}`,
      `${bob.id}.${DOMAIN}`,
      bob.host.slice(1),
      `${bob.host.slice(0, 39)}g.${DOMAIN}`,
      `x.${DOMAIN}`,
      `.${DOMAIN}`,
    ];
    for (const host of others) {
      for (const path of ['/kite', '/kite/info', '/healthz', '/metrics', `/proxy/${bob.id}`]) {
        expect([host, path, (await get(host, path)).slice(9, 12)]).toEqual([host, path, '404']);
        expect((await get(host, path, UPGRADE)).slice(9, 12)).toBe('404');
      }
    }
    expect([...bob.seen, ...alice.seen]).toEqual([]);
  });

  it('a request that names a kite in its path gets 421 at the host of the proxy', async () => {
    const { bob, get } = await twoKites();
    for (const more of ['Connection: close\r\n', UPGRADE]) {
      const answer = await get('localhost', `/proxy/${bob.id}/kite`, more);
      expect(answer).toMatch(/^HTTP\/1\.1 421 .*"wrongHost"/s);
    }
    expect(bob.seen).toEqual([]);
  });

  it('two Host headers get 400, in either order', async () => {
    const { bob, alice, proxy } = await twoKites();
    for (const [first, second] of [
      [bob.host, alice.host],
      [bob.host, 'localhost'],
    ]) {
      const answer = await sendRaw(
        proxy,
        `GET /kite HTTP/1.1\r\nHost: ${first}\r\nHost: ${second}\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    }
    expect([...bob.seen, ...alice.seen]).toEqual([]);
  });

  it('a kite has the same host name at another proxy, and another user cannot get it with its id', async () => {
    const { kontrol, bob, alice } = await twoKites();
    const other = await startReverseProxy(kontrol, { kiteDomain: DOMAIN, localKites: true });
    const again = await registerRaw(other, bob.backend, {
      key: bob.key,
      kite: { username: 'bob', id: bob.id },
    });
    expect(new URL(again.url).hostname).toBe(bob.host);
    await again.leave();
    const third = await startReverseProxy(kontrol, { kiteDomain: DOMAIN, localKites: true });
    const taken = await registerRaw(third, bob.backend, {
      key: alice.key,
      kite: { username: 'alice', id: bob.id },
    });
    expect(new URL(taken.url).hostname).not.toBe(bob.host);
  });

  it('the host name of a kite that has disconnected gets 404', async () => {
    const { bob, alice, get } = await twoKites();
    await bob.leave();
    expect((await get(bob.host, '/kite')).slice(9, 12)).toBe('404');
    expect(await get(alice.host, '/kite')).toContain('200 OK');
  });

  it('a kite accepts its host name and pages of that host, and rejects those of another kite', async () => {
    const { kontrol, proxy, alice } = await twoKites();
    const math = await startKite(kontrol);
    const { url } = await math.registerToProxy({ proxyUrl: proxy.url });
    const { host } = new URL(url);
    const open = async (origin: string): Promise<number> => {
      const socket = new WebSocket(`ws://127.0.0.1:${proxy.kite.port}/kite/websocket`, {
        headers: { host, origin },
      });
      const status = await Promise.race([
        once(socket, 'open').then(() => 101),
        once(socket, 'unexpected-response').then(([, { statusCode }]) => Number(statusCode)),
      ]);
      socket.on('error', () => undefined);
      socket.terminate();
      return status;
    };
    expect(await open(`http://${host}`)).toBe(101);
    expect(await open(`http://${alice.host}:${proxy.kite.port}`)).toBe(403);
    expect(await open(new URL(proxy.url).origin.replace('127.0.0.1', 'proxy.test'))).toBe(403);
  });

  it('kites of this machine are not forwarded to by default if their domain is not loopback', async () => {
    await expect(twoKites({ localKites: undefined })).rejects.toMatchObject({ code: 'targetRefused' });
    const local = await twoKites({ localKites: undefined, kiteDomain: 'kites.localhost' });
    expect(await local.get(local.bob.host, '/kite')).toContain('200 OK');
  });

  it('a client that verifies the wildcard certificate reaches a kite at its host name over TLS', async () => {
    const keys = await testKeyPair(0);
    const cert = await selfSignedCertificate({ hosts: ['127.0.0.1', `*.${DOMAIN}`], keys });
    const { kontrol } = await startKontrol();
    const pair = { cert, key: keys.privateKey };
    const proxy = await startReverseProxy(kontrol, { kiteDomain: DOMAIN, localKites: true, tls: pair });
    const math = await startKite(kontrol);
    const { url } = await math.registerToProxy({ proxyUrl: proxy.url, ca: cert });
    const { protocol, hostname, host } = new URL(url);
    expect(protocol).toBe('https:');
    const outgoing = https.get({
      host: '127.0.0.1',
      port: proxy.kite.port,
      path: '/kite/info',
      servername: hostname,
      ca: cert,
      agent: false,
      headers: { host, origin: `https://${host}` },
    });
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    response.destroy();
  });

  it('a proxy does not start, and does not reload, with a certificate that is not valid for the hosts of kites', async () => {
    const { kontrol } = await startKontrol();
    const keys = await testKeyPair(0);
    const pair = async (...hosts: string[]) => ({
      cert: await selfSignedCertificate({ hosts, keys }),
      key: keys.privateKey,
    });
    const options = { ...(await proxyOptions(kontrol)), kiteDomain: DOMAIN };
    const narrow = await pair('127.0.0.1', DOMAIN);
    const start = (): ReverseProxy => new ReverseProxy({ ...options, tls: narrow });
    expect(start).toThrow(expect.toSatisfy(isConfigurationError) as Error);
    expect(start).toThrow(`not valid for *.${DOMAIN}`);
    const proxy = await startReverseProxy(kontrol, {
      ...options,
      tls: await pair('127.0.0.1', `*.${DOMAIN}`),
    });
    expect(() => proxy.useTls(narrow)).toThrow(`not valid for *.${DOMAIN}`);
  });
});

describe('a tunnel proxy, whose kites share a host name', () => {
  it('a tunnel proxy serves nothing that a browser shows as a page', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startTunnelProxy(kontrol);
    const { url } = await passiveKite(kontrol, proxy);
    const types = new Set<string>();
    const paths = [
      '',
      'iframe.html',
      'iframe-1.html',
      'htmlfile',
      'jsonp',
      'jsonp_send',
      'xhr',
      'xhr_send',
      'info',
    ];
    for (const path of paths) {
      for (const method of ['GET', 'POST', 'PUT', 'OPTIONS']) {
        const targets = [
          sessionUrl(url, `${path}?c=callback&`),
          url.replace('/proxy?', `/proxy/${path}?c=callback&`),
        ];
        for (const target of targets) {
          const { headers } = await request(method, target.replace('?c=callback&?', '?c=callback&'));
          types.add(String(headers['content-type']).toLowerCase());
        }
      }
    }
    expect(
      [...types].filter(
        (type) => !/^(?:undefined|application\/(?:javascript|json)|text\/plain)\b/.test(type),
      ),
    ).toEqual([]);
  });
});
