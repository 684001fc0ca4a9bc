import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { defaultLimits } from '../../../src/lib/kite/limits/kite-limits.js';
import type { Channel } from '../../../src/lib/transport/channel/channel.js';
import { dialInPage } from '../../../src/lib/transport/page/dial-in-page.js';
import type { PagePlatform } from '../../../src/lib/transport/page/page-platform.js';
import { Relay } from '../../../src/lib/transport/relay/relay.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { request } from '../../helpers/transport/http.js';
import { dialTest, echo, Inbox, startSockJs, type TestServer } from '../../helpers/transport/sockjs.js';
import { SINGLE_TRANSPORTS, type SingleTransport } from '../../helpers/transport/transports.js';
import { openFrames } from '../../helpers/transport/web-socket-frames.js';

const ASKED = 'extensions=lines';
const PRINTED = JSON.stringify({ method: 'm', arguments: [1], callbacks: {} }, null, 2);

/** Messages of kites, and others that a channel must not change. */
const MESSAGES: readonly string[] = [
  '{"method":"a","arguments":[],"callbacks":{}}',
  '{"method":"b","arguments":["\\n\u2028 ü 👪"],"callbacks":{}}',
  PRINTED,
  PRINTED.replaceAll('\n', '\r\n'),
  ' {"method":"c"}',
  '{"method":"\ud83d"}',
  '["{}"]',
  'a["{}"]',
  'h',
  'not JSON',
  `{"long":"${'x'.repeat(100_000)}"}`,
  '{"last":1}',
];

async function start(handle: (channel: Channel) => void = echo): Promise<TestServer> {
  const server = await startSockJs({ onSession: handle });
  onTestFinished(() => server.close());
  return server;
}

async function receive(channel: Channel): Promise<Inbox> {
  onTestFinished(() => channel.close());
  const inbox = new Inbox();
  channel.start(inbox);
  return inbox;
}

describe('the server of a client that did not ask for lines', () => {
  it('a client that did not ask for lines gets the frames of SockJS only', async () => {
    const server = await start();
    const { ws, frames } = await openFrames(`${server.url}/000/abcdefgh/websocket`);
    ws.send(JSON.stringify(MESSAGES));
    await frames.until(() => frames.messages.length > 1 && received(frames).length === MESSAGES.length);
    expect(frames.messages[0]).toBe('o');
    expect(received(frames)).toEqual(MESSAGES);
    ws.send('{"method":"a"}');
    expect(await frames.closed()).toMatchObject({ code: 1002 });
  });

  it('a raw WebSocket that did not ask for lines carries each message alone', async () => {
    const server = await start();
    const { ws, frames } = await openFrames(`${server.url}/websocket`);
    const messages = [...MESSAGES, 'o["lines"]'].filter((message) => !message.includes('\ud83d"'));
    for (const message of messages) ws.send(message);
    expect(await frames.count(messages.length)).toEqual(messages);
  });

  it.each(['xhr_streaming', 'eventsource'])(
    'a session over %s that did not ask for lines opens with the frame of SockJS',
    async (transport) => {
      const server = await start();
      const text = await streamed(`${server.url}/000/abcdefgh/${transport}`, 'o');
      expect(text.replace(/^(?:h{2048}|\r)\n/, '').trim()).toBe(
        transport === 'eventsource' ? 'data: o' : 'o',
      );
    },
  );

  it('a session over XHR polling that did not ask for lines opens with the frame of SockJS, and rejects lines', async () => {
    const server = await start();
    const session = `${server.url}/000/abcdefgh`;
    expect((await request('POST', `${session}/xhr`)).body).toBe('o\n');
    const sent = await request('POST', `${session}/xhr_send`, { body: '{"method":"a"}' });
    expect(sent.status).toBe(500);
  });
});

/** The messages in the array frames of a server. */
function received(frames: Inbox): string[] {
  return frames.messages
    .filter((frame) => frame.startsWith('a'))
    .flatMap((frame) => JSON.parse(frame.slice(1)) as string[]);
}

/** Reads a streaming response until it contains `end`, and ends it. */
async function streamed(url: string, end: string): Promise<string> {
  const method = url.includes('eventsource') ? 'GET' : 'POST';
  const asked = http.request(url, { method }).end();
  const [response] = (await once(asked, 'response')) as [http.IncomingMessage];
  onTestFinished(() => void asked.destroy());
  let text = '';
  for await (const chunk of response as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (text.replace(/^h+\n/, '').includes(end)) break;
  }
  return text;
}

