import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { defaultLimits, type Limits } from '../../../src/lib/kite/limits/kite-limits.js';
import type { Channel } from '../../../src/lib/transport/channel/channel.js';
import { makeBudgets } from '../../../src/lib/transport/channel/memory-budget.js';
import { BytesMessage, messageText } from '../../../src/lib/transport/channel/outgoing-message.js';
import { Relay } from '../../../src/lib/transport/relay/relay.js';
import { decodeBinary } from '../../../src/lib/transport/sockjs/binary-frame.js';
import { binaryMessage } from '../../helpers/transport/binary-message.js';
import { request } from '../../helpers/transport/http.js';
import { dialTest, Inbox, startSockJs, type TestServer } from '../../helpers/transport/sockjs.js';
import { openFrames } from '../../helpers/transport/web-socket-frames.js';

const ASKED = 'extensions=lines,binary';
const VALUE = new Uint8Array(300).fill(7);
const MESSAGE = new BytesMessage([
  '{"n":1,"v":[{"$":"bytes","v":',
  VALUE,
  '},{"$":"bytes","v":',
  VALUE,
  '}]}',
]);
const TEXT = messageText(MESSAGE);

async function start(
  handle: (channel: Channel) => void = echoBytes,
  limits: Partial<Limits> = {},
): Promise<TestServer> {
  const server = await startSockJs({ onSession: handle, limits });
  onTestFinished(() => server.close());
  return server;
}

/** Sends every message back, as it was received. */
function echoBytes(channel: Channel): void {
  channel.start({
    message: (text) => channel.send(text),
    bytes: (message) => channel.send(message),
    drain() {},
    close() {},
  });
}

/** The meaning of a message that `openFrames` has received. */
function meaning(received: string | undefined): unknown {
  const decoded = decodeBinary(Buffer.from(received ?? '', 'base64'), 1e9);
  return decoded instanceof BytesMessage ? messageText(decoded).replace(/ +/g, '') : decoded;
}

const PATHS = [
  ['a SockJS session', '/000/abcdefgh/websocket'],
  ['a raw WebSocket', '/websocket'],
] as const;

describe.each(PATHS)('binary messages of %s', (name, path) => {
  it(`${name} whose client asked for them carries binary messages, in order with the others`, async () => {
    const server = await start();
    const { ws, frames } = await openFrames(`${server.url}${path}?${ASKED}`);
    for (const n of [1, 2, 3]) {
      ws.send(name === 'a raw WebSocket' ? `{"n":${n}}` : `["{\\"n\\":${n}}"]`);
      ws.send(binaryMessage(MESSAGE));
    }
    const received = await frames.count(7);
    expect(received[0]).toBe('o["lines","binary"]');
    for (const n of [1, 2, 3]) {
      expect(received[2 * n - 1]).toBe(`{"n":${n}}`);
      expect(meaning(received[2 * n])).toBe(TEXT);
    }
  });

  it.each([
    ['asked for nothing', ''],
    ['asked for lines only', '?extensions=lines'],
    ['asked for binary messages without lines', '?extensions=binary'],
  ])(`${name} whose client %s gets base64, and ends with 1003 at a binary message`, async (_what, query) => {
    const server = await start((channel) => {
      echoBytes(channel);
      channel.send(MESSAGE);
    });
    const { ws, frames } = await openFrames(`${server.url}${path}${query}`);
    await frames.until(() => frames.messages.some((message) => message.includes('bytes')));
    const last = frames.messages.at(-1) ?? '';
    expect(last.startsWith('a') ? JSON.parse(last.slice(1)) : [last]).toEqual([TEXT]);
    ws.send(binaryMessage(MESSAGE));
    expect((await frames.closed())?.code).toBe(1003);
  });

  it(`${name} takes binary messages apart into WebSocket fragments anywhere`, async () => {
    const server = await start();
    const { ws, frames } = await openFrames(`${server.url}${path}?${ASKED}`);
    const small = binaryMessage(new BytesMessage(['{"v":{"$":"bytes","v":', VALUE.subarray(0, 40), '}}']));
    for (let at = 0; at <= small.length; at++) {
      ws.send(small.subarray(0, at), { fin: false });
      ws.send(small.subarray(at), { fin: true });
    }
    const received = await frames.count(small.length + 2);
    expect(new Set(received.slice(1))).toEqual(new Set([Buffer.from(small).toString('base64')]));
    console.log(`${small.length + 1} fragmentations of a binary message over ${name}`);
  });

  it(`${name} ends with 1009 at a binary message above the limit, and with 1002 at an invalid one`, async () => {
    const server = await start(echoBytes, { messageBytes: 1000 });
    const cases = [
      [1009, binaryMessage(new BytesMessage(['{"v":{"$":"bytes","v":', new Uint8Array(1000), '}}']))],
      [1002, binaryMessage(MESSAGE).subarray(1)],
      [1002, new Uint8Array(0)],
    ] as const;
    for (const [code, message] of cases) {
      const { ws, frames } = await openFrames(`${server.url}${path}?${ASKED}`);
      ws.send(message);
      expect((await frames.closed())?.code).toBe(code);
    }
  });
});

