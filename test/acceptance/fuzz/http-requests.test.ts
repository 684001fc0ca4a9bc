import { describe, expect, it } from 'vitest';
import type { Kite } from '../../../src/lib/index.js';
import { ErrorLog } from '../../helpers/fuzz/error-log.js';
import { fuzz, fuzzTimeout } from '../../helpers/fuzz/fuzz-run.js';
import { type FuzzedServer, requestBytes } from '../../helpers/fuzz/http-requests.js';
import { sendBytes } from '../../helpers/fuzz/send-bytes.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { pageFolder } from '../../helpers/kontrol/page-folder.js';
import { makeKite, startKite, startReverseProxy } from '../../helpers/proxy/proxy.js';
import { startTunnelProxy } from '../../helpers/proxy/tunnel.js';
import { SINGLE_TRANSPORTS } from '../../helpers/transport/transports.js';
import { testIdentity } from '../../helpers/kite/keys.js';
import type { Kontrol } from '../../../src/lib/kontrol.js';
import type { Logger } from '../../../src/lib/util/logger.js';

// HTTP requests with hostile methods, targets, headers, bodies and upgrades, as bytes on a connection.

/** A server, and how to call a kite behind it afterwards. */
interface Target {
  readonly kite: Kite;
  readonly server: FuzzedServer;
  /** The URL of the kite to call afterwards. */
  readonly url: string;
}

/** A few session ids, so that requests meet in the same sessions. */
const SESSIONS = ['a', 'b', 'fuzz1', '%20', '..'];
const ENDPOINTS = ['xhr', 'xhr_send', 'xhr_streaming', 'eventsource', 'websocket', 'htmlfile', 'jsonp'];

/** The paths of SockJS below a prefix. */
function sockJsPaths(prefix: string, query = ''): string[] {
  const sessions = SESSIONS.flatMap((session) =>
    ENDPOINTS.map((endpoint) => `${prefix}/000/${session}/${endpoint}`),
  );
  const plain = ['', '/', '/info', '/iframe.html', '/iframe-1.html', '/websocket', '/1/2/3/4', '/000//xhr'];
  return [...plain.map((path) => prefix + path), ...sessions].map((path) => path + query);
}

function bodiesFor(key: string): string[] {
  const kite = testIdentity({});
  const call = (method: string, args: unknown[], authentication: unknown): string =>
    JSON.stringify({
      method,
      arguments: [{ kite, authentication, withArgs: args, responseCallback: '[Function]' }],
      callbacks: { 0: [0, 'responseCallback'] },
    });
  const auth = { type: 'kiteKey', key };
  const messages = [
    call('square', [4], auth),
    call('kite.ping', [], null),
    call('register', ['http://127.0.0.1:1/kite'], auth),
    call('getKites', [{ query: kite }], auth),
    call('kite.heartbeat', [1, '[Function]'], auth),
  ];
  return [
    ...messages.map((message) => JSON.stringify([message])),
    ...messages,
    JSON.stringify({ url: 'http://127.0.0.1:1/kite', kite, auth }),
    JSON.stringify({ url: 1, kite: null, auth: [] }),
    'd=%5B%22x%22%5D',
    '["',
    '',
    `${'1'.repeat(8)}\r\nx\r\n0\r\n\r\n`,
  ];
}

async function aKite(kontrol: Kontrol, logger: Logger): Promise<Target> {
  const kite = await startKite(kontrol, { logger });
  kite.handleHttp('/files/', (request, response) => void request.pipe(response));
  const server = {
    hosts: ['localhost', `127.0.0.1:${kite.port}`, 'evil.test'],
    paths: [...sockJsPaths('/kite'), ...sockJsPaths('/math-1.0.0/kite'), '/files/x', '/'],
    bodies: bodiesFor(await kontrol.newKiteKey('bob')),
  };
  return { kite, server, url: kite.url ?? '' };
}

async function aKontrol(kontrol: Kontrol): Promise<Target> {
  const { kite } = kontrol;
  const server = {
    hosts: ['localhost', `127.0.0.1:${kite.port}`, 'evil.test'],
    paths: [
      ...sockJsPaths('/kite'),
      '/register',
      '/deregister',
      '/heartbeat?id=x',
      '/heartbeat',
      '/healthz',
      '/readyz',
      '/metrics',
      '/',
      '/a.js',
      '/..%2f',
    ],
    bodies: bodiesFor(await kontrol.newKiteKey('bob')),
  };
  return { kite, server, url: kontrol.url };
}

