import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { Relay } from '../../../src/lib/transport/relay/relay.js';
import { defaultLimits, type Limits } from '../../../src/lib/kite/limits/kite-limits.js';
import { request } from '../../helpers/transport/http.js';
import { dialTest, echo, Inbox, startSockJs, type TestServer } from '../../helpers/transport/sockjs.js';
import { SINGLE_TRANSPORTS, type SingleTransport } from '../../helpers/transport/transports.js';

const MIB = 1024 * 1024;

/** A server that relays each session to another one, over `onward`. */
async function startRelaying(
  onward: SingleTransport,
  answering: TestServer,
  limits: Partial<Limits> = {},
): Promise<TestServer> {
  const server = await startSockJs({
    limits,
    onSession(channel) {
      const relay = new Relay(channel, { limits: { ...defaultLimits, ...limits } });
      void dialTest(answering.url, { transport: onward, limits }).then((other) => relay.join(other));
    },
  });
  onTestFinished(() => server.close());
  return server;
}

async function startAnswering(onSession?: typeof echo, limits: Partial<Limits> = {}): Promise<TestServer> {
  const server = await startSockJs({ limits, ...(onSession && { onSession }) });
  onTestFinished(() => server.close());
  return server;
}

async function connect(server: TestServer, transport: SingleTransport) {
  const inbox = new Inbox();
  const channel = await dialTest(server.url, { transport });
  channel.start(inbox);
  onTestFinished(() => channel.close());
  return { channel, inbox };
}

const MESSAGES = [
  '',
  'plain',
  '["not","a","frame"]',
  '"quoted" \\ back',
  '\u0000\n\u2028\ufff0 é 漢字 😀',
  'x'.repeat(6 * MIB),
  '"'.repeat(MIB),
  ...Array.from({ length: 50 }, (_, index) => `message ${index}`),
];

const pairs = SINGLE_TRANSPORTS.flatMap((one) => SINGLE_TRANSPORTS.map((other) => [one, other] as const));

describe.each(pairs)('a session over %s relayed over %s', (transport, onward) => {
  it('a relayed session carries every message in both directions, in order', async () => {
    const server = await startRelaying(onward, await startAnswering(echo));
    const { channel, inbox } = await connect(server, transport);
    for (const message of MESSAGES) channel.send(message);
    const got = await inbox.count(MESSAGES.length);
    expect(got.map((text, index) => text === MESSAGES[index])).toEqual(MESSAGES.map(() => true));
    expect(got).toHaveLength(MESSAGES.length);
  });
});

describe('a session that is dialed before it is relayed', () => {
  it('a session relays messages that arrived before the relay started', async () => {
    const sent = ['first', '["second"]', 'third'];
    const answering = await startAnswering((channel) => {
      echo(channel);
      for (const message of sent) channel.send(message);
    });
    const one = await dialTest(answering.url);
    const inbox = new Inbox();
    const other = await startAnswering((channel) => channel.start(inbox));
    const two = await dialTest(other.url);
    one.send('fourth');
    // When the server has answered another request, its earlier messages have arrived.
    for (let i = 0; i < 3; i++) await request('GET', `${answering.url}/info`);
    const relay = new Relay(one, { limits: defaultLimits });
    onTestFinished(() => relay.close(3000, ''));
    relay.join(two);
    expect(await inbox.count(4)).toEqual([...sent, 'fourth']);
  });
});

describe('relayed frames', () => {
  /** The messages that arrive at the end for the raw frames of a client. */
  async function relayed(frames: readonly string[], limits: Partial<Limits> = {}) {
    const inbox = new Inbox();
    const answering = await startAnswering((channel) => channel.start(inbox), limits);
    const server = await startRelaying('WebSocket', answering, limits);
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/000/abc/websocket`);
    onTestFinished(() => socket.terminate());
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    await new Promise((resolve) => socket.on('open', resolve));
    for (const frame of frames) socket.send(frame);
    return { inbox, closed, socket };
  }

  it('a relayed frame may be a list, one message, a list with spaces, or empty', async () => {
    const { inbox } = await relayed([
      '["a","b"]',
      '"c"',
      ' [ "d" , "e" ] ',
      '',
      '[]',
      '["\\u0066"]',
      '"end"',
    ]);
    expect(await inbox.count(7)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'end']);
  });

  it.each(['[1]', '{}', 'x', '["a"', '["a",1]', '["a" "b"]', '[["a"]]', '["\\x"]'])(
    'a malformed relayed frame closes its session only: %s',
    async (frame) => {
      const { inbox, closed } = await relayed(['["before"]', frame]);
      expect(await closed).not.toBe(1006);
      await inbox.closed();
      expect(inbox.messages).toEqual(['before']);
    },
  );

  it('a relayed frame may have a message of the size limit, and none above it', async () => {
    const { inbox } = await relayed([JSON.stringify(['x'.repeat(MIB), 'é'.repeat(MIB / 2)])], {
      messageBytes: MIB,
    });
    expect(await inbox.count(2)).toHaveLength(2);
    const tooLong = await relayed([JSON.stringify(['x'.repeat(MIB + 1)])], { messageBytes: MIB });
    expect(await tooLong.closed).toBe(1009);
    expect(tooLong.inbox.messages).toEqual([]);
  });
});

describe('a session that closes right after its last messages', () => {
  it('a relay forwards the last messages of a session before its end, also to a slow reader', async () => {
    const inbox = new Inbox();
    const answering = await startAnswering((channel) => {
      channel.start(inbox);
      channel.pause();
    });
    const server = await startRelaying('WebSocket', answering, { pauseBytes: 1 });
    const { channel } = await connect(server, 'WebSocket');
    const messages = Array.from({ length: 2000 }, (_, index) => `${index} ${'x'.repeat(1000)}`);
    for (const message of messages) channel.send(message);
    channel.close(4001, 'that is all');
    const session = answering.sessions[0] ?? (await answering.session());
    await new Promise((resolve) => setImmediate(resolve));
    session.resume();
    expect(await inbox.count(messages.length)).toEqual(messages);
    expect(await inbox.closed()).toEqual({ code: 4001, reason: 'that is all' });
  });
});