describe('binary messages over HTTP', () => {
  it('a session over HTTP does not have binary messages, and gets base64', async () => {
    const server = await start((channel) => {
      channel.start(new Inbox());
      channel.send(MESSAGE);
    });
    const session = `${server.url}/000/abcdefgh/xhr?${ASKED}`;
    expect((await request('POST', session)).body).toBe('o["lines"]\n');
    expect((await request('POST', session)).body).toBe(`${TEXT}\n`);
  });
});

/** A SockJS server that knows no extensions, and sends every frame of messages back. */
async function oldEcho(sent: string[]): Promise<string> {
  const server = http.createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket: WebSocket) => {
    socket.send('o');
    socket.on('message', (data: Buffer, isBinary) => {
      sent.push(isBinary ? 'binary' : data.toString());
      socket.send(`a${data.toString()}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    await closed;
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/kite`;
}

describe('a relay of binary messages', () => {
  const HOPS = [
    ['binary', 'binary'],
    ['binary', 'text'],
    ['text', 'binary'],
  ] as const;

  it.each(HOPS)(
    'a relay passes bytes from a hop with %s messages to one with %s messages, and back',
    async (near, far) => {
      const sent: string[] = [];
      const kite = far === 'binary' ? (await start()).url : await oldEcho(sent);
      const relay = await start((first) => {
        const joint = new Relay(first, { limits: defaultLimits });
        // What arrives before the second hop is open waits.
        dialTest(kite)
          .then((second) => joint.join(second))
          .catch(() => joint.close(1011, 'the test failed'));
      });
      const query = near === 'binary' ? `?${ASKED}` : '';
      const { ws, frames } = await openFrames(`${relay.url}/000/abcdefgh/websocket${query}`);
      const texts = (): unknown[] =>
        frames.messages.slice(1).flatMap((frame) => {
          if (frame.startsWith('a')) return JSON.parse(frame.slice(1)) as string[];
          return frame.startsWith('{') ? [frame] : [meaning(frame)];
        });
      for (let round = 1; round <= 3; round++) {
        ws.send('["{\\"n\\":1}"]');
        ws.send(near === 'binary' ? binaryMessage(MESSAGE) : JSON.stringify([TEXT]));
        await frames.until(() => texts().length >= 2 * round);
      }
      expect(texts().map((text) => String(text).replace(/ +/g, ''))).toEqual(
        [1, 2, 3].flatMap(() => ['{"n":1}', TEXT]),
      );
      expect(sent).not.toContain('binary');
    },
  );

  it('a relay counts the bytes that wait for its second hop, and pauses the first', async () => {
    const waiting: number[] = [];
    let joint: Relay | undefined;
    const relay = await start((first) => {
      const pause = first.pause.bind(first);
      first.pause = () => {
        waiting.push(-1);
        pause();
      };
      joint = new Relay(first, { limits: { ...defaultLimits, tunnelBufferLength: 1000 }, input });
    });
    const input = makeBudgets(defaultLimits).input;
    const charge = input.charge.bind(input);
    input.charge = (user, share, bytes) => {
      waiting.push(bytes);
      return charge(user, share, bytes);
    };
    const { ws } = await openFrames(`${relay.url}/000/abcdefgh/websocket?${ASKED}`);
    ws.send(binaryMessage(MESSAGE));
    ws.send(binaryMessage(MESSAGE));
    await expect.poll(() => waiting.length).toBe(3);
    // A text of two bytes for each unit would take as much.
    expect(waiting[0]).toBeGreaterThan(1200);
    expect(waiting[1]).toBe(-1);
    joint?.close(1000, '');
  });
});