async function aReverseProxy(kontrol: Kontrol, logger: Logger, kiteDomain?: string): Promise<Target> {
  const proxy = await startReverseProxy(kontrol, { kiteDomain, localKites: true, logger });
  const math = await startKite(kontrol, { logger });
  const { url } = await math.registerToProxy({ proxyUrl: proxy.url, url: new URL(math.url ?? '').origin });
  const { host, pathname } = new URL(url);
  const root = pathname === '/' ? '' : pathname;
  const server = {
    hosts: ['localhost', host, host, ...(kiteDomain === undefined ? [] : [kiteDomain, `x.${kiteDomain}`])],
    paths: [
      ...sockJsPaths(`${root}/kite`),
      ...sockJsPaths('/kite'),
      '/proxy/',
      '/proxy/x/y',
      '/metrics',
      root,
    ],
    bodies: bodiesFor(await kontrol.newKiteKey('bob')),
  };
  // A program cannot resolve the host names of kites here.
  return { kite: proxy.kite, server, url: kiteDomain === undefined ? `${url}/kite` : (math.url ?? '') };
}

async function aTunnelProxy(kontrol: Kontrol, logger: Logger): Promise<Target> {
  const proxy = await startTunnelProxy(kontrol, { logger });
  const math = await makeKite(kontrol, { logger });
  const { url } = await math.registerToTunnel({ proxyUrl: proxy.url });
  const { search } = new URL(url);
  const server = {
    hosts: ['localhost', `127.0.0.1:${proxy.kite.port}`],
    paths: [
      ...sockJsPaths('/proxy', search),
      ...sockJsPaths('/kite'),
      ...sockJsPaths('/tunnel', '?token=x'),
      `/proxy${search}/000/a/xhr`,
      '/proxy?kiteID=',
      '/proxy',
      '/metrics',
    ],
    bodies: bodiesFor(await kontrol.newKiteKey('bob')),
  };
  return { kite: proxy.kite, server, url };
}

const TARGETS: Readonly<Record<string, (kontrol: Kontrol, logger: Logger) => Promise<Target>>> = {
  'a kite': aKite,
  'a Kontrol': aKontrol,
  'a reverse proxy': (kontrol, logger) => aReverseProxy(kontrol, logger),
  'a reverse proxy with host names for kites': (kontrol, logger) =>
    aReverseProxy(kontrol, logger, 'kites.test'),
  'a tunnel proxy': aTunnelProxy,
};

describe('random HTTP requests', () => {
  it.each(Object.keys(TARGETS))(
    'random HTTP requests end neither the process nor a session of others: %s',
    { timeout: fuzzTimeout() },
    async (name) => {
      const logger = new ErrorLog();
      const { kontrol } = await startKontrol({ logger, page: pageFolder() });
      const target = await TARGETS[name]?.(kontrol, logger);
      if (!target) throw new Error('there is no such target');
      const { kite, server, url } = target;
      const caller = await makeKite(kontrol);
      const honest = caller.newClient(url);
      await honest.dial();
      let answered = 0;
      const { cases } = await fuzz(name, async (dice) => {
        const bytes = requestBytes(server, dice);
        const answer = await sendBytes(kite.port ?? 0, bytes, dice);
        if (answer.startsWith('HTTP/1.1 ')) answered++;
        // SockJS prescribes this status for two kinds of bodies.
        if (!/\n(?:Payload expected|Broken JSON encoding)\./.test(answer))
          expect(answer, JSON.stringify(bytes)).not.toMatch(/^HTTP\/1\.1 500 /);
        expect(logger.errors).toEqual([]);
      });
      expect(await honest.tell('kite.ping')).toBe('pong');
      honest.close();
      for (const transport of SINGLE_TRANSPORTS) {
        const client = caller.newClient(url, { transport });
        await client.dial();
        expect(await client.tell('kite.ping')).toBe('pong');
        client.close();
      }
      expect(cases).toBeGreaterThan(0);
      expect(answered).toBeGreaterThan(0);
    },
  );
});
