import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { BATCH_LENGTH } from '../../../src/lib/transport/sockjs/frame-batch.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';
import { request } from '../../helpers/transport/http.js';
import {
  echo,
  Inbox,
  startSockJs,
  type TestServer,
  type TestServerOptions,
} from '../../helpers/transport/sockjs.js';

// WebSocket sessions as seen by a peer that does not use this library.

let server: TestServer | undefined;

afterEach(() => server?.close());

async function start(options: TestServerOptions = {}): Promise<string> {
  server = await startSockJs({ onSession: echo, ...options });
  return server.url.replace('http:', 'ws:');
}

/** A plain WebSocket that resolves with frames. */
async function connect(url: string): Promise<{ ws: WebSocket; frames: Inbox }> {
  const ws = new WebSocket(url);
  const frames = new Inbox();
  ws.on('message', (data: Buffer) => frames.message(data.toString()));
  ws.on('close', (code, reason) => frames.close(code, reason.toString()));
  await once(ws, 'open');
  return { ws, frames };
}

describe('a WebSocket session', () => {
  it('a WebSocket session opens, and carries lists and single messages', async () => {
    const { ws, frames } = await connect(`${await start()}/000/abcdefgh/websocket`);
    ws.send('["a","b"]');
    ws.send('"c"');
    await frames.until(() => frames.messages.join().includes('"c"'));
    // The number of answer frames depends on how many frames arrived in one packet.
    expect(frames.messages.join('')).toMatch(/^oa\["a","b"(,|\]a\[)"c"\]$/);
  });

  it('a WebSocket session ignores frames without messages', async () => {
    const { ws, frames } = await connect(`${await start()}/0/a/websocket`);
    ws.send('');
    ws.send('[]');
    ws.send('["a"]');
    expect(await frames.count(2)).toEqual(['o', 'a["a"]']);
  });

  it('a WebSocket session accepts messages that arrive with the handshake, before its open frame', async () => {
    const url = new URL(await start());
    const socket = net.connect(Number(url.port), url.hostname);
    const payload = '["early"]';
    const frame = Buffer.concat([
      Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]),
      Buffer.from(payload),
    ]);
    socket.write(
      Buffer.concat([
        Buffer.from(
          `GET /kite/0/a/websocket HTTP/1.1\r\nHost: ${url.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
            'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n',
        ),
        frame,
      ]),
    );
    socket.setEncoding('latin1');
    let text = '';
    while (!text.includes('a["early"]')) text += ((await once(socket, 'data')) as [string])[0];
    expect(text).toMatch(/^HTTP\/1\.1 101 /);
    expect(text).toContain('Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=');
    expect(text).toContain('\u0081\u0001o');
    socket.destroy();
  });

  it('a WebSocket session sends nothing after its answer to a close frame, not even pending messages', async () => {
    const url = new URL(await start({ onSession: echo }));
    const socket = net.connect(Number(url.port), url.hostname);
    socket.setEncoding('latin1');
    socket.write(
      `GET /kite/0/a/websocket HTTP/1.1\r\nHost: ${url.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n',
    );
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    while (!text.endsWith('\u0081\u0001o')) await once(socket, 'data');
    text = '';
    // The message `["late"]`, and a close frame with the code 1000.
    socket.write('\u0081\u0088\0\0\0\0["late"]\u0088\u0082\0\0\0\0\u0003\u00e8', 'latin1');
    await once(socket, 'close');
    expect(text).toBe('\u0088\u0002\u0003\u00e8');
  });

  it('two WebSocket sessions may have the same name', async () => {
    const url = `${await start()}/000/same/websocket`;
    const one = await connect(url);
    const other = await connect(url);
    one.ws.send('["1"]');
    other.ws.send('["2"]');
    expect(await one.frames.count(2)).toEqual(['o', 'a["1"]']);
    expect(await other.frames.count(2)).toEqual(['o', 'a["2"]']);
  });

  it('a WebSocket session sends a SockJS close frame and then closes', async () => {
    const { frames } = await connect(
      `${await start({
        onSession(channel) {
          channel.start(new Inbox());
          channel.send('last words');
          channel.close();
        },
      })}/0/a/websocket`,
    );
    expect(await frames.closed()).toEqual({ code: 3000, reason: 'Go away!' });
    expect(frames.messages).toEqual(['o', 'a["last words"]', 'c[3000,"Go away!"]']);
  });

  it('a WebSocket session delivers the close code and reason of the peer once', async () => {
    const inbox = new Inbox();
    const { ws, frames } = await connect(
      `${await start({ onSession: (channel) => channel.start(inbox) })}/0/a/websocket`,
    );
    ws.close(4001, 'enough');
    expect(await inbox.closed()).toEqual({ code: 4001, reason: 'enough' });
    expect(await frames.closed()).toEqual({ code: 4001, reason: 'enough' });
    expect(inbox.closes).toHaveLength(1);
    expect(server?.sockjs.sessionCount).toBe(0);
  });

  it('a WebSocket session delivers 1006 when the connection drops', async () => {
    const inbox = new Inbox();
    const { ws } = await connect(
      `${await start({ onSession: (channel) => channel.start(inbox) })}/0/a/websocket`,
    );
    ws.terminate();
    expect(await inbox.closed()).toMatchObject({ code: 1006 });
  });

  it('a WebSocket session sends 8 messages or a long frame at once, twice as many after that, and the rest at the end of the turn', async () => {
    const { frames } = await connect(
      `${await start({
        onSession(channel) {
          channel.start(new Inbox());
          for (let message = 0; message < 27; message++) channel.send(`${message}`);
          process.nextTick(() => {
            // The three remaining messages have been sent by now.
            expect(channel.bufferedBytes).toBe(0);
            channel.send('x'.repeat(BATCH_LENGTH / 2));
            channel.send('y'.repeat(BATCH_LENGTH / 2));
            channel.send('z');
          });
        },
      })}/0/a/websocket`,
    );
    await frames.count(6);
    const counts = frames.messages.slice(1).map((frame) => (JSON.parse(frame.slice(1)) as string[]).length);
    expect(counts).toEqual([8, 16, 3, 2, 1]);
    expect(JSON.parse(frames.messages[1]?.slice(1) ?? '')).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
  });
});

describe('a raw WebSocket session', () => {
  it('a raw WebSocket session carries each message unchanged', async () => {
    const { ws, frames } = await connect(`${await start()}/websocket?token=x`);
    ws.send('Hello world!\uffff');
    ws.send('["a"]');
    expect(await frames.count(2)).toEqual(['Hello world!\uffff', '["a"]']);
    expect(server?.requests[0]?.url).toBe('/kite/websocket?token=x');
  });

  it('a raw WebSocket session closes with code and reason', async () => {
    const { frames } = await connect(
      `${await start({
        onSession(channel) {
          channel.start(new Inbox());
          for (let message = 0; message < 20; message++) channel.send(`${message}`);
          channel.close();
        },
      })}/websocket`,
    );
    expect(await frames.closed()).toEqual({ code: 3000, reason: 'Go away!' });
    expect(frames.messages).toHaveLength(20);
  });
});

describe('protocol violations', () => {
  it.each([
    ['["a', 1007],
    ['{}', 1002],
    ['["a",1]', 1002],
    ['null', 1002],
    [`["${'x'.repeat(1001)}"]`, 1009],
    [`["${'x'.repeat(100_000)}"]`, 1009],
  ])('a WebSocket session closes on the malformed frame %.20s', async (frame, code) => {
    const inbox = new Inbox();
    const { ws, frames } = await connect(
      `${await start({ limits: { messageBytes: 1000 }, onSession: (channel) => channel.start(inbox) })}/0/a/websocket`,
    );
    ws.send('["before"]');
    ws.send(frame);
    ws.send('["after"]');
    expect(await frames.closed()).toMatchObject({ code });
    expect(await inbox.closed()).toMatchObject({ code });
    expect(inbox.messages).toEqual(['before']);
  });

  it.each(['0/a/websocket', 'websocket'])('a session at /%s closes on a binary message', async (path) => {
    const { ws, frames } = await connect(`${await start()}/${path}`);
    ws.send(Buffer.from('["a"]'));
    expect(await frames.closed()).toMatchObject({
      code: 1003,
      reason: 'Only text messages are supported',
    });
  });

  it.each(['0/a/websocket', 'websocket'])(
    'a session at /%s closes on text that is not valid UTF-8',
    async (path) => {
      const inbox = new Inbox();
      const { ws, frames } = await connect(
        `${await start({ onSession: (channel) => channel.start(inbox) })}/${path}`,
      );
      ws.send(Buffer.from([0x22, 0xff, 0xfe, 0x22]), { binary: false });
      expect(await frames.closed()).toMatchObject({ code: 1007 });
      expect(await inbox.closed()).toMatchObject({ code: 1007 });
    },
  );

  it('a raw WebSocket session closes on a message above the limit', async () => {
    const { ws, frames } = await connect(`${await start({ limits: { messageBytes: 1000 } })}/websocket`);
    ws.send('x'.repeat(1000));
    ws.send('é'.repeat(501));
    expect(await frames.closed()).toEqual({
      code: 1009,
      reason: 'A message is larger than 1000 bytes',
    });
    expect(frames.messages).toHaveLength(1);
  });

  it.each(['0/a/websocket', 'websocket'])(
    'a session at /%s closes if its server sends a message above the limit',
    async (path) => {
      const inbox = new Inbox();
      const { frames } = await connect(
        `${await start({
          limits: { messageBytes: 1000 },
          onSession(channel) {
            channel.start(inbox);
            channel.send('fits');
            channel.send('x'.repeat(1001));
            channel.send('never');
          },
        })}/${path}`,
      );
      expect(await frames.closed()).toMatchObject({ code: 1009 });
      expect(await inbox.closed()).toMatchObject({ code: 1009 });
      expect(frames.messages.join()).toContain('fits');
      expect(frames.messages.join()).not.toContain('never');
    },
  );
});

describe.each(['0/a/websocket', 'websocket'])('the queue of /%s', (path) => {
  it.each([1, 3, 5])(
    'a WebSocket session reports when %d messages above the high-water mark were sent',
    async (count) => {
      const inbox = new Inbox();
      const url = await start({ limits: { pauseBytes: 1000 }, onSession: (channel) => channel.start(inbox) });
      const { ws } = await connect(`${url}/${path}`);
      const [channel] = server?.sessions ?? [];
      for (let sent = 0; sent < count; sent++) channel?.send('x'.repeat(2000 / count));
      expect(channel?.bufferedBytes).toBeGreaterThan(1000);
      await inbox.until(() => inbox.drains > 0);
      expect(channel?.bufferedBytes).toBe(0);
      ws.close();
      await inbox.closed();
      expect(inbox.drains).toBe(1);
    },
  );
});

describe('the heartbeat of a WebSocket session', () => {
  it('a WebSocket session sends a heartbeat every 10 seconds', async () => {
    const clock = new ManualClock();
    const { frames } = await connect(`${await start({ clock })}/0/a/websocket`);
    clock.advance(10_000);
    expect(await frames.count(2)).toEqual(['o', 'h']);
    clock.advance(10_000);
    expect(await frames.count(3)).toEqual(['o', 'h', 'h']);
  });

  it('a WebSocket session keeps a silent client that answers pings', async () => {
    const clock = new ManualClock();
    const { ws, frames } = await connect(`${await start({ clock })}/0/a/websocket`);
    let pings = 0;
    ws.on('ping', () => pings++);
    for (let beat = 1; beat <= 20; beat++) {
      clock.advance(10_000);
      await frames.count(1 + beat);
      // When this is answered, a ping that was sent with the heartbeat is answered too.
      await request('GET', server?.url ?? '');
    }
    expect(pings).toBeGreaterThan(0);
    expect(frames.closes).toEqual([]);
  });

  it.each(['0/a/websocket', 'websocket'])(
    'a session at /%s drops a client that does not answer pings',
    async (path) => {
      const clock = new ManualClock();
      const inbox = new Inbox();
      const url = await start({ clock, onSession: (channel) => channel.start(inbox) });
      const { ws } = await connect(`${url}/${path}`);
      ws.pause();
      clock.advance(59_000);
      expect(inbox.closes).toEqual([]);
      clock.advance(11_000);
      expect(await inbox.closed()).toMatchObject({ code: 1006 });
      ws.terminate();
    },
  );
});

describe('rejected upgrades', () => {
  /** Sends a request unchanged, and returns everything that the server sends. */
  async function exchange(url: string, text: string): Promise<string> {
    const { hostname, port } = new URL(url);
    const socket = net.connect(Number(port), hostname);
    socket.setEncoding('utf8');
    socket.on('error', () => {});
    let answer = '';
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.write(text);
    await once(socket, 'close');
    return answer;
  }

  const HEADERS = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'x3JJHMbDL1EzLkh9GBhXDw==',
  };

  function upgrade(line: string, changes: Record<string, string | undefined> = {}): string {
    const headers = Object.entries({ ...HEADERS, ...changes }).filter(([, value]) => value !== undefined);
    return `${line} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  }

  const PATH = 'GET /kite/0/a/websocket';

  it.each([
    ['another method', upgrade('POST /kite/0/a/websocket'), 405],
    ['an unknown path', upgrade('GET /kite/0/a/b/websocket'), 404],
    ['a page', upgrade('GET /kite/info'), 404],
    ['the base URL', upgrade('GET /kite'), 404],
    ['another transport', upgrade('GET /kite/0/a/xhr'), 404],
    ['a session name with a dot', upgrade('GET /kite/0/a.b/websocket'), 404],
    ['an unknown origin', upgrade(PATH, { Origin: 'https://evil.example' }), 403],
    ['a null origin', upgrade(PATH, { Origin: 'null' }), 403],
    ['an unknown origin, raw', upgrade('GET /kite/websocket', { Origin: 'https://evil.example' }), 403],
    ['another protocol', upgrade(PATH, { Upgrade: 'h2c' }), 400],
    ['no key', upgrade(PATH, { 'Sec-WebSocket-Key': undefined }), 400],
    ['a key that is too short', upgrade(PATH, { 'Sec-WebSocket-Key': 'abc' }), 400],
    ['a key that is too long', upgrade(PATH, { 'Sec-WebSocket-Key': 'x'.repeat(4000) }), 400],
    ['no version', upgrade(PATH, { 'Sec-WebSocket-Version': undefined }), 400],
    ['an old version', upgrade(PATH, { 'Sec-WebSocket-Version': '7' }), 400],
    ['a malformed version', upgrade(PATH, { 'Sec-WebSocket-Version': 'NaN' }), 400],
    ['a malformed subprotocol', upgrade(PATH, { 'Sec-WebSocket-Protocol': '@@,' }), 400],
    ['a body', `${upgrade('DELETE /kite/websocket', { 'Content-Length': '4' })}abcd`, 405],
    ['a missing upgrade token', upgrade(PATH, { Connection: 'close' }), 400],
    ['too many headers', upgrade(PATH, { 'X-Long': 'x'.repeat(20_000) }), 431],
  ])('an upgrade is rejected for %s', async (_name, text, status) => {
    const url = await start();
    expect(await exchange(url, text)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(server?.sessions).toHaveLength(0);
    expect((await request('GET', server?.url ?? '')).status).toBe(200);
  });

  it('an upgrade for another path is left to other handlers', async () => {
    expect(await exchange(await start(), upgrade('GET /other/0/a/websocket'))).toBe('');
  });

  it('an upgrade is rejected at the session limit', async () => {
    const url = await start({ limits: { sessions: 1 } });
    const { ws, frames } = await connect(`${url}/0/a/websocket`);
    expect(await exchange(url, upgrade(PATH))).toMatch(/^HTTP\/1\.1 503 /);
    ws.close();
    await frames.closed();
    await connect(`${url}/0/a/websocket`);
  });

  it('an upgrade of a client that disconnects during the handshake is dropped', async () => {
    const url = await start();
    const { hostname, port } = new URL(url);
    for (const text of [upgrade(PATH), upgrade('POST /kite/websocket'), upgrade(PATH).slice(0, 40)]) {
      const socket = net.connect(Number(port), hostname);
      await once(socket, 'connect');
      socket.write(text);
      socket.resetAndDestroy();
    }
    const { ws, frames } = await connect(`${url}/0/a/websocket`);
    ws.send('["a"]');
    expect(await frames.count(2)).toEqual(['o', 'a["a"]']);
  });
});

describe('closing the server', () => {
  it('closing the server sends a close frame to every session and rejects new ones', async () => {
    const url = await start();
    const framed = await connect(`${url}/0/a/websocket`);
    const raw = await connect(`${url}/websocket`);
    await request('POST', `${server?.url}/0/xhr/xhr`);
    const waiting = request('POST', `${server?.url}/0/xhr/xhr`);
    await server?.handled(1);
    await server?.sockjs.close();
    expect(await framed.frames.closed()).toEqual({ code: 3000, reason: 'Go away!' });
    expect(framed.frames.messages.at(-1)).toBe('c[3000,"Go away!"]');
    expect(await raw.frames.closed()).toEqual({ code: 3000, reason: 'Go away!' });
    expect((await waiting).body).toBe('c[3000,"Go away!"]\n');
    expect(server?.sockjs.sessionCount).toBe(0);
    expect((await request('POST', `${server?.url}/0/new/xhr`)).status).toBe(503);
    const refused = new WebSocket(`${url}/0/a/websocket`);
    const [error] = (await once(refused, 'error')) as [Error];
    expect(error.message).toContain('503');
  });
});
