import net, { type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { fetchThroughProxy } from '../../../../src/lib/transport/forward-proxy/fetch-through-proxy.js';
import { listenInTest } from '../../../helpers/transport/listen-in-test.js';
import type { FindProxy } from '../../../../src/lib/transport/handshake/forward-proxy.js';

/** Starts a proxy that responds to each request with this. Resolves with a function that finds it, and its connections. */
async function startProxy(
  respond: (socket: Socket) => void,
): Promise<{ findProxy: FindProxy; sockets: Set<Socket>; idle: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => respond(socket));
  });
  const url = new URL(`http://127.0.0.1:${await listenInTest(server, sockets)}`);
  return {
    findProxy: () => ({ url, variable: 'HTTP_PROXY' }),
    sockets,
    async idle() {
      for (const socket of sockets)
        if (!socket.closed) await new Promise((resolve) => socket.resume().once('close', resolve));
    },
  };
}

const PARTIAL = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc';

it.each<[string, (socket: Socket) => void, RequestInit]>([
  ['has a status that is none of HTTP', (s) => s.write('HTTP/1.1 999 Odd\r\nContent-Length: 9\r\n\r\n'), {}],
  [
    'redirects although that is an error',
    (s) => s.write('HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 9\r\n\r\n'),
    { redirect: 'error' },
  ],
  ['is that of the proxy', (s) => s.write('HTTP/1.1 407 Who\r\nContent-Length: 9\r\n\r\n'), {}],
  ['ends in its body', (s) => s.end(PARTIAL), {}],
  ['is reset in its body', (s) => s.write(PARTIAL, () => s.resetAndDestroy()), {}],
  ['does not exist', (s) => s.end(), {}],
])('a response through a proxy that %s is an error, and leaves no connection', async (_, respond, init) => {
  const { findProxy, sockets, idle } = await startProxy(respond);
  const fetching = fetchThroughProxy(new Request('http://kite.test/a', init), findProxy);
  await expect(fetching.then((response) => response.text())).rejects.toThrow(/fetch failed|aborted/);
  expect(sockets.size).toBe(1);
  await idle();
});

it('a response through a proxy is read, also one without a body', async () => {
  const whole = await startProxy((socket) => socket.end('HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\n\r\nabc'));
  const response = await fetchThroughProxy(new Request('http://kite.test/a'), whole.findProxy);
  expect([response.status, response.headers.get('x-a'), await response.text()]).toEqual([200, '1, 2', 'abc']);
  const empty = await startProxy((socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'));
  const none = await fetchThroughProxy(new Request('http://kite.test/a'), empty.findProxy);
  expect([none.status, await none.text()]).toEqual([204, '']);
  await empty.idle();
});