describe('a hop that agreed to lines', () => {
  it('a client that asked for lines gets them at once, and may send both forms', async () => {
    const server = await start();
    const { ws, frames } = await openFrames(`${server.url}/000/abcdefgh/websocket?${ASKED}`);
    ws.send('["{\\"n\\":1}","{\\"n\\":2}"]');
    ws.send('{"n":3}\n{"n":4}');
    ws.send(JSON.stringify([PRINTED]));
    await frames.until(() => received(frames).length === 1);
    expect(frames.messages[0]).toBe('o["lines"]');
    expect(frames.messages.slice(1, -1).join('\n').split('\n')).toEqual(
      [1, 2, 3, 4].map((n) => `{"n":${n}}`),
    );
    expect(received(frames)).toEqual([PRINTED]);
  });

  it('the messages of one turn share a frame of lines', async () => {
    const server = await start((channel) => {
      for (let n = 0; n < 3; n++) channel.send(`{"n":${n}}`);
      channel.start({ message() {}, drain() {}, close() {} });
    });
    const { frames } = await openFrames(`${server.url}/000/abcdefgh/websocket?${ASKED}`);
    expect(await frames.count(2)).toEqual(['o["lines"]', '{"n":0}\n{"n":1}\n{"n":2}']);
  });

  it('a raw WebSocket carries frames after the open frame, in each direction', async () => {
    const server = await start();
    const { ws, frames } = await openFrames(`${server.url}/websocket?${ASKED}`);
    ws.send(PRINTED);
    expect(await frames.count(2)).toEqual(['o["lines"]', `a${JSON.stringify([PRINTED])}`]);
    ws.send('o["lines"]');
    ws.send('{"n":1}\n{"n":2}');
    expect((await frames.count(3)).slice(2)).toEqual(['{"n":1}\n{"n":2}']);
  });

  it.each([
    ['an empty line', '{}\n\n{}', 1002],
    ['a line break at the end', '{}\n', 1002],
    ['a line above the limit', `{"a":"${'x'.repeat(2000)}"}`, 1009],
  ])('a frame with %s ends its session', async (_what, frame, code) => {
    const server = await startSockJs({ onSession: echo, limits: { messageBytes: 1000 } });
    onTestFinished(() => server.close());
    const { ws, frames } = await openFrames(`${server.url}/000/abcdefgh/websocket?${ASKED}`);
    ws.send(frame);
    expect(await frames.closed()).toMatchObject({ code });
    const raw = await openFrames(`${server.url}/websocket?${ASKED}`);
    raw.ws.send('o["lines"]');
    raw.ws.send(frame);
    expect(await raw.frames.closed()).toMatchObject({ code });
    const session = `${server.url}/000/ijklmnop`;
    await request('POST', `${session}/xhr?${ASKED}`);
    const sent = await request('POST', `${session}/xhr_send?${ASKED}`, { body: frame });
    expect(sent.status).toBe(code === 1009 ? 413 : 500);
  });

  it('XHR polling returns lines, and accepts them as a body', async () => {
    const server = await start();
    const session = `${server.url}/000/abcdefgh`;
    expect((await request('POST', `${session}/xhr?${ASKED}`)).body).toBe('o["lines"]\n');
    const sent = await request('POST', `${session}/xhr_send?${ASKED}`, { body: '{"n":1}\n{"n":2}' });
    expect(sent.status).toBe(204);
    expect((await request('POST', `${session}/xhr?${ASKED}`)).body).toBe('{"n":1}\n{"n":2}\n');
  });

  it.each([
    ['xhr_streaming', 'o["lines"]\n{"n":1}\n{"n":2}\n'],
    ['eventsource', 'data: o["lines"]\r\n\r\ndata: {"n":1}\ndata: {"n":2}\r\n\r\n'],
  ])('%s sends each message as a line', async (transport, stream) => {
    const server = await start();
    const session = `${server.url}/000/abcdefgh`;
    const reading = streamed(`${session}/${transport}?${ASKED}`, '{"n":2}');
    await server.session();
    await request('POST', `${session}/xhr_send`, { body: '["{\\"n\\":1}","{\\"n\\":2}"]' });
    expect((await reading).replace(/^(?:h{2048}|\r)\n/, '').trim()).toBe(stream.trim());
  });
});

const platform = { WebSocket, fetch } as unknown as PagePlatform;
const options = { handshakeTimeout: 10_000, clock: systemClock, limits: defaultLimits };

/** Opens a channel from Node and from a page. */
const dialers: Readonly<Record<string, (url: string, transport: SingleTransport) => Promise<Channel>>> = {
  Node: (url, transport) => dialTest(url, { transport }),
  'a page': (url, transport) => dialInPage(platform, url, { ...options, transport }),
};
const CLIENTS = Object.keys(dialers).flatMap((from) =>
  SINGLE_TRANSPORTS.map((transport) => [transport, from] as const),
);

