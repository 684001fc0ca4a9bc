import net from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { attackers } from '../../helpers/transport/attackers.js';
import { collectedBuffers } from '../../helpers/process/heap.js';

const rejections: unknown[] = [];
const note = (error: unknown): void => void rejections.push(error);
beforeAll(() => void process.on('unhandledRejection', note).on('uncaughtExceptionMonitor', note));
afterAll(() => {
  process.off('unhandledRejection', note).off('uncaughtExceptionMonitor', note);
  expect(rejections).toEqual([]);
});

let kite: Kite;
let url: string;

beforeEach(async () => {
  kite = new Kite('target', '1.0.0', {
    port: 0,
    kiteKey: false,
    env: {},
    logger: silentLogger,
    // As Go kites do, so that messages in such a call can be tested; by default it is refused, see below.
    heartbeatFrom: 'anyone',
    limits: { pauseBytes: 256 * 1024, sendQueueBytes: 4 * 1024 * 1024 },
  });
  kite.authenticate('name', (name) => name);
  kite.handle('echo', ({ args }) => args).disableAuthentication();
  kite.handle('big', () => 'x'.repeat(1024 * 1024)).disableAuthentication();
  await kite.listen();
  url = kite.url ?? '';
});

afterEach(() => kite.close({ drainTimeout: 1000 }));

async function stillAnswers(): Promise<void> {
  const client = new Kite('friend', '1.0.0', { kiteKey: false, env: {}, logger: silentLogger }).newClient(
    url,
  );
  await client.dial();
  expect(await client.tell('kite.ping')).toBe('pong');
  expect(await client.tell('echo', 1)).toEqual([1]);
  client.close();
}

const call = (method: string, rest: string, callbacks = '{"0":[0,"responseCallback"]}'): string =>
  `{"method":${method},"arguments":[{"kite":{},"responseCallback":"[Function]",${rest}}],"callbacks":${callbacks}}`;

const named = '"authentication":{"type":"name","key":"mallory"}';
const ping = call('"kite.ping"', '"withArgs":[]', '{"99":[0,"responseCallback"]}');

const dropped = (code: number) => ({ closed: code });
const refused = (type: string) => ({ error: type });
const ignored = 'ignored' as const;

type Expected = ReturnType<typeof dropped> | ReturnType<typeof refused> | typeof ignored;

const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
const manyCallbacks = JSON.stringify(
  Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [i, [0, 'withArgs', i]])),
);

