import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Channel } from '../../../src/lib/transport/channel/channel.js';
import { request } from '../../helpers/transport/http.js';
import { dialTest, Inbox, startSockJs, type TestServer } from '../../helpers/transport/sockjs.js';

// Peers that read slowly or never.

const MIB = 1024 * 1024;
const limits = { pauseBytes: MIB, sendQueueBytes: 24 * MIB };
const PIECE = 'x'.repeat(256 * 1024);

let server: TestServer | undefined;
let socket: net.Socket | undefined;

afterEach(async () => {
  socket?.destroy();
  socket = undefined;
  await server?.close();
});

const REQUESTS = {
  WebSocket: upgrade('/kite/0/slow/websocket'),
  'raw WebSocket': upgrade('/kite/websocket'),
  'XHR streaming': 'POST /kite/0/slow/xhr_streaming HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n',
  EventSource: 'GET /kite/0/slow/eventsource HTTP/1.1\r\nHost: localhost\r\n\r\n',
};

function upgrade(path: string): string {
  return (
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n'
  );
}

/** Opens a session whose client does not read. */
async function openSlow(head: string): Promise<{ channel: Channel; inbox: Inbox }> {
  const inbox = new Inbox();
  server = await startSockJs({ limits, onSession: (channel) => channel.start(inbox) });
  const session = server.session();
  socket = net.connect(server.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.pause();
  socket.write(head);
  return { channel: await session, inbox };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe.each(Object.entries(REQUESTS))('a client over %s that stops reading', (name, head) => {
  // A response ends after 128 KiB, so the system buffers never fill: queued messages wait for the next request.
  const streams = !name.includes('WebSocket');

  it('a client that stops reading has its messages queued up to the limit, and is then dropped', async () => {
    const { channel, inbox } = await openSlow(head);
    let most = 0;
    for (let sent = 0; inbox.closes.length === 0 && sent < 1000; sent++) {
      channel.send(PIECE);
      most = Math.max(most, channel.bufferedBytes);
      await turn();
    }
    expect(inbox.closes).toMatchObject([{ code: 1008 }]);
    expect(inbox.closes[0]?.reason).toMatch(/reads too slowly: more than \d+ bytes/);
    expect(most).toBeGreaterThan(limits.sendQueueBytes - MIB);
    expect(most).toBeLessThan(limits.sendQueueBytes + MIB);
    expect(inbox.drains).toBe(0);
  });

  it('a client that reads again ends the backpressure at once', async () => {
    const { channel, inbox } = await openSlow(head);
    for (let sent = 0; channel.bufferedBytes <= limits.pauseBytes && sent < 80; sent++) {
      channel.send(PIECE);
      await turn();
    }
    expect(channel.bufferedBytes).toBeGreaterThan(limits.pauseBytes);
    expect(inbox.drains).toBe(0);
    socket?.resume();
    if (streams) {
      // Each further request takes another frame.
      while (inbox.drains === 0) await request('POST', `${server?.url}/0/slow/xhr`);
    }
    await inbox.until(() => inbox.drains > 0);
    expect(channel.bufferedBytes).toBeLessThanOrEqual(limits.pauseBytes);
    expect(inbox.closes).toEqual([]);
  });
});

describe.each(['WebSocket', 'RawWebSocket', 'XHRPolling'] as const)(
  'a server over %s that is paused',
  (transport) => {
    it('a paused server receives no more than the system buffers, and everything after it resumes', async () => {
      const inbox = new Inbox();
      server = await startSockJs({
        limits,
        onSession(channel) {
          channel.start(inbox);
          channel.pause();
        },
      });
      const client = new Inbox();
      const channel = await dialTest(server.url, {
        transport,
        limits: { ...limits, sendQueueBytes: 64 * MIB },
      });
      channel.start(client);
      const total = 40 * MIB;
      for (let sent = 0; sent < total; sent += PIECE.length) {
        channel.send(PIECE);
        if (sent % MIB === 0) await turn();
      }
      for (let turns = 0; turns < 50; turns++) await turn();
      expect(inbox.messages).toEqual([]);
      expect(channel.bufferedBytes).toBeGreaterThan(total / 2);
      expect(client.drains).toBe(0);
      server.sessions[0]?.resume();
      await inbox.count(total / PIECE.length);
      await client.until(() => client.drains > 0);
      expect(inbox.messages.every((message) => message === PIECE)).toBe(true);
      expect(inbox.messages).toHaveLength(total / PIECE.length);
      channel.close();
      await client.closed();
    });
  },
);

describe('a paused session', () => {
  it('a paused session detects that its connection closed', async () => {
    const { channel, inbox } = await openSlow(REQUESTS.WebSocket);
    await turn();
    channel.pause();
    socket?.resetAndDestroy();
    // Only writing can show it.
    while (inbox.closes.length === 0) {
      channel.send('anyone there?');
      await turn();
    }
    expect(inbox.closes).toMatchObject([{ code: 1006 }]);
  });
});

describe('a half-closed connection', () => {
  it('a half-closed connection closes the session', async () => {
    const { inbox } = await openSlow(REQUESTS.WebSocket);
    socket?.resume();
    socket?.end();
    expect(await inbox.closed()).toMatchObject({ code: 1006 });
    if (socket && !socket.closed) await once(socket, 'close');
  });
});
