import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { DialError } from '../../../src/lib/transport/handshake/dial-error.js';
import { outgoing } from '../../../src/lib/transport/handshake/outgoing.js';
import { acceptKey } from '../../../src/lib/transport/websocket/upgrade.js';
import { SockJsServer } from '../../../src/lib/transport/server/sockjs-server.js';
import type { Channel } from '../../../src/lib/transport/channel/channel.js';
import { defaultLimits } from '../../../src/lib/kite/limits/kite-limits.js';
import { request } from '../../helpers/transport/http.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';
import {
  dialTest,
  echo,
  Inbox,
  startSockJs,
  type TestServer,
  type TestServerOptions,
} from '../../helpers/transport/sockjs.js';
import { generateKeyPair } from '../../../src/lib/keys/key-pair.js';
import { selfSignedCertificate } from '../../../src/lib/keys/certificate.js';
import { SINGLE_TRANSPORTS, SOCKJS_TRANSPORTS } from '../../helpers/transport/transports.js';

// The clients of this library with its server, and with faulty servers.

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await startSockJs({ onSession: echo, ...options });
  closers.push(() => server.close());
  return server;
}

/** An HTTP server that is not a kite. */
async function other(server: net.Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => sockets.add(socket));
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/kite`;
}

async function open(channel: Promise<Channel>): Promise<{ channel: Channel; inbox: Inbox }> {
  const inbox = new Inbox();
  const opened = await channel;
  opened.start(inbox);
  return { channel: opened, inbox };
}

async function refusal(channel: Promise<Channel>): Promise<DialError> {
  const error: unknown = await channel.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DialError)) throw new Error('A DialError was expected', { cause: error });
  return error;
}

describe.each(SINGLE_TRANSPORTS)('a channel over %s', (transport) => {
  it('a channel keeps the order of 10,000 messages in both directions', async () => {
    const { url } = await start();
    const { channel, inbox } = await open(dialTest(url, { transport }));
    const messages = Array.from({ length: 10_000 }, (_, index) => `{"message":${index}}`);
    for (const message of messages) channel.send(message);
    expect(await inbox.count(10_000)).toEqual(messages);
    channel.close();
    expect(await inbox.closed()).toEqual({ code: 3000, reason: 'Go away!' });
  });

  it('a channel carries a message of 1 MiB and any character', async () => {
    const { url } = await start();
    const { channel, inbox } = await open(dialTest(url, { transport }));
    const messages = [
      '😀"\\\u2028é'.repeat(100_000),
      '\u0000\ufffe\u200d',
      // SockJS escapes what UTF-8 cannot represent; a raw WebSocket cannot escape it.
      ...(transport === 'RawWebSocket' ? [] : ['\ud800 alone \udfff']),
    ];
    for (const message of messages) channel.send(message);
    expect(await inbox.count(messages.length)).toEqual(messages);
    channel.close();
    await inbox.closed();
  });

  it('a channel sends queued messages before it closes', async () => {
    const received = new Inbox();
    const { url } = await start({ onSession: (channel) => channel.start(received) });
    const { channel, inbox } = await open(dialTest(url, { transport }));
    channel.send('first');
    channel.send('x'.repeat(500_000));
    channel.close(3005, 'done');
    channel.send('never');
    expect(await inbox.closed()).toEqual({ code: 3005, reason: 'done' });
    expect((await received.count(2)).map(({ length }) => length)).toEqual([5, 500_000]);
    expect(await received.closed()).toMatchObject({ code: transport === 'XHRPolling' ? 1006 : 3005 });
    expect(received.messages).toHaveLength(2);
    expect(inbox.closes).toHaveLength(1);
  });

  it('a channel receives the close code and reason of the server', async () => {
    const { url } = await start({
      onSession(channel) {
        channel.start(new Inbox());
        channel.send('last words');
        channel.close(4321, 'over');
      },
    });
    const { inbox } = await open(dialTest(url, { transport }));
    expect(await inbox.closed()).toEqual({ code: 4321, reason: 'over' });
    expect(inbox.messages).toEqual(['last words']);
  });

  it('both ends of a channel have the address of their peer', async () => {
    const server = await start();
    const { channel, inbox } = await open(dialTest(server.url, { transport }));
    expect(channel.remoteAddress).toBe(`127.0.0.1:${server.port}`);
    expect(server.sessions[0]?.remoteAddress).toMatch(/^127\.0\.0\.1:\d+$/);
    channel.close();
    await inbox.closed();
  });

  it('a channel keeps the query of the base URL and accepts a trailing slash', async () => {
    const server = await start();
    const { channel, inbox } = await open(dialTest(`${server.url}/?kiteID=a%2Fb`, { transport }));
    channel.send('x');
    await inbox.count(1);
    expect(server.requests[0]?.url).toMatch(/^\/kite\/[^?]*\?kiteID=a%2Fb&extensions=lines,binary$/);
    channel.close();
    await inbox.closed();
  });

  it('a channel delivers nothing while it is paused, and everything afterwards', async () => {
    const server = await start({ onSession: (session) => session.start(new Inbox()) });
    const { channel, inbox } = await open(dialTest(server.url, { transport }));
    await new Promise((resolve) => setImmediate(resolve));
    channel.pause();
    const [session] = server.sessions;
    for (let message = 0; message < 100; message++) session?.send(`${message}`);
    // The other direction still works, and its answer shows that time has passed.
    const probe = await open(dialTest(server.url, { transport }));
    channel.send('still sending');
    probe.channel.close();
    await probe.inbox.closed();
    expect(inbox.messages).toEqual([]);
    channel.resume();
    expect(await inbox.count(100)).toHaveLength(100);
    channel.close();
    await inbox.closed();
  });

  it('a channel is dropped if it sends a message above the limit', async () => {
    const { url } = await start();
    const { channel, inbox } = await open(dialTest(url, { transport, limits: { messageBytes: 1000 } }));
    channel.send('x'.repeat(1001));
    expect(await inbox.closed()).toEqual({
      code: 1009,
      reason: 'A message is larger than 1000 bytes',
    });
  });

  it('a channel is dropped if it receives a message above the limit', async () => {
    const { url } = await start();
    const { channel, inbox } = await open(dialTest(url, { transport, limits: { messageBytes: 1000 } }));
    // The size of quoting does not count.
    channel.send('"'.repeat(1000));
    await inbox.count(1);
    const second = await start({
      onSession(session) {
        session.start(new Inbox());
        session.send('x'.repeat(1001));
      },
    });
    const small = await open(dialTest(second.url, { transport, limits: { messageBytes: 1000 } }));
    expect(await small.inbox.closed()).toMatchObject({ code: 1009 });
    expect(small.inbox.messages).toEqual([]);
    channel.close();
    await inbox.closed();
  });
});

describe.each(SINGLE_TRANSPORTS)('a server over %s', (transport) => {
  it('a channel closes after the idle timeout if its server does not answer', async () => {
    const clock = new ManualClock();
    const server = await start({
      clock: new ManualClock(),
      onSession(session) {
        session.start(new Inbox());
        // It reads no more, and therefore does not answer pings.
        session.pause();
      },
    });
    const { inbox } = await open(dialTest(server.url, { transport, clock }));
    clock.advance(59_000);
    expect(inbox.closes).toEqual([]);
    // At least one more check, because the first one may have seen the handshake.
    clock.advance(21_000);
    expect(await inbox.closed()).toMatchObject({ code: 1006 });
    while (clock.timers > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  it('a channel stays open while its server answers', async () => {
    const clock = new ManualClock();
    const serverClock = new ManualClock();
    const server = await start({ clock: serverClock });
    const { channel, inbox } = await open(dialTest(server.url, { transport, clock }));
    const polls = transport === 'XHRPolling' ? 1 : 0;
    await server.handled(polls);
    for (let round = 0; round < 10; round++) {
      const handled = server.handled(1 + polls);
      clock.advance(20_000);
      serverClock.advance(10_000);
      // When this is answered, earlier requests are answered too.
      await request('GET', server.url);
      await handled;
    }
    expect(inbox.closes).toEqual([]);
    channel.close();
    await inbox.closed();
  });
});

describe('transport auto', () => {
  it('transport auto uses WebSocket if the server supports it', async () => {
    const server = await start();
    const { channel, inbox } = await open(dialTest(server.url, { transport: 'auto' }));
    expect(server.requests[0]?.url).toMatch(/\/websocket\?extensions=lines,binary$/);
    channel.close();
    await inbox.closed();
  });

  it('transport auto uses XHR polling if the server does not upgrade', async () => {
    const sockjs = new SockJsServer({
      prefixes: ['/kite'],
      limits: defaultLimits,
      clock: new ManualClock(),
      onSession: echo,
    });
    // Without a listener for upgrades, Node handles them like plain requests.
    const url = await other(http.createServer((req, res) => void sockjs.handleRequest(req, res)));
    const { channel, inbox } = await open(dialTest(url, { transport: 'auto' }));
    channel.send('x');
    expect(await inbox.count(1)).toEqual(['x']);
    channel.close();
    await inbox.closed();
    await sockjs.close();
  });

  it('transport auto does not try again if the connection is refused', async () => {
    const server = await start();
    closers.splice(0);
    await server.close();
    expect(await refusal(dialTest(server.url, { transport: 'auto' }))).toMatchObject({ code: 'refused' });
  });

  it('transport auto reports the error of the second attempt', async () => {
    const url = await other(http.createServer((_req, res) => void res.writeHead(404).end()));
    expect(await refusal(dialTest(url, { transport: 'auto' }))).toMatchObject({
      code: 'handshake',
      status: 404,
    });
  });
});

describe('the WebSocket handshake', () => {
  const OPENING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';

  /** A server that answers the upgrade request with what `answer` creates from its key. */
  function answering(answer: (socket: net.Socket, key: string) => void): Promise<string> {
    return other(
      net.createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', (chunk: Buffer) => {
          answer(socket, /^sec-websocket-key: (.*)\r$/im.exec(chunk.toString())?.[1] ?? '');
        });
      }),
    );
  }

  it('the WebSocket handshake fails if the answer is for another key', async () => {
    const url = await answering((socket) => {
      socket.write(`${OPENING}Sec-WebSocket-Accept: ${acceptKey('another')}\r\n\r\n`);
    });
    const error = await refusal(dialTest(url, { transport: 'WebSocket' }));
    expect(error.code).toBe('handshake');
    expect(error.message).toContain('its Sec-WebSocket-Accept header does not match the request');
  });

  it('the WebSocket handshake may arrive in pieces, the last one with the first messages', async () => {
    const url = await answering((socket, key) => {
      socket.setNoDelay();
      socket.write(OPENING, () => {
        const message = 'a["first","second"]';
        const frames = `\x81\x01o\x81${String.fromCharCode(message.length)}${message}`;
        socket.write(`Sec-WebSocket-Accept: ${acceptKey(key)}\r\n\r\n${frames}`, 'latin1');
      });
    });
    const { channel, inbox } = await open(dialTest(url, { transport: 'WebSocket' }));
    expect(await inbox.count(2)).toEqual(['first', 'second']);
    channel.close();
  });

  it.each(SINGLE_TRANSPORTS)('the handshake over %s sends the credentials of the URL', async (transport) => {
    const server = await start();
    const url = server.url.replace('//', '//bob:p%40ss@');
    const { channel, inbox } = await open(dialTest(url, { transport }));
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${btoa('bob:p@ss')}`);
    channel.close();
    await inbox.closed();
  });
});

