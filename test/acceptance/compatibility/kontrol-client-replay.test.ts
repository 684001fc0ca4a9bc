import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { Kite, type KiteQuery } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { testKeyPair, testKiteKey } from '../../helpers/kite/keys.js';
import {
  comparable,
  lines,
  type Message,
  messages,
  recorded,
  type Session,
  sessions,
} from '../../helpers/kontrol/kontrol-recording.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';

async function makeKite(kontrolUrl: string, clock = new ManualClock()): Promise<Kite> {
  const kite = new Kite('math', '1.0.0', {
    kiteKey: testKiteKey('kontrol', await testKeyPair(0), clock).jwt,
    kontrolUrl,
    environment: 'prod',
    region: 'eu',
    env: {},
    logger: silentLogger,
    clock,
  });
  onTestFinished(() => kite.close());
  return kite;
}

/** Plays the recorded Kontrol: sends each frame once the client has sent the frames recorded before it. */
async function recordedKontrol({ frames }: Session): Promise<{ url: string; received: string[] }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => server.close());
  const received: string[] = [];
  server.on('connection', (socket: WebSocket) => {
    // The Go client does not wait for this.
    socket.send('o');
    const script = frames.filter(({ ws }) => ws !== 'o');
    let expected = 0;
    const play = (): void => {
      for (let line = script[0]; line; line = script[0]) {
        if (line.dir === '<') socket.send(line.ws ?? '');
        else if (messages(received).length <= expected) return;
        else expected++;
        script.shift();
      }
    };
    socket.on('message', (data: Buffer) => {
      received.push(...withoutWatchKeys(data.toString()));
      play();
    });
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/kite`, received };
}

/** Removes `watchKeys`, which Go kites do not call and a Go Kontrol rejects. The kite does not wait for its answer. */
function withoutWatchKeys(frame: string): string[] {
  const kept = (JSON.parse(frame) as string[]).filter((message) => !message.includes('"method":"watchKeys"'));
  return kept.length === 0 ? [] : [JSON.stringify(kept)];
}

/** The frames of a client without its identity and without the unset fields that Go sends. */
function comparableFrames(frames: readonly string[]): unknown {
  return messages(frames).map(({ method, arguments: args, callbacks }) => {
    const [first] = args;
    if (!first || !('withArgs' in first)) return { method, arguments: comparable(args), callbacks };
    const { kite, withArgs, ...envelope } = first;
    expect(Object.keys(kite as object).toSorted()).toEqual(FIELDS);
    const call = { ...(comparable(envelope) as object), withArgs: whatIsSet(withArgs ?? []) };
    return { method, arguments: [call], callbacks };
  });
}

const FIELDS = ['environment', 'hostname', 'id', 'name', 'region', 'username', 'version'];

function whatIsSet(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(whatIsSet);
  if (typeof value !== 'object' || value === null) return value;
  const set = Object.entries(value).filter(([, content]) => content !== '' && content !== null);
  return Object.fromEntries(set.map(([name, content]) => [name, whatIsSet(content)]));
}

/** Makes the recorded call with this library. */
function callOf(kite: Kite, session: Session): Promise<unknown> {
  const [call] = messages(recorded(session, '>'));
  const [args] = (whatIsSet(call?.arguments[0]?.['withArgs'] ?? []) ?? []) as { query?: KiteQuery }[];
  switch (call?.method) {
    case 'getKites':
      return kite.getKites(args?.query ?? {});
    case 'getToken':
      return kite.getToken((args ?? {}) as KiteQuery);
    case 'getKey':
      return kite.getKey();
    default:
      throw new Error(`The recording has a call of ${String(call?.method)}, which is new`);
  }
}

interface Answer {
  readonly error: { readonly type: string; readonly message: string } | null;
  readonly result: unknown;
}

function recordedAnswer(session: Session): Answer {
  const answer = messages(recorded(session, '<')).find(({ method }) => method === 0) as Message;
  return answer.arguments[0] as unknown as Answer;
}

const [registering, ...asking] = sessions();

describe('the recorded Kontrol of Go', () => {
  it('a kite registers with the recorded Go Kontrol and sends the recorded heartbeats', async () => {
    if (!registering) throw new Error('Nothing was recorded');
    const clock = new ManualClock();
    const { url, received } = await recordedKontrol(registering);
    const kite = await makeKite(url, clock);
    const own = 'http://127.0.0.1:6701/kite';
    expect(await kite.registerForever({ url: own })).toMatchObject({ url: own });
    const expected = comparableFrames(recorded(registering, '>'));
    await expect.poll(() => messages(received).length).toBe(3);
    clock.advance(10_000);
    await expect.poll(() => messages(received).length).toBe(4);
    expect(comparableFrames(received)).toEqual(expected);
  });

  it('the recorded Go Kontrol was queried for kites, tokens and its key', () => {
    const methods = asking.map((session) => messages(recorded(session, '>'))[0]?.method);
    expect(new Set(methods)).toEqual(new Set(['getKites', 'getToken', 'getKey']));
  });

  it.each(asking.map((session, index) => [index, session] as const))(
    'a kite sends the recorded request and understands the answer of the Go Kontrol: request %i',
    async (_index, session) => {
      const { url, received } = await recordedKontrol(session);
      const kite = await makeKite(url);
      const outcome = callOf(kite, session);
      const { error, result } = recordedAnswer(session);
      if (error?.message.startsWith('100: Key not found')) expect(await outcome).toEqual([]);
      else if (error) {
        const { type, message } = error;
        await expect(outcome).rejects.toMatchObject({ type, message });
      } else if (typeof result === 'string') expect(await outcome).toBe(result);
      else expect(await outcome).toMatchObject((result as { kites: object[] }).kites);
      expect(comparableFrames(received)).toEqual(comparableFrames(recorded(session, '>')));
    },
  );

  it('the recorded Go Kontrol accepts a registration over HTTP and its heartbeats', async () => {
    const script = lines('kontrol-http');
    const asked: { readonly http: string; readonly body: string }[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const answer = script.filter(({ dir }) => dir === '<')[asked.length];
        asked.push({ http: `${request.method} ${request.url}`, body });
        response.writeHead(answer?.status ?? 500, { connection: 'close' }).end(answer?.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const clock = new ManualClock();
    const kite = await makeKite(`http://127.0.0.1:${(server.address() as AddressInfo).port}/kite`, clock);
    const url = 'http://127.0.0.1:6702/kite';
    const registration = await kite.registerHttp({ url });
    expect(registration.url).toBe(url);
    for (const count of [2, 3]) {
      clock.advance(10_000);
      await expect.poll(() => asked.length).toBe(count);
    }
    registration.stop();
    const requests = script.filter(({ dir }) => dir === '>');
    const [{ body = '' } = {}] = requests;
    const { id } = (JSON.parse(body) as { kite: { id: string } }).kite;
    expect(asked.map(({ http }) => http.replace(kite.identity.id, id))).toEqual(
      requests.map(({ http }) => http),
    );
    const sent = (text: string): unknown => {
      const { kite: who, ...rest } = JSON.parse(text) as { kite: object };
      return [Object.keys(who).toSorted(), comparable(rest)];
    };
    expect(sent(asked[0]?.body ?? '')).toEqual(sent(body));
  });
});