const messages: [string, string, Expected][] = [
  ['null', 'null', dropped(1002)],
  ['an array', '[]', dropped(1002)],
  ['a number', '7', dropped(1002)],
  ['not valid JSON', '{"method":', dropped(1002)],
  ['a method alone', '{"method":"kite.ping"}', ignored],
  ['a method without a callback', '{"method":"kite.ping","arguments":[],"callbacks":{}}', ignored],
  ['a callback with an empty path', '{"method":"x","callbacks":{"0":[]}}', ignored],
  [
    'a callback beyond the arguments',
    call('"echo"', '"withArgs":[1]', '{"0":["7","responseCallback"]}'),
    ignored,
  ],
  ['a callback beyond the list', call('"echo"', '"withArgs":[]', '{"0":[0,"withArgs",7]}'), ignored],
  [
    'a callback at index 4294967294',
    call('"echo"', '"withArgs":[]', '{"0":[0,"withArgs",4294967294]}'),
    ignored,
  ],
  [
    'a callback numbered 4294967294',
    call('"echo"', '"withArgs":["f"]', '{"4294967294":[0,"withArgs",0]}'),
    ignored,
  ],
  [
    'a callback into __proto__',
    call('"echo"', '"withArgs":[{}]', '{"0":[0,"withArgs",0,"__proto__","polluted"]}'),
    ignored,
  ],
  [
    'a callback into constructor',
    call('"echo"', '"withArgs":[{}]', '{"0":[0,"constructor","prototype","polluted"]}'),
    ignored,
  ],
  ['ten thousand callbacks', call('"echo"', '"withArgs":[]', manyCallbacks), dropped(1008)],
  ['JSON nested 100,000 deep', call('"echo"', `"withArgs":${nested}`), dropped(1008)],
  ['the method __proto__', call('"__proto__"', '"withArgs":[]'), refused('methodNotFound')],
  ['the method toString', call('"toString"', '"withArgs":[]'), refused('methodNotFound')],
  ['the method constructor', call('"constructor"', '"withArgs":[]'), refused('methodNotFound')],
  ['a method that is an object', '{"method":{},"arguments":[]}', dropped(1002)],
  ['a callback that was never assigned', '{"method":12345,"arguments":[1]}', ignored],
  [
    'authentication that is a string',
    call('"kite.log"', '"authentication":"x","withArgs":[]'),
    refused('authenticationError'),
  ],
  [
    'authentication of type __proto__',
    call('"kite.log"', '"authentication":{"type":"__proto__","key":"x"},"withArgs":[]'),
    refused('authenticationError'),
  ],
  [
    'a kite key that is not a string',
    call('"kite.log"', '"authentication":{"type":"kiteKey","key":{"a":1}},"withArgs":[]'),
    refused('authenticationError'),
  ],
  [
    'a kite key of 1 MiB',
    call('"kite.log"', `"authentication":{"type":"kiteKey","key":"${'x.'.repeat(524_288)}"},"withArgs":[]`),
    refused('authenticationError'),
  ],
  [
    'a heartbeat interval that is a string',
    call(
      '"kite.heartbeat"',
      `${named},"withArgs":["1","[Function]"]`,
      '{"0":[0,"responseCallback"],"1":[0,"withArgs",1]}',
    ),
    refused('argumentError'),
  ],
  [
    'a heartbeat without an interval',
    call('"kite.heartbeat"', `${named},"withArgs":[]`),
    refused('argumentError'),
  ],
  [
    'a heartbeat without a function',
    call('"kite.heartbeat"', `${named},"withArgs":[1]`),
    refused('argumentError'),
  ],
  [
    'a heartbeat to an unknown callback',
    call('"kite.heartbeat"', '"withArgs":[1]'),
    refused('authenticationError'),
  ],
]; // prettier-ignore

const frames: [string, string | Buffer][] = [
  ['an open quote', '["'],
  ['numbers', '[1,2]'],
  ['null', 'null'],
  ['an object', '{}'],
  ['nested lists', '['.repeat(100_000)],
  ['invalid UTF-8', Buffer.from([0x5b, 0x22, 0xc3, 0x28, 0xff, 0x22, 0x5d])],
];

// Without SockJS frames, only the layers below can be broken.
const rawFrames = frames.filter(([name]) => name === 'invalid UTF-8');