describe('a raw WebSocket', () => {
  it('a raw WebSocket dials exactly the path of a ws URL', async () => {
    const wss = new WebSocketServer({ noServer: true });
    const paths: (string | undefined)[] = [];
    const server = http.createServer();
    server.on('upgrade', (req, socket, head) => {
      paths.push(req.url);
      wss.handleUpgrade(req, socket, head, (ws) => ws.close(1000));
    });
    const base = new URL(await other(server));
    const { inbox } = await open(dialTest(`ws://${base.host}/?token=x`, { transport: 'RawWebSocket' }));
    expect(await inbox.closed()).toEqual({ code: 1000, reason: '' });
    const second = await open(dialTest(`http://${base.host}/?token=x`, { transport: 'RawWebSocket' }));
    await second.inbox.closed();
    expect(paths).toEqual([
      '/?token=x&extensions=lines,binary',
      '/websocket?token=x&extensions=lines,binary',
    ]);
  });
});

describe('TLS', () => {
  async function startTls(): Promise<{ url: string; ca: string }> {
    const keys = await generateKeyPair();
    const certificate = await selfSignedCertificate({ hosts: ['127.0.0.1'], days: 1, keys });
    const sockjs = new SockJsServer({
      prefixes: ['/kite'],
      limits: defaultLimits,
      clock: new ManualClock(),
      onSession: echo,
    });
    closers.push(() => sockjs.close());
    const server = https.createServer({ key: keys.privateKey, cert: certificate });
    server.on('request', (req, res) => void sockjs.handleRequest(req, res));
    server.on('upgrade', (req, socket, head) => void sockjs.handleUpgrade(req, socket, head));
    const url = await other(server);
    return { url: url.replace('http:', 'https:'), ca: certificate };
  }

  it.each(SINGLE_TRANSPORTS)('a channel over %s uses TLS to a trusted server', async (transport) => {
    const { url, ca } = await startTls();
    const { channel, inbox } = await open(dialTest(url, { transport, ...outgoing({ ca }) }));
    channel.send('x');
    expect(await inbox.count(1)).toEqual(['x']);
    channel.close();
    await inbox.closed();
  });

  it.each(SOCKJS_TRANSPORTS)('a channel over %s rejects TLS to an untrusted server', async (transport) => {
    const { url } = await startTls();
    const error = await refusal(dialTest(url, { transport }));
    expect(error.code).toBe('tls');
    expect(error.message).toContain('the certificate of the server is not trusted');
  });

  it('a channel reports a server without TLS at an https URL', async () => {
    const { url } = await start();
    expect(await refusal(dialTest(url.replace('http:', 'https:')))).toMatchObject({ code: 'tls' });
  });
});

