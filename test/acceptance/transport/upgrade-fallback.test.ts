import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { noProxy } from '../../../src/lib/transport/handshake/forward-proxy.js';
import { dial, newFallbacks } from '../../../src/lib/transport/dial/dial.js';
import { isDialError } from '../../../src/lib/transport/handshake/dial-error.js';
import { acceptKey } from '../../../src/lib/transport/websocket/upgrade.js';
import {
  FALLBACK_TTL,
  REMEMBERED_FALLBACKS,
  UPGRADE_TIMEOUT,
} from '../../../src/lib/transport/limits/transport-limits.js';
import { defaultLimits } from '../../../src/lib/kite/limits/kite-limits.js';
import { Kite } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';
import { type Middlebox, startMiddlebox } from '../../helpers/transport/middlebox.js';
import { echo, Inbox, startSockJs } from '../../helpers/transport/sockjs.js';
import { SOCKJS_TRANSPORTS } from '../../helpers/transport/transports.js';

// What `auto` does if something between a client and a kite does not pass upgrades on.

const hold = (): void => {};

/** What a middlebox may do with an upgrade. `held`: the client finds out only by its deadline. */
const FAILURES: Readonly<Record<string, { handle: (socket: Socket) => void; held?: true }>> = {
  'is never answered': { handle: hold, held: true },
  'is answered by half of a status line': { handle: (socket) => socket.write('HTTP/1.1 1'), held: true },
  'is answered by half of the headers': {
    handle: (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n'),
    held: true,
  },
  'is answered by an informational response only': {
    handle: (socket) => socket.write('HTTP/1.1 100 Continue\r\n\r\n'),
    held: true,
  },
  'is answered by a reset': { handle: (socket) => socket.resetAndDestroy() },
  'is answered by the end of the connection': { handle: (socket) => socket.end() },
  'is answered by half a response and the end': { handle: (socket) => socket.end('HTTP/1.1 200 OK\r\n') },
  'is answered by another protocol': { handle: (socket) => socket.end('SSH-2.0-OpenSSH\r\n') },
  'is answered by a page': { handle: (socket) => socket.end('<html>This site is blocked</html>') },
  'is answered by HTTP/1.0 501': { handle: (socket) => socket.end('HTTP/1.0 501 Not Implemented\r\n\r\n') },
  'is answered by HTTP/1.0 101': {
    handle: (socket) =>
      socket.end(
        `HTTP/1.0 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey('')}\r\n\r\n`,
      ),
  },
  'is answered for another key': {
    handle: (socket) =>
      socket.end(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey('another')}\r\n\r\n`,
      ),
  },
  'is answered by headers that are too long': {
    handle: (socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`),
  },
  ...Object.fromEntries(
    [200, 302, 400, 403, 404, 405, 407, 426, 500, 501, 502, 503, 504].map((status) => [
      `is answered by HTTP ${status}`,
      { handle: (socket: Socket) => socket.end(`HTTP/1.1 ${status} Whatever\r\nLocation: /login\r\n\r\n`) },
    ]),
  ),
};

async function behindMiddlebox(handle: (socket: Socket) => void): Promise<Middlebox> {
  const server = await startSockJs({ onSession: echo });
  const middlebox = await startMiddlebox(server.port, handle);
  onTestFinished(async () => {
    await middlebox.close();
    await server.close();
  });
  return middlebox;
}

function options(clock: ManualClock, handshakeTimeout = 10_000) {
  return { transport: 'auto', handshakeTimeout, clock, limits: defaultLimits, findProxy: noProxy } as const;
}

it.each(Object.entries(FAILURES))(
  'auto falls back to XHR polling if the upgrade %s',
  async (_what, failure) => {
    const middlebox = await behindMiddlebox(failure.handle);
    const clock = new ManualClock();
    const dialing = dial(middlebox.url, options(clock));
    await middlebox.requests.count(1);
    if (failure.held) clock.advance(5000);
    const channel = await dialing;
    const inbox = new Inbox();
    channel.start(inbox);
    channel.send('x');
    expect(await inbox.count(1)).toEqual(['x']);
    channel.close();
    await inbox.closed();
    expect(middlebox.requests.messages[0]).toMatch(/^GET .*\/websocket\?extensions=lines,binary /);
    expect(middlebox.requests.messages[1]).toMatch(/^POST .*\/xhr\?extensions=lines,binary /);
  },
);

it('auto tries more than twenty failures of an upgrade in this file', () => {
  const count = Object.keys(FAILURES).length;
  console.log(`Failures of an upgrade: ${count}`);
  expect(count).toBeGreaterThan(20);
});

