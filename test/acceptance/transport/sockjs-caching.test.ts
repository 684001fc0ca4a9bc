import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowedMethods, parseRoute } from '../../../src/lib/transport/server/session-route.js';
import { request } from '../../helpers/transport/http.js';
import { echo, startSockJs, type TestServer } from '../../helpers/transport/sockjs.js';

// As the SockJS protocol and sockjs-node have it.
const NOT_CACHED = 'no-store, no-cache, no-transform, must-revalidate, max-age=0';
const CACHED = 'public, max-age=31536000';

const PATHS = [
  ['', '/', '/info', '/iframe.html', '/websocket', '/nothing'],
  ['websocket', 'xhr', 'xhr_send', 'xhr_streaming', 'eventsource', 'jsonp', 'htmlfile'].map(
    (transport) => `/000/session/${transport}`,
  ),
].flat();
const METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT'];
const EVIL = 'https://evil.example';
const ORIGINS = [undefined, 'http://localhost', EVIL];
const REQUESTS = PATHS.flatMap((path) =>
  ORIGINS.flatMap((origin) => [
    ...METHODS.map((method) => ({ path, method, origin, upgrade: false })),
    // The others open a WebSocket.
    ...(origin === EVIL || !path.endsWith('/websocket')
      ? [{ path, method: 'GET', origin, upgrade: true }]
      : []),
  ]),
);
const UPGRADE = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };

const servers: TestServer[] = [];

beforeAll(async () => {
  const limits = { disconnectDelay: 20 };
  const full = { limits: { ...limits, sessions: 0 } };
  const script = { url: 'https://example.com/sockjs.js', integrity: 'sha384-AAAA' };
  for (const options of [{ limits }, full, { limits, sockjsClient: script }]) {
    servers.push(await startSockJs({ ...options, onSession: (channel) => channel.close() }));
  }
});

afterAll(() => Promise.all(servers.map((server) => server.close())));

/** Whether the protocol wants a response to be cached for a year. */
function mayBeCached(path: string, method: string, status: number): boolean {
  const preflight = method === 'OPTIONS' && status === 204 && allowedMethods(parseRoute(path)) !== undefined;
  return preflight || (path === '/iframe.html' && status === 200);
}

describe('the Cache-Control of a SockJS server', () => {
  it('nothing may store or change a response of a SockJS server, except its preflight responses and its iframe page', async () => {
    const statuses = new Map<number, number>();
    for (const { url } of servers) {
      for (const { path, method, origin, upgrade } of REQUESTS) {
        const headers = { ...(origin !== undefined && { origin }), ...(upgrade && UPGRADE) };
        const { status, headers: answered } = await request(method, url + path, { headers });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        const wanted = mayBeCached(path, method, status) ? CACHED : NOT_CACHED;
        expect(answered['cache-control'], `${method} ${path} ${status}`).toBe(wanted);
      }
    }
    console.log('responses by status:', Object.fromEntries(statuses));
    expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 204, 400, 403, 404, 405, 503]));
  });

  it('nothing may store a response to an upload that is too large or not valid', async () => {
    const server = await startSockJs({
      limits: { messageBytes: 1024, disconnectDelay: 20 },
      onSession: echo,
    });
    try {
      for (const [body, status] of [
        ['{', 500],
        ['', 500],
        [`["${'x'.repeat(100_000)}"]`, 413],
      ] as const) {
        const session = `${server.url}/000/upload-of-${body.length}`;
        await request('POST', `${session}/xhr`);
        const answer = await request('POST', `${session}/xhr_send`, { body });
        expect([answer.status, answer.headers['cache-control']]).toEqual([status, NOT_CACHED]);
      }
    } finally {
      await server.close();
    }
  });
});