describe.each(SOCKJS_TRANSPORTS)('dialing over %s fails', (transport) => {
  it('a dial fails if the connection is refused', async () => {
    const server = await start();
    closers.splice(0);
    await server.close();
    const error = await refusal(dialTest(`${server.url}?token=secret`, { transport }));
    expect(error.code).toBe('refused');
    expect(error.message).toContain(`127.0.0.1:${server.port}/kite`);
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.message).not.toContain('secret');
  });

  it('a dial fails if the host name does not resolve', async () => {
    expect(await refusal(dialTest('http://kite.invalid:3636/kite', { transport }))).toMatchObject({
      code: 'notFound',
    });
  });

  it.each([
    [404, 'Try the path /kite'],
    [403, 'Check the log'],
    [503, 'Try again later'],
    [302, 'Use that URL if you trust its host'],
    [500, 'Check the URL'],
  ])('a dial fails on an HTTP status %d', async (status, hint) => {
    const url = await other(
      http.createServer(
        (_req, res) => void res.writeHead(status, { location: 'http://127.0.0.1:1/' }).end('sorry'),
      ),
    );
    const error = await refusal(dialTest(url, { transport }));
    expect(error).toMatchObject({ code: 'handshake', status });
    expect(error.hint).toContain(hint);
    expect(error.message).not.toContain(hint);
  });

  it('a dial fails on a response that is not HTTP', async () => {
    const url = await other(
      net.createServer((socket) => void socket.on('error', () => {}).end('SSH-2.0-nope\r\n')),
    );
    expect(await refusal(dialTest(url, { transport }))).toMatchObject({ code: 'protocol' });
  });

  it('a dial fails if the peer resets the connection', async () => {
    const url = await other(net.createServer((socket) => void socket.resetAndDestroy()));
    expect(await refusal(dialTest(url, { transport }))).toMatchObject({ code: 'reset' });
  });

  it('a dial fails if the peer closes the connection without an answer', async () => {
    const url = await other(net.createServer((socket) => void socket.on('error', () => {}).end('HTTP/1.1 ')));
    expect(await refusal(dialTest(url, { transport }))).toMatchObject({ code: 'reset' });
  });

  it('a dial fails if the peer does not answer before the timeout', async () => {
    const clock = new ManualClock();
    const server = net.createServer();
    const url = await other(server);
    const dialed = refusal(dialTest(url, { transport, clock, handshakeTimeout: 4000 }));
    await once(server, 'connection');
    clock.advance(4000);
    const error = await dialed;
    expect(error.code).toBe('timeout');
    expect(error.message).toContain('4000 ms');
    expect(clock.timers).toBe(0);
  });

  it('a dial fails when it is aborted', async () => {
    const server = net.createServer();
    const url = await other(server);
    const controller = new AbortController();
    const dialed = refusal(dialTest(url, { transport, signal: controller.signal }));
    await once(server, 'connection');
    controller.abort(new Error('enough'));
    expect(await dialed).toMatchObject({ code: 'aborted', cause: { message: 'enough' } });
  });

  it('a dial fails if it was aborted before its start', async () => {
    expect(
      await refusal(dialTest('http://127.0.0.1:1/kite', { transport, signal: AbortSignal.abort() })),
    ).toMatchObject({ code: 'aborted' });
  });

  it.each(['kite', 'ftp://host/kite', ''])(
    'a dial fails for %j, which is not the URL of a kite',
    async (url) => {
      expect(await refusal(dialTest(url, { transport }))).toMatchObject({ code: 'invalidUrl' });
    },
  );
});