it('auto falls back from an upgrade that is held even if the handshake has no timeout', async () => {
  const middlebox = await behindMiddlebox(hold);
  const clock = new ManualClock();
  const dialing = dial(middlebox.url, options(clock, 0));
  await middlebox.requests.count(1);
  clock.advance(UPGRADE_TIMEOUT);
  const inbox = new Inbox();
  const channel = await dialing;
  channel.start(inbox);
  channel.send('x');
  expect(await inbox.count(1)).toEqual(['x']);
  channel.close();
  await inbox.closed();
});

it('the error of auto states the whole timeout if nothing is answered', async () => {
  const server = net.createServer((socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const clock = new ManualClock();
  let connected = once(server, 'connection');
  const dialing = dial(`http://127.0.0.1:${(server.address() as AddressInfo).port}/kite`, options(clock));
  await connected;
  connected = once(server, 'connection');
  clock.advance(5000);
  await connected;
  clock.advance(5000);
  await expect(dialing).rejects.toThrow('no response within 10000 ms');
});

it('a kite remembers for its next connects that a server needs XHR polling', async () => {
  const server = await startSockJs({ onSession: echo });
  const middlebox = await startMiddlebox(server.port, (socket) => socket.end());
  const kite = new Kite('client', '1.0.0', { env: {}, logger: silentLogger });
  onTestFinished(async () => {
    await kite.close();
    await middlebox.close();
    await server.close();
  });
  for (let connects = 0; connects < 3; connects++) {
    const client = kite.newClient(middlebox.url);
    await client.dial();
    const disconnected = new Promise((resolve) => client.once('disconnect', resolve));
    client.close();
    await disconnected;
  }
  expect(middlebox.requests.messages.filter((line) => line.startsWith('GET'))).toHaveLength(1);
});

async function open(url: string, clock: ManualClock, fallbacks = newFallbacks(clock)): Promise<void> {
  const inbox = new Inbox();
  const channel = await dial(url, options(clock), fallbacks);
  channel.start(inbox);
  channel.close();
  await inbox.closed();
}

it('auto tries WebSocket again once the fallback has expired, was forgotten or has failed', async () => {
  const middlebox = await behindMiddlebox((socket) => socket.end());
  const upgrades = (): number => middlebox.requests.messages.filter((line) => line.startsWith('GET')).length;
  const clock = new ManualClock();
  const fallbacks = newFallbacks(clock);
  await open(middlebox.url, clock, fallbacks);
  await open(middlebox.url, clock, fallbacks);
  expect(upgrades()).toBe(1);
  clock.advance(FALLBACK_TTL);
  await open(middlebox.url, clock, fallbacks);
  expect(upgrades()).toBe(2);
  for (let other = 0; other < REMEMBERED_FALLBACKS; other++) fallbacks.set(`http://127.0.0.1/${other}`, true);
  await open(middlebox.url, clock, fallbacks);
  expect(upgrades()).toBe(3);

  const closed = await startSockJs({ onSession: echo });
  await closed.close();
  fallbacks.set(closed.url, true);
  await expect(dial(closed.url, options(clock), fallbacks)).rejects.toMatchObject({ code: 'refused' });
  expect(fallbacks.get(closed.url)).toBeUndefined();
});

it('auto does not remember a server where XHR polling fails too', async () => {
  const server = http.createServer((_request, response) => response.writeHead(404).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const clock = new ManualClock();
  const fallbacks = newFallbacks(clock);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/kite`;
  await expect(dial(url, options(clock), fallbacks)).rejects.toMatchObject({ status: 404 });
  expect(fallbacks.size).toBe(0);
});

it.each(
  [301, 302, 303, 307, 308].flatMap((status) =>
    [...SOCKJS_TRANSPORTS, 'RawWebSocket' as const, 'auto' as const].map(
      (transport) => [status, transport] as const,
    ),
  ),
)('the error for HTTP %d over %s names the new address', async (status, transport) => {
  const location = (path = ''): string =>
    `https://bob:secret@kites.example${path.replace('/kite', '/new/kite')}`;
  const server = http.createServer((request, response) =>
    response.writeHead(status, { location: location(request.url) }).end(),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/kite?token=secret`;
  const error: unknown = await dial(url, { ...options(new ManualClock()), transport }).catch(
    (reason: unknown) => reason,
  );
  if (!isDialError(error)) throw error;
  expect(error).toMatchObject({ code: 'handshake', status });
  expect(error.message).toBe(
    `Cannot connect to ${url.replace('?token=secret', '')}: the server redirects to https://kites.example/new/kite (HTTP ${status})`,
  );
  expect(error.hint).toBe('Use that URL if you trust its host. Redirects are not followed.');
});
