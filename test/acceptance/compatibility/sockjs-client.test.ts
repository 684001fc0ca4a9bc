import SockJS from 'sockjs-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Inbox, startSockJs, type TestServer } from '../../helpers/transport/sockjs.js';

// sockjs-client from npm, an independent implementation, as the peer.

let server: TestServer;
let inboxes: Inbox[];

beforeAll(async () => {
  inboxes = [];
  server = await startSockJs({
    onSession(channel) {
      const inbox = new Inbox();
      inboxes.push(inbox);
      channel.start({
        message(text) {
          inbox.message(text);
          if (text === 'close me') channel.close(3456, 'as you wish');
          else channel.send(text);
        },
        drain: () => inbox.drain(),
        close: (code, reason) => inbox.close(code, reason),
      });
    },
  });
});

afterAll(() => server.close());

async function connect(transport: string): Promise<{ client: WebSocket; received: Inbox }> {
  const client = new SockJS(server.url, undefined, { transports: transport });
  const received = new Inbox();
  const opened = new Promise<void>((resolve) => {
    client.addEventListener('open', () => resolve());
  });
  client.addEventListener('message', (event: { data: unknown }) => received.message(String(event.data)));
  client.addEventListener('close', ({ code, reason }: { code: number; reason: string }) => {
    received.close(code, reason);
  });
  await opened;
  return { client, received };
}

describe.each(['websocket', 'xhr-streaming', 'xhr-polling', 'eventsource'])(
  'sockjs-client over %s',
  (transport) => {
    it('sockjs-client gets every message back, in order', async () => {
      const { client, received } = await connect(transport);
      expect(client).toMatchObject({ transport });
      const messages = [
        'plain',
        '',
        '{"json":"\\"quoted\\""}',
        'é ü 漢字 😀',
        '\u0000\u0001\n\r\t\u001f',
        '\u200c\u200f\u2028\u2029\u202f\u2060\u206f\ufff0\uffff',
        'x'.repeat(100 * 1024),
        '😀'.repeat(25 * 1024),
        ...Array.from({ length: 100 }, (_, index) => `message ${index}`),
      ];
      for (const message of messages) client.send(message);
      expect(await received.count(messages.length)).toEqual(messages);
      client.close();
    });

    it('sockjs-client receives the code and reason of a close frame', async () => {
      const { client, received } = await connect(transport);
      client.send('close me');
      expect(await received.closed()).toEqual({ code: 3456, reason: 'as you wish' });
      expect(await inboxes.at(-1)?.closed()).toEqual({ code: 3456, reason: 'as you wish' });
    });

    it('sockjs-client can close the session', async () => {
      const { client, received } = await connect(transport);
      const inbox = inboxes.at(-1);
      client.close(3001, 'bye');
      expect(await received.closed()).toEqual({ code: 3001, reason: 'bye' });
      // It does not send code and reason: it closes a WebSocket, and over HTTP it stops polling.
      const expected = transport === 'websocket' ? { code: 1000 } : { code: 1006 };
      expect(await inbox?.closed()).toMatchObject(expected);
    });
  },
);