describe('XHR polling', () => {
  it('XHR polling fails if the server has another protocol', async () => {
    const url = await other(http.createServer((_req, res) => void res.end('<html>')));
    expect(await refusal(dialTest(url, { transport: 'XHRPolling' }))).toMatchObject({ code: 'protocol' });
  });

  it('XHR polling closes with 1006 if the server lost the session', async () => {
    const server = await start({ onSession: (channel) => channel.start(new Inbox()) });
    const { inbox } = await open(dialTest(server.url, { transport: 'XHRPolling' }));
    await server.handled(1);
    closers.splice(0);
    await server.close();
    expect(await inbox.closed()).toMatchObject({ code: 3000 });

    let polls = 0;
    const url = await other(
      http.createServer((_req, res) => void (polls++ === 0 ? res.end('o\n') : res.writeHead(404).end())),
    );
    const lost = await open(dialTest(url, { transport: 'XHRPolling' }));
    expect(await lost.inbox.closed()).toMatchObject({ code: 1006 });
  });

  it.each([
    ['x', 1002],
    ['a["', 1007],
    ['o', 1006],
    [`a["${'x'.repeat(1001)}"]`, 1009],
    [`a["${'x'.repeat(100_000)}"]`, 1009],
  ])('XHR polling closes if the server answers %.10s', async (frame, code) => {
    let polls = 0;
    const url = await other(
      http.createServer((_req, res) => void res.end(polls++ === 0 ? 'o\n' : `${frame}\n`)),
    );
    const { inbox } = await open(dialTest(url, { transport: 'XHRPolling', limits: { messageBytes: 1000 } }));
    expect(await inbox.closed()).toMatchObject({ code });
    expect(inbox.messages).toEqual([]);
  });

  it('XHR polling polls occasionally while it is paused, so that the session does not expire', async () => {
    const clock = new ManualClock();
    const serverClock = new ManualClock();
    const closed = new Inbox();
    const server = await start({ clock: serverClock, onSession: (session) => session.start(closed) });
    const { channel, inbox } = await open(dialTest(server.url, { transport: 'XHRPolling', clock }));
    await server.handled(1);
    channel.pause();
    for (let message = 0; message < 5; message++) {
      server.sessions[0]?.send(`${message}`);
      const asked = server.handled(1);
      // The pending request took the messages; the next one is sent after half of the delay.
      await new Promise((resolve) => setImmediate(resolve));
      await request('GET', `${server.url}/info`);
      await asked;
      const again = server.handled(1);
      serverClock.advance(5000);
      clock.advance(5000);
      await again;
    }
    expect(closed.closes).toEqual([]);
    expect(inbox.messages).toEqual([]);
    channel.resume();
    expect(await inbox.count(5)).toEqual(['0', '1', '2', '3', '4']);
    channel.close();
    await inbox.closed();
  });

  it('XHR polling combines messages that are sent during a request in the next one', async () => {
    const bodies: string[] = [];
    const held: http.ServerResponse[] = [];
    let polls = 0;
    const arrived = new Inbox();
    const server = http.createServer((req, res) => {
      if (req.url?.endsWith('/xhr?extensions=lines,binary')) {
        if (polls++ === 0) res.end('o\n');
        return;
      }
      let body = '';
      req.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      req.on('end', () => {
        bodies.push(body);
        held.push(res);
        arrived.message(body);
      });
    });
    const { channel } = await open(dialTest(await other(server), { transport: 'XHRPolling' }));
    channel.send('1');
    channel.send('2');
    await arrived.count(1);
    channel.send('3');
    await new Promise((resolve) => setImmediate(resolve));
    channel.send('4');
    expect(channel.bufferedBytes).toBeGreaterThan(0);
    held[0]?.writeHead(204).end();
    await arrived.count(2);
    expect(bodies).toEqual(['["1","2"]', '["3","4"]']);
    channel.close();
  });
});