describe.each(Object.entries(attackers))(
  'a peer that sends malformed messages over %s',
  (transport, open) => {
    it.each(messages)('a kite survives a peer that sends %s', async (_name, message, expected) => {
      const attacker = await open(url);
      await attacker.message(message);
      if (expected !== ignored && 'closed' in expected) {
        expect(await attacker.verdict(1)).toMatchObject(expected);
      } else {
        // An ignored message is shown by the answer to the next one.
        if (expected === ignored) await attacker.message(ping);
        const { answers, closed } = await attacker.verdict(1);
        expect(closed).toBeUndefined();
        if (expected === ignored) expect(answers.at(-1)).toMatchObject({ method: 99 });
        else
          expect(answers).toMatchObject([
            { method: 0, arguments: [{ error: { type: expected.error }, result: null }] },
          ]);
      }
      attacker.end();
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      await stillAnswers();
    });

    it.each([0, -1, 1e9])(
      'a kite calls a heartbeat with an interval of %d seconds at once and not repeatedly',
      async (interval) => {
        const attacker = await open(url);
        const both = '{"0":[0,"responseCallback"],"1":[0,"withArgs",1]}';
        await attacker.message(
          call('"kite.heartbeat"', `${named},"withArgs":[${interval},"[Function]"]`, both),
        );
        const { answers } = await attacker.verdict(2);
        expect(answers).toMatchObject([{ method: 1 }, { method: 0, arguments: [{ error: null }] }]);
        attacker.end();
        await stillAnswers();
      },
    );

    it('a kite refuses heartbeats to an unauthenticated caller', async () => {
      const strict = new Kite('strict', '1.0.0', { port: 0, kiteKey: false, env: {}, logger: silentLogger });
      strict.authenticate('name', (name) => name);
      await strict.listen();
      const attacker = await open(strict.url ?? '');
      const both = '{"0":[0,"responseCallback"],"1":[0,"withArgs",1]}';
      await attacker.message(call('"kite.heartbeat"', `${named},"withArgs":[1,"[Function]"]`, both));
      const { answers } = await attacker.verdict(1);
      expect(answers).toMatchObject([{ method: 0, arguments: [{ error: { type: 'authenticationError' } }] }]);
      attacker.end();
      await strict.close();
    });

    it('a kite survives a message of 64 MiB', async () => {
      const attacker = await open(url);
      await attacker.message(call('"echo"', `"withArgs":["${'x'.repeat(64 * 1024 * 1024)}"]`));
      const { closed } = await attacker.verdict(1);
      // Over HTTP the upload is rejected or cut off before the session could answer.
      expect(transport.includes('XHR') ? [1009, 413] : [1009, 1006]).toContain(closed);
      attacker.end();
      await stillAnswers();
    });

    it.each(transport === 'raw WebSocket' ? rawFrames : frames)(
      'a kite closes the connection on the broken frame %s',
      async (_name, frame) => {
        const attacker = await open(url);
        const status = await attacker.frame(frame);
        if (status === undefined) {
          expect([1002, 1007]).toContain((await attacker.verdict(1)).closed);
        } else {
          // As in the SockJS protocol: the upload is rejected, the session continues.
          expect(status).toBe(500);
          await attacker.message(ping);
          expect(await attacker.verdict(1)).toMatchObject({ answers: [{ method: 99 }], closed: undefined });
        }
        attacker.end();
        await stillAnswers();
      },
    );
  },
);

describe('a peer that stops reading', () => {
  it('a peer that stops reading uses no more memory than the limits allow, and is then disconnected', async () => {
    const { port, hostname } = new URL(url);
    const socket = net.connect(Number(port), hostname);
    const ended = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => {});
    socket.write(
      'GET /kite/websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    await new Promise((resolve) => socket.once('readable', resolve));
    const before = collectedBuffers();
    // Requests a mebibyte repeatedly and reads nothing: the kite stops reading, or closes it.
    const ask = maskedFrame(call('"big"', '"withArgs":[]'));
    let requested = 0;
    const gone = new Promise<void>((resolve) => kite.on('disconnect', () => resolve()));
    let pausedAt = 0;
    while (requested < 200 && !socket.destroyed) {
      if (!socket.write(ask)) pausedAt = requested;
      requested++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(kite.connectionCount).toBeLessThanOrEqual(1);
    expect(collectedBuffers() - before).toBeLessThan(100 * 1024 * 1024);
    expect(pausedAt).toBeLessThan(200);
    socket.destroy();
    await ended;
    await gone;
    await stillAnswers();
  });
});

describe('a peer that does not finish its request', () => {
  const limits = { headersTimeout: 100, requestTimeout: 100 };

  it.each<[keyof typeof limits, string, string]>([
    ['headersTimeout', 'the headers', 'GET /kite/info HTTP/1.1\r\nHost: localhost\r\n'],
    [
      'requestTimeout',
      'the body',
      'POST /kite/000/s/xhr_send HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n["a',
    ],
  ])('a peer gets HTTP status 408 after %s if it does not send %s', async (_limit, _part, bytes) => {
    const slow = new Kite('slow', '1.0.0', {
      port: 0,
      kiteKey: false,
      env: {},
      logger: silentLogger,
      limits,
    });
    onTestFinished(() => slow.close());
    await slow.listen();
    const { port, hostname } = new URL(slow.url ?? '');
    await fetch(`${slow.url}/000/s/xhr`, { method: 'POST' });
    const socket = net.connect(Number(port), hostname, () => socket.write(bytes));
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });
});

function maskedFrame(text: string): Buffer {
  const body = Buffer.from(text);
  const head =
    body.length < 126
      ? Buffer.from([0x81, 0x80 | body.length])
      : Buffer.from([0x81, 0xfe, body.length >> 8, body.length & 0xff]);
  // A mask of zeros does not change the bytes.
  return Buffer.concat([head, Buffer.alloc(4), body]);
}
