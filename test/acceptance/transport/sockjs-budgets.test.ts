import http from 'node:http';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Channel } from '../../../src/lib/transport/channel/channel.js';
import { makeBudgets } from '../../../src/lib/transport/channel/memory-budget.js';
import { UNWATCHED_QUEUE_BYTES } from '../../../src/lib/transport/limits/transport-limits.js';
import { Inbox, startSockJs, type TestServer } from '../../helpers/transport/sockjs.js';

// Peers that together make a server hold more than its budgets.

const KIB = 1024;
const BUDGET = 1024 * KIB;

let server: TestServer;
let sockets: net.Socket[] = [];
let requests: http.ClientRequest[] = [];
let inboxes: Inbox[] = [];

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const request of requests) request.destroy();
  [sockets, requests, inboxes] = [[], [], []];
  await server.close();
});

async function start(limits: object, before?: (channel: Channel) => void): Promise<void> {
  server = await startSockJs({
    limits,
    onSession(channel) {
      const inbox = new Inbox();
      inboxes.push(inbox);
      channel.start(inbox);
      before?.(channel);
    },
  });
}

async function session(open: () => void): Promise<Channel> {
  const opened = server.session();
  open();
  return opened;
}

/** Opens a WebSocket whose client never reads. */
async function webSocket(path: string): Promise<net.Socket> {
  const socket = net.connect(server.port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  socket.pause();
  await session(() =>
    socket.write(
      `GET /kite${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n',
    ),
  );
  return socket;
}

/** The header of a frame with a mask of zeros. */
function header(length: number, { fin = true, opcode = 1 } = {}): Buffer {
  const bytes = Buffer.alloc(14);
  bytes[0] = (fin ? 0x80 : 0) | opcode;
  bytes[1] = 0x80 | 127;
  bytes.writeBigUInt64BE(BigInt(length), 2);
  return bytes;
}

const FRAGMENT = Buffer.from([0x00, 0x81, 0, 0, 0, 0, 0x78]);

/** Ways to make a server hold bytes without finishing a message: each returns a function that sends more. */
const WAYS: Readonly<Record<string, (n: number) => Promise<(bytes: number) => void>>> = {
  'SockJS over WebSocket': (n) => unfinished(`/000/${n}/websocket`),
  'a raw WebSocket': () => unfinished('/websocket'),
  async 'fragments of one byte'(n) {
    const socket = await webSocket(`/000/${n}/websocket`);
    socket.write(Buffer.concat([header(1, { fin: false }), Buffer.from('[')]));
    // A fragment counts with the memory of the object that holds it.
    return (bytes) =>
      void socket.write(Buffer.concat(Array.from({ length: Math.ceil(bytes / 128) }, () => FRAGMENT)));
  },
  async xhr_send(n) {
    const url = `${server.url}/000/${n}`;
    const poll = http.request(`${url}/xhr_streaming`, { method: 'POST' }, (response) => response.resume());
    poll.on('error', () => {});
    requests.push(poll);
    await session(() => poll.end());
    const send = http.request(`${url}/xhr_send`, { method: 'POST' });
    send.on('error', () => {});
    requests.push(send);
    return (bytes) => void send.write('x'.repeat(bytes));
  },
};

async function unfinished(path: string): Promise<(bytes: number) => void> {
  const socket = await webSocket(path);
  socket.write(header(40 * BUDGET));
  return (bytes) => void socket.write('x'.repeat(bytes));
}

describe.each(Object.entries(WAYS))('input of strangers over %s', (_name, open) => {
  it('input of strangers is bounded over all connections: the one that sent most closes with 1008', async () => {
    await start({ unauthenticatedBytes: BUDGET });
    const [small, large, medium] = [await open(0), await open(1), await open(2)];
    small(100 * KIB);
    medium(200 * KIB);
    large(600 * KIB);
    const [first, second, third] = inboxes;
    await new Promise((resolve) => setImmediate(resolve));
    expect(inboxes.map(({ closes }) => closes)).toEqual([[], [], []]);
    large(400 * KIB);
    expect(await second?.closed()).toMatchObject({ code: 1008 });
    expect(second?.closes[0]?.reason).toContain('limits.unauthenticatedBytes');
    expect([first?.closes, third?.closes]).toEqual([[], []]);
  });

  it('input of peers that have authenticated does not count', async () => {
    await start({ unauthenticatedBytes: BUDGET }, (channel) => channel.authenticated?.());
    const [one, two] = [await open(0), await open(1)];
    one(2048 * KIB);
    two(100 * KIB);
    await server.handled(0);
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(inboxes.map(({ closes }) => closes)).toEqual([[], []]);
  });
});

describe('large messages of strangers', () => {
  it('large messages of strangers that have arrived together are read in several turns of the event loop', async () => {
    const budgets = makeBudgets({ unauthenticatedBytes: 1024 * BUDGET, totalQueueBytes: BUDGET });
    server = await startSockJs({
      budgets,
      onSession: (channel) => channel.start({ message() {}, drain() {}, close() {} }),
    });
    const sends = [];
    for (let n = 0; n < 8; n++) sends.push(await unfinished(`/000/${n}/websocket`));
    for (const send of sends) send(BUDGET);
    let most = 0;
    for (let used = 0; used < 8 * BUDGET; ) {
      await new Promise((resolve) => setImmediate(resolve));
      most = Math.max(most, budgets.input.used - used);
      ({ used } = budgets.input);
    }
    // Node would read all of it in one turn.
    expect(most).toBeLessThan(2 * BUDGET);
  });
});

describe('messages of strangers that wait', () => {
  it('messages of strangers that wait in a paused channel count until they are delivered', async () => {
    server = await startSockJs({
      limits: { unauthenticatedBytes: BUDGET },
      onSession(channel) {
        const inbox = new Inbox();
        inboxes.push(inbox);
        channel.start({
          message(text) {
            inbox.message(text);
            channel.pause();
          },
          drain() {},
          close: (code, reason) => inbox.close(code, reason),
        });
      },
    });
    const [one, two] = [await webSocket('/000/1/websocket'), await webSocket('/000/2/websocket')];
    const messages = (bytes: number): Buffer =>
      Buffer.concat([header(bytes), Buffer.from(`["1","${'x'.repeat(bytes - 8)}"]`)]);
    one.write(messages(100 * KIB));
    two.write(messages(900 * KIB));
    expect(await inboxes[1]?.closed()).toMatchObject({ code: 1008 });
    await inboxes[0]?.count(1);
    expect(inboxes[0]?.closes).toEqual([]);
    server.sessions[0]?.resume();
    await inboxes[0]?.count(2);
  });
});

describe('queues for peers that do not read', () => {
  const LIMITS = { totalQueueBytes: 16 * BUDGET, pauseBytes: 1024 };

  it.each([
    ['large messages', 256 * KIB],
    ['small messages, which take more memory than their bytes', 100],
  ])('queues are bounded over all connections: the longest closes with 1008 (%s)', async (_title, size) => {
    await start(LIMITS);
    for (let n = 0; n < 3; n++) await webSocket(`/000/${n}/websocket`);
    const [slow, slower, slowest] = server.sessions;
    const text = 'x'.repeat(size);
    let bytes = 0;
    for (let sent = 0; inboxes[2]?.closes.length === 0 && sent < 400_000; sent++) {
      slowest?.send(text);
      if (sent % 4 === 0) slower?.send(text);
      if (sent % 8 === 0) slow?.send(text);
      // A smaller queue counts by its length alone.
      if ((bytes += size) % UNWATCHED_QUEUE_BYTES < size)
        await new Promise((resolve) => setImmediate(resolve));
    }
    expect(inboxes[2]?.closes).toMatchObject([{ code: 1008 }]);
    expect(inboxes[2]?.closes[0]?.reason).toContain('limits.totalQueueBytes');
    expect([inboxes[0]?.closes, inboxes[1]?.closes]).toEqual([[], []]);
  });

  it('short queues count as well: many of them exceed the limit for all', async () => {
    await start({ totalQueueBytes: 40 * KIB });
    for (let n = 0; n < 4; n++) {
      await webSocket(`/000/${n}/websocket`);
      const poll = http.request(`${server.url}/000/p${n}/xhr`, { method: 'POST' }, (response) =>
        response.resume(),
      );
      poll.on('error', () => {});
      requests.push(poll);
      await session(() => poll.end());
    }
    const expelled = (): number => inboxes.filter(({ closes }) => closes.length > 0).length;
    for (const channel of server.sessions) {
      // The kernel takes some megabytes before a message has to wait.
      for (let sent = 0; channel.bufferedBytes === 0 && expelled() === 0 && sent < 10_000; sent++) {
        channel.send('x'.repeat(6 * KIB));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(channel.bufferedBytes).toBeLessThan(UNWATCHED_QUEUE_BYTES);
    }
    expect(expelled()).toBeGreaterThan(0);
    const [reason] = inboxes.flatMap(({ closes }) => closes.map((close) => close.reason));
    expect(reason).toContain('limits.totalQueueBytes');
  });

  it('queues of sessions over HTTP are bounded over all connections: the longest closes with 1008', async () => {
    await start(LIMITS);
    for (let n = 0; n < 2; n++) {
      const poll = http.request(`${server.url}/000/${n}/xhr`, { method: 'POST' }, (response) =>
        response.resume(),
      );
      poll.on('error', () => {});
      requests.push(poll);
      await session(() => poll.end());
    }
    const [slow, slowest] = server.sessions;
    for (let sent = 0; inboxes[1]?.closes.length === 0 && sent < 200; sent++) {
      slowest?.send('x'.repeat(256 * KIB));
      if (sent < 4) slow?.send('x'.repeat(256 * KIB));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(inboxes.map(({ closes }) => closes.map(({ code }) => code))).toEqual([[], [1008]]);
  });
});
