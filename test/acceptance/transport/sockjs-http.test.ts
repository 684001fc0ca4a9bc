import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../helpers/process/manual-clock.js';
import { openRequest, request } from '../../helpers/transport/http.js';
import {
  echo,
  Inbox,
  startSockJs,
  type TestServer,
  type TestServerOptions,
} from '../../helpers/transport/sockjs.js';

// Sessions over plain HTTP according to the SockJS 0.3 protocol, with a clock that does not advance.

let clock: ManualClock;
let server: TestServer | undefined;
let session = 0;

beforeEach(() => {
  clock = new ManualClock();
});

afterEach(() => server?.close());

/** Starts a server and returns the URL of an unused session. */
async function start(options: TestServerOptions = {}): Promise<string> {
  server = await startSockJs({ clock, onSession: echo, ...options });
  return `${server.url}/000/session${session++}`;
}

const PRELUDE = 2049;

describe('polling', () => {
  it('polling opens a session, carries messages in both directions, and is never cached', async () => {
    const url = await start();
    const origin = { headers: { origin: 'http://localhost' } };
    const opened = await request('POST', `${url}/xhr`, origin);
    expect(opened).toMatchObject({ status: 200, body: 'o\n' });
    expect(opened.headers).toMatchObject({
      'content-type': 'application/javascript; charset=UTF-8',
      'cache-control': 'no-store, no-cache, no-transform, must-revalidate, max-age=0',
      'access-control-allow-origin': 'http://localhost',
      'access-control-allow-credentials': 'true',
      'content-length': '2',
    });
    const sent = await request('POST', `${url}/xhr_send`, { ...origin, body: '["x","\\u2028é"]' });
    expect(sent).toMatchObject({ status: 204, body: '' });
    expect(sent.headers).toMatchObject({
      'content-type': 'text/plain; charset=UTF-8',
      'cache-control': 'no-store, no-cache, no-transform, must-revalidate, max-age=0',
      'access-control-allow-origin': 'http://localhost',
    });
    expect(await request('POST', `${url}/xhr`)).toMatchObject({ status: 200, body: 'a["x","\\u2028é"]\n' });
  });

  it('polling identifies a session by its name alone, whatever the server part and the query are', async () => {
    const url = await start();
    await request('POST', `${url}/xhr?kiteID=1`);
    await request('POST', `${url.replace('/000/', '/999/')}/xhr_send`, { body: '["a"]' });
    expect((await request('POST', `${url.replace('/000/', '/_/')}/xhr?t=2`)).body).toBe('a["a"]\n');
    expect(server?.requests[0]?.url).toContain('?kiteID=1');
  });

  it('polling holds the request until a frame is available', async () => {
    const url = await start();
    await request('POST', `${url}/xhr`);
    const waiting = request('POST', `${url}/xhr`);
    await request('POST', `${url}/xhr_send`, { body: '["a"]' });
    expect((await waiting).body).toBe('a["a"]\n');
  });

  it('polling accepts any content type and empty lists of messages', async () => {
    const url = await start();
    await request('POST', `${url}/xhr`);
    for (const type of ['text/plain', 'T', 'application/json; charset=utf-8', 'text/xml', '']) {
      const answer = await request('POST', `${url}/xhr_send`, {
        headers: { 'content-type': type },
        body: '["a"]',
      });
      expect(answer.status).toBe(204);
    }
    expect((await request('POST', `${url}/xhr_send`, { body: '[]' })).status).toBe(204);
    expect((await request('POST', `${url}/xhr`)).body).toBe('a["a","a","a","a","a"]\n');
  });

  it('polling reports an invalid body and keeps the session', async () => {
    const url = await start();
    await request('POST', `${url}/xhr`);
    const send = (body: string | Buffer) => request('POST', `${url}/xhr_send`, { body });
    expect(await send('["x')).toMatchObject({ status: 500, body: 'Broken JSON encoding.' });
    expect(await send('{}')).toMatchObject({ status: 500, body: 'Broken JSON encoding.' });
    expect(await send(Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({ status: 500 });
    expect(await send('')).toMatchObject({ status: 500, body: 'Payload expected.' });
    expect((await send('["a"]')).status).toBe(204);
    expect((await request('POST', `${url}/xhr`)).body).toBe('a["a"]\n');
  });

  it('polling rejects a session that was never opened', async () => {
    const url = await start();
    expect((await request('POST', `${url}/xhr_send`, { body: '["x"]' })).status).toBe(404);
    expect(server?.sockjs.sessionCount).toBe(0);
  });

  it('polling rejects a second receiver and continues with the first', async () => {
    const url = await start();
    await request('POST', `${url}/xhr`);
    const first = await hold(`${url}/xhr`);
    expect((await request('POST', `${url}/xhr`)).body).toBe('c[2010,"Another connection still open"]\n');
    await request('POST', `${url}/xhr_send`, { body: '["a"]' });
    expect(await first.answer()).toContain('a["a"]\n');
  });

  it('polling answers with a heartbeat if no message is available', async () => {
    const url = await start();
    await request('POST', `${url}/xhr`);
    const waiting = await hold(`${url}/xhr`);
    clock.advance(10_000);
    expect(await waiting.answer()).toContain('\r\n\r\nh\n');
  });

  it('polling closes the session when its request is aborted', async () => {
    const inbox = new Inbox();
    const url = await start({ onSession: (channel) => channel.start(inbox) });
    await request('POST', `${url}/xhr`);
    const waiting = await hold(`${url}/xhr`);
    waiting.abort();
    expect(await inbox.closed()).toEqual({ code: 1006, reason: '' });
    expect((await request('POST', `${url}/xhr`)).body).toBe('c[1002,"Connection interrupted"]\n');
    clock.advance(10_000);
    expect(server?.sockjs.sessionCount).toBe(0);
    expect((await request('POST', `${url}/xhr`)).body).toBe('o\n');
  });
});

/** Posts on a separate socket, and resolves once the server holds the request. */
async function hold(url: string): Promise<{ answer(): Promise<string>; abort(): void }> {
  const { hostname, port, pathname } = new URL(url);
  const socket = net.connect(Number(port), hostname);
  socket.setEncoding('utf8');
  let text = '';
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  const handled = server?.handled(1);
  socket.write(
    `POST ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
  );
  await handled;
  return {
    async answer() {
      await once(socket, 'close');
      return text;
    },
    abort() {
      socket.destroy();
    },
  };
}

describe('a session over HTTP', () => {
  it('a session over HTTP closes after 10 seconds without a request', async () => {
    const inbox = new Inbox();
    const url = await start({ onSession: (channel) => channel.start(inbox) });
    await request('POST', `${url}/xhr`);
    clock.advance(9999);
    expect(inbox.closes).toEqual([]);
    clock.advance(1);
    expect(inbox.closes).toEqual([{ code: 1006, reason: '' }]);
    expect(server?.sockjs.sessionCount).toBe(0);
    expect(clock.timers).toBe(0);
    expect((await request('POST', `${url}/xhr_send`, { body: '["x"]' })).status).toBe(404);
  });

  it('a session over HTTP closes after disconnectDelay without a receiving request', async () => {
    const inbox = new Inbox();
    const url = await start({
      limits: { disconnectDelay: 500 },
      onSession: (channel) => channel.start(inbox),
    });
    await request('POST', `${url}/xhr`);
    clock.advance(499);
    expect(inbox.closes).toEqual([]);
    clock.advance(1);
    expect(inbox.closes).toEqual([{ code: 1006, reason: '' }]);
  });

  it('a session over HTTP stays open with occasional requests', async () => {
    const inbox = new Inbox();
    const url = await start({ onSession: (channel) => channel.start(inbox) });
    await request('POST', `${url}/xhr`);
    for (let round = 0; round < 5; round++) {
      clock.advance(9000);
      server?.sessions[0]?.send(`${round}`);
      expect((await request('POST', `${url}/xhr`)).body).toBe(`a["${round}"]\n`);
    }
    expect(inbox.closes).toEqual([]);
  });

  it('a closed session over HTTP answers every request with the close frame until it is removed', async () => {
    const url = await start({
      onSession(channel) {
        channel.start(new Inbox());
        channel.send('last words');
        channel.close();
      },
    });
    expect((await request('POST', `${url}/xhr`)).body).toBe('o\n');
    expect((await request('POST', `${url}/xhr`)).body).toBe('a["last words"]\n');
    expect((await request('POST', `${url}/xhr`)).body).toBe('c[3000,"Go away!"]\n');
    expect((await request('POST', `${url}/xhr`)).body).toBe('c[3000,"Go away!"]\n');
    const stream = await request('POST', `${url}/xhr_streaming`);
    expect(stream.body.slice(PRELUDE)).toBe('c[3000,"Go away!"]\n');
  });

  it('a session over HTTP carries the close code and reason', async () => {
    const inbox = new Inbox();
    const url = await start({ onSession: (channel) => channel.start(inbox) });
    await request('POST', `${url}/xhr`);
    server?.sessions[0]?.close(3007, 'because "so"');
    expect((await request('POST', `${url}/xhr`)).body).toBe('c[3007,"because \\"so\\""]\n');
    expect(inbox.closes).toEqual([{ code: 3007, reason: 'because "so"' }]);
  });

  it('a session over HTTP is rejected above the session limit', async () => {
    const url = await start({ limits: { sessions: 1 } });
    await request('POST', `${url}/xhr`);
    expect((await request('POST', `${url}x/xhr`)).status).toBe(503);
    expect((await request('POST', `${url}y/xhr_streaming`)).status).toBe(503);
    expect((await request('POST', `${url}/xhr_send`, { body: '["a"]' })).status).toBe(204);
  });
});

describe('limits of a session over HTTP', () => {
  const limits = { messageBytes: 1000, pauseBytes: 2000, sendQueueBytes: 5000 };

  it('a message above the limit closes a session over HTTP', async () => {
    const inbox = new Inbox();
    const url = await start({ limits, onSession: (channel) => channel.start(inbox) });
    await request('POST', `${url}/xhr`);
    const body = JSON.stringify(['x'.repeat(1001)]);
    expect((await request('POST', `${url}/xhr_send`, { body })).status).toBe(413);
    expect((await request('POST', `${url}/xhr`)).body).toMatch(/^c\[1009,"[^"]+1000 bytes"\]\n$/);
    expect(inbox.closes).toMatchObject([{ code: 1009 }]);
    expect(inbox.messages).toEqual([]);
  });

  it('a server stops reading a body above the limit, with and without a length', async () => {
    const url = await start({ limits });
    const body = 'x'.repeat(100_000);
    for (const [suffix, headers] of [
      ['a', { 'content-length': body.length }],
      ['b', { 'transfer-encoding': 'chunked' }],
    ] as const) {
      await request('POST', `${url}${suffix}/xhr`);
      expect((await request('POST', `${url}${suffix}/xhr_send`, { body, headers })).status).toBe(413);
      expect((await request('POST', `${url}${suffix}/xhr`)).body).toMatch(/^c\[1009,/);
    }
  });

  it('a session over HTTP closes if too many bytes wait for a client that does not poll', async () => {
    const inbox = new Inbox();
    const url = await start({ limits, onSession: (channel) => channel.start(inbox) });
    await request('POST', `${url}/xhr`);
    const [channel] = server?.sessions ?? [];
    for (let sent = 0; sent < 20; sent++) {
      channel?.send('x'.repeat(900));
      expect(channel?.bufferedBytes).toBeLessThan(limits.sendQueueBytes + 1000);
    }
    expect(await inbox.closed()).toMatchObject({ code: 1008, reason: expect.stringContaining('5000 bytes') });
    expect((await request('POST', `${url}/xhr`)).body).toMatch(/^c\[1008,/);
  });

  it('a session over HTTP notifies the sender when queued bytes were sent', async () => {
    const inbox = new Inbox();
    const url = await start({ limits, onSession: (channel) => channel.start(inbox) });
    await request('POST', `${url}/xhr`);
    const [channel] = server?.sessions ?? [];
    for (let sent = 0; sent < 3; sent++) channel?.send('x'.repeat(900));
    expect(channel?.bufferedBytes).toBeGreaterThan(limits.pauseBytes);
    expect(inbox.drains).toBe(0);
    await request('POST', `${url}/xhr`);
    expect(inbox.drains).toBe(1);
    expect(channel?.bufferedBytes).toBe(0);
  });

  it('a streaming response notifies the sender when queued bytes were sent', async () => {
    const inbox = new Inbox();
    const url = await start({ limits, onSession: (channel) => channel.start(inbox) });
    const stream = await openRequest('POST', `${url}/xhr_streaming`);
    const [channel] = server?.sessions ?? [];
    for (let sent = 0; sent < 3; sent++) channel?.send('x'.repeat(900));
    expect(channel?.bufferedBytes).toBeGreaterThan(limits.pauseBytes);
    await inbox.until(() => inbox.drains > 0);
    expect(channel?.bufferedBytes).toBeLessThanOrEqual(limits.pauseBytes);
    stream.abort();
  });

  it('a session over HTTP leaves sends of a client unanswered while the receiver is paused', async () => {
    const inbox = new Inbox();
    const url = await start({ limits, onSession: (channel) => channel.start(inbox) });
    await request('POST', `${url}/xhr`);
    const [channel] = server?.sessions ?? [];
    channel?.pause();
    const answered: number[] = [];
    const handled = server?.handled(3);
    const sends = [1, 2, 3].map(async (number) => {
      const { status } = await request('POST', `${url}/xhr_send`, { body: `["${number}"]` });
      answered.push(status);
    });
    await handled;
    // A request without a session is answered by now, and the others would be too.
    expect((await request('GET', `${server?.url}/info`)).status).toBe(200);
    expect(answered).toEqual([]);
    expect(inbox.messages).toEqual([]);
    channel?.resume();
    await Promise.all(sends);
    expect(answered).toEqual([204, 204, 204]);
    expect(inbox.messages.toSorted()).toEqual(['1', '2', '3']);
  });
});

describe('streaming', () => {
  it('streaming sends 2 KiB first, then frames as they become available', async () => {
    const url = await start();
    const stream = await openRequest('POST', `${url}/xhr_streaming`, {
      headers: { origin: 'http://localhost' },
    });
    expect(stream.headers).toMatchObject({
      'content-type': 'application/javascript; charset=UTF-8',
      'cache-control': 'no-store, no-cache, no-transform, must-revalidate, max-age=0',
      'access-control-allow-origin': 'http://localhost',
    });
    expect(await stream.read(PRELUDE)).toBe(`${'h'.repeat(2048)}\n`);
    expect(await stream.read(2)).toBe('o\n');
    await request('POST', `${url}/xhr_send`, { body: '["x"]' });
    expect(await stream.read(7)).toBe('a["x"]\n');
    clock.advance(10_000);
    expect(await stream.read(2)).toBe('h\n');
    stream.abort();
  });

  it('streaming ends a response after 128 KiB and continues with the next', async () => {
    const url = await start();
    const stream = await openRequest('POST', `${url}/xhr_streaming`);
    expect(await stream.read(PRELUDE + 2)).toMatch(/o\n$/);
    const message = 'x'.repeat(4096);
    const frame = `a["${message}"]\n`;
    for (let sent = 0; sent < 32; sent++) {
      await request('POST', `${url}/xhr_send`, { body: JSON.stringify([message]) });
      expect(await stream.read(frame.length)).toBe(frame);
    }
    expect(await stream.rest()).toBe('');
    await request('POST', `${url}/xhr_send`, { body: '["next"]' });
    const next = await openRequest('POST', `${url}/xhr_streaming`);
    expect((await next.read(PRELUDE + 10)).slice(PRELUDE)).toBe('a["next"]\n');
    next.abort();
  });

  it('streaming ends a response periodically to detect a client that disconnected', async () => {
    const url = await start({ limits: { idleTimeout: 30_000 } });
    const stream = await openRequest('POST', `${url}/xhr_streaming`);
    clock.advance(30_000);
    expect((await stream.rest()).slice(PRELUDE)).toBe('o\nh\nh\nh\n');
    clock.advance(10_000);
    expect(server?.sockjs.sessionCount).toBe(0);
  });

  it('streaming is not chunked for HTTP/1.0', async () => {
    const url = await start({
      onSession(channel) {
        channel.start(new Inbox());
        channel.close();
      },
    });
    const { hostname, port, pathname } = new URL(url);
    const socket = net.connect(Number(port), hostname);
    socket.setEncoding('utf8');
    let text = '';
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.write(`POST ${pathname}/xhr_streaming HTTP/1.0\r\n\r\n`);
    await once(socket, 'close');
    expect(text).not.toMatch(/transfer-encoding|content-length/i);
    expect(text).toMatch(/h\no\nc\[3000,"Go away!"\]\n$/);
  });
});

describe('EventSource', () => {
  it('EventSource sends each frame as an event', async () => {
    const url = await start();
    const stream = await openRequest('GET', `${url}/eventsource`);
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-cache, no-transform, must-revalidate, max-age=0',
    });
    expect(await stream.read(2)).toBe('\r\n');
    expect(await stream.read(11)).toBe('data: o\r\n\r\n');
    await request('POST', `${url}/xhr_send`, { body: String.raw`["  \u0000\n\r "]` });
    const event = String.raw`data: a["  \u0000\n\r "]` + '\r\n\r\n';
    expect(await stream.read(event.length)).toBe(event);
    await request('POST', `${url}/xhr_send`, { body: JSON.stringify(['x'.repeat(128 * 1024)]) });
    expect(await stream.rest()).toBe(`data: a["${'x'.repeat(128 * 1024)}"]\r\n\r\n`);
  });
});