describe.each(CLIENTS)('a client over %s in %s', (transport, from) => {
  // UTF-8 cannot carry half of a surrogate pair, and the messages of this WebSocket are not escaped.
  const messages = MESSAGES.filter((text) => transport !== 'RawWebSocket' || !text.includes('\ud83d"'));
  const dialFrom = (url: string): Promise<Channel> =>
    dialers[from]?.(url, transport) ?? Promise.reject(new Error(from));

  it('every message arrives as it was sent, before and after lines are used', async () => {
    const server = await start();
    const channel = await dialFrom(server.url);
    const inbox = await receive(channel);
    for (let round = 1; round <= 3; round++) {
      for (const message of messages) channel.send(message);
      expect((await inbox.count(round * messages.length)).slice(-messages.length)).toEqual(messages);
    }
    expect(server.requests[0]?.url).toContain(ASKED);
  });

  it('a client sends no lines to a server that did not agree, and takes its messages as they are', async () => {
    const sent: string[] = [];
    const server = oldServer(sent);
    const channel = await dialFrom(await listening(server));
    const inbox = await receive(channel);
    for (let n = 1; n <= 3; n++) {
      channel.send(`{"n":${n}}`);
      expect((await inbox.count(n))[n - 1]).toBe(PRINTED);
    }
    const expected = [1, 2, 3].map((n) => `{"n":${n}}`);
    expect(sent).toEqual(
      transport === 'RawWebSocket' ? expected : expected.map((text) => JSON.stringify([text])),
    );
  });
});

/** A server that does not know extensions: it answers each message with one that is printed over several lines. */
function oldServer(sent: string[]): http.Server {
  const polls: http.ServerResponse[] = [];
  let opened = false;
  const server = http.createServer((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => {
      if (!req.url?.includes('/xhr_send')) {
        if (opened) polls.push(res);
        else res.end('o\n');
        opened = true;
        return;
      }
      sent.push(body);
      res.writeHead(204).end();
      polls.shift()?.end(`a${JSON.stringify([PRINTED])}\n`);
    });
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, { url = '' }) => {
    const framed = !url.startsWith('/kite/websocket');
    if (framed) socket.send('o');
    socket.on('message', (data: Buffer) => {
      sent.push(data.toString());
      socket.send(framed ? `a${JSON.stringify([PRINTED])}` : PRINTED);
    });
  });
  return server;
}

/** A SockJS server that does not know extensions, and sends every frame of messages back. */
function oldEcho(sent: string[]): http.Server {
  const server = http.createServer();
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.send('o');
    socket.on('message', (data: Buffer) => {
      sent.push(data.toString());
      socket.send(`a${data.toString()}`);
    });
  });
  return server;
}

async function listening(server: http.Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/kite`;
}

describe('a relay between two hops', () => {
  const hops = [
    ['lines', 'lines'],
    ['lines', 'arrays'],
    ['arrays', 'lines'],
    ['arrays', 'arrays'],
  ] as const;

  it.each(hops)(
    'a relay agrees with each side of its own: %s at the caller, %s at the kite',
    async (near, far) => {
      const sent: string[] = [];
      const kite = far === 'lines' ? (await start()).url : await listening(oldEcho(sent));
      const relay = await start((first) => {
        const joint = new Relay(first, { limits: defaultLimits });
        dialTest(kite)
          .then((second) => joint.join(second))
          .catch(() => joint.close(1011, 'the test failed'));
      });
      const query = near === 'lines' ? `?${ASKED}` : '';
      const { ws, frames } = await openFrames(`${relay.url}/000/abcdefgh/websocket${query}`);
      const texts = ['{"n":1}', '{"n":2}', PRINTED, '{"n":3}'];
      ws.send(near === 'lines' ? '{"n":1}\n{"n":2}' : '["{\\"n\\":1}","{\\"n\\":2}"]');
      ws.send(JSON.stringify([PRINTED]));
      ws.send('["{\\"n\\":3}"]');
      const all = (): string[] =>
        frames.messages
          .slice(1)
          .flatMap((frame) =>
            frame.startsWith('a') ? (JSON.parse(frame.slice(1)) as string[]) : frame.split('\n'),
          );
      await frames.until(() => all().length === texts.length);
      expect(all()).toEqual(texts);
      expect(frames.messages[0]).toBe(near === 'lines' ? 'o["lines"]' : 'o');
      if (near === 'arrays')
        expect(frames.messages.slice(1).every((frame) => frame.startsWith('a['))).toBe(true);
      expect(sent.every((frame) => frame.startsWith('['))).toBe(true);
    },
  );
});
