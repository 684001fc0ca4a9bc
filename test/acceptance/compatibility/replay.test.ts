import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Kite, KiteError, type RemoteFunction } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';

/** One line of a recording: see fixtures/wire/README.md. */
interface Line {
  readonly dir: '>' | '<';
  readonly upgrade?: string;
  readonly ws?: string;
  readonly wsclose?: number;
  readonly http?: string;
  readonly body?: string;
}

interface Session {
  readonly path: string;
  readonly lines: readonly Line[];
}

function lines(name: string): Line[] {
  const text = readFileSync(new URL(`../../fixtures/wire/${name}.jsonl`, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

/** The recorded WebSocket sessions: the lines between two handshakes. */
function webSocketSessions(): Session[] {
  const sessions: { path: string; lines: Line[] }[] = [];
  for (const line of lines('call-websocket')) {
    if (line.upgrade) sessions.push({ path: line.upgrade, lines: [] });
    else if (line.ws !== undefined) sessions.at(-1)?.lines.push(line);
  }
  return sessions;
}

/** The recorded XHR sessions: requests with the same session in their path. Answers have their request's path. */
function xhrSessions(): Session[] {
  const sessions = new Map<string, Line[]>();
  for (const line of lines('call-xhr')) {
    const path = line.http?.split(' ')[1]?.replace(/\/[^/]+$/, '') ?? '';
    sessions.set(path, [...(sessions.get(path) ?? []), line]);
  }
  return [...sessions].map(([path, list]) => ({ path, lines: list }));
}

/** Parses the messages in frames of a server or a client, without values that differ in every run. */
function messages(frames: readonly string[]): unknown[] {
  return frames
    .map((frame) => frame.trim())
    .filter((frame) => frame.startsWith('a[') || frame.startsWith('['))
    .flatMap((frame) => JSON.parse(frame.replace(/^a/, '')) as string[])
    .map((text) => withoutIds(JSON.parse(text)));
}

function withoutIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIds);
  if (typeof value !== 'object' || value === null) return value;
  // A current client names its extensions in its first call.
  const fields = Object.entries(value).filter(([key]) => key !== 'extensions');
  const entries = fields.map(([key, content]) => {
    // The identity and key of the caller are those of the recording's machine.
    if (key === 'kite' || key === 'authentication' || (key === 'id' && typeof content === 'string'))
      return [key, null];
    return [key, withoutIds(content)];
  });
  return Object.fromEntries(entries) as unknown;
}

const kites: Kite[] = [];

function makeKite(): Kite {
  const kite = new Kite('math', '1.0.0', {
    port: 0,
    kiteKey: false,
    env: {},
    logger: silentLogger,
    trustRemote: ['client.hello'],
  });
  kites.push(kite);
  // The keys of the recording are redacted: a caller with a key counts as the recorded one.
  kite.authenticate('kiteKey', () => 'kontrol');
  kite.handle('square', ({ args: [n] }) => {
    if (typeof n === 'number') return n * n;
    const data = JSON.stringify(n);
    throw new KiteError(
      'argumentError',
      `json: cannot unmarshal string into Go value of type float64. Data: ${data}`,
    );
  });
  kite.handle('fail', () => Promise.reject(new KiteError('customError', 'it failed', { code: 'E42' })));
  kite.handle('failPlain', () => Promise.reject(new Error('plain failure')));
  kite.handle('echo', ({ args }) => args);
  kite.handle('callback.reverse', ({ client }) => client.tell('client.hello', 'server'));
  kite.handle('count', ({ args: [to, each] }) => {
    for (let i = 0; i < (to as number); i++) (each as RemoteFunction)(i);
    return to;
  });
  kite.handle('client.hello', ({ args: [who] }) => `hello ${who as string}`);
  return kite;
}

afterEach(async () => {
  await Promise.all(kites.splice(0).map((kite) => kite.close()));
});

/** One recorded call, and what the recorded client did to make it. */
function recordedCall(session: Session): { method: string; args: unknown[]; authenticated: boolean } {
  const first = messagesRaw(session)[0] as {
    method: string;
    arguments: [{ withArgs: unknown[]; authentication: unknown }];
  };
  return {
    method: first.method,
    args: first.arguments[0].withArgs,
    authenticated: first.arguments[0].authentication !== null,
  };
}

function messagesRaw({ lines: list }: Session): unknown[] {
  const frames = list.filter(({ dir }) => dir === '>').map(({ ws, body }) => ws ?? body ?? '');
  return frames
    .filter((frame) => frame !== '')
    .flatMap((frame) => JSON.parse(frame) as string[])
    .map((text) => JSON.parse(text) as unknown);
}

function recorded(session: Session, dir: '>' | '<'): unknown[] {
  return messages(session.lines.filter((line) => line.dir === dir).map(({ ws, body }) => ws ?? body ?? ''));
}

describe('the recorded Go client over WebSocket', () => {
  const sessions = webSocketSessions();
  it('the recording of the Go client over WebSocket exists', () =>
    expect(sessions.length).toBeGreaterThanOrEqual(9));

  it.each(sessions.map((session) => [recordedCall(session).method, session] as const))(
    'the recorded Go client over WebSocket gets the recorded answers of a kite: %s',
    async (_method, session) => {
      const kite = makeKite();
      await kite.listen();
      const socket = new WebSocket(new URL(session.path, kite.url?.replace('http', 'ws')));
      const got: string[] = [];
      const script = [...session.lines];
      await new Promise<void>((resolve, reject) => {
        // Sends each frame at the recorded point; the Go client does not wait for the open frame.
        const step = (): void => {
          while (script[0]?.dir === '>') socket.send(script.shift()?.ws ?? '');
          if (script.length === 0) resolve();
        };
        socket.on('open', step);
        socket.on('error', reject);
        socket.on('close', () => reject(new Error('closed')));
        socket.on('message', (data: Buffer) => {
          got.push(data.toString());
          // The server may combine messages in one frame that the recording has in several.
          while (script[0]?.dir === '<' && countMessages(got) >= wanted(session, script)) script.shift();
          step();
        });
      });
      socket.removeAllListeners('close');
      socket.terminate();
      expect(got[0]).toBe('o');
      expect(messages(got)).toEqual(recorded(session, '<'));
    },
  );
});

function countMessages(frames: readonly string[]): number {
  return frames[0] === 'o' ? messages(frames).length : -1;
}

/** The number of messages that the server must have sent before the next recorded line of it. */
function wanted(session: Session, rest: readonly Line[]): number {
  const past = session.lines
    .slice(0, session.lines.length - rest.length + 1)
    .filter(({ dir }) => dir === '<');
  return messages(past.map(({ ws }) => ws ?? '')).length;
}

describe('the recorded Go client over XHR polling', () => {
  const sessions = xhrSessions();
  it('the recording of the Go client over XHR polling exists', () => expect(sessions.length).toBe(4));

  it.each(sessions.map((session) => [recordedCall(session).method, session] as const))(
    'the recorded Go client over XHR polling gets the recorded answers of a kite: %s',
    async (_method, session) => {
      const kite = makeKite();
      await kite.listen();
      const got: string[] = [];
      const base = new URL(session.path, kite.url);
      const all = recorded(session, '<').length;
      const sends = session.lines
        .filter(({ dir, body }) => dir === '>' && body)
        .map(({ body }) => body ?? '');
      const post = async (path: string, body?: string): Promise<Response> =>
        fetch(`${base.href}/${path}`, { method: 'POST', ...(body && { body }) });
      expect(await (await post('xhr')).text()).toBe('o\n');
      for (;;) {
        const body = sends.shift();
        if (body) expect((await post('xhr_send', body)).status).toBe(204);
        if (messages(got).length >= all) break;
        got.push(await (await post('xhr')).text());
        if (messages(got).length >= all) break;
      }
      expect(messages(got)).toEqual(recorded(session, '<'));
    },
  );
});

describe('the recorded Go server', () => {
  it.each(webSocketSessions().map((session) => [recordedCall(session).method, session] as const))(
    'the recorded Go server gets the recorded frames of a client and answers it over WebSocket: %s',
    async (_method, session) => {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
      await new Promise((resolve) => server.once('listening', resolve));
      const sent: string[] = [];
      server.on('connection', (socket) => {
        const script = [...session.lines];
        const play = (): void => {
          while (script[0]?.dir === '<') socket.send(script.shift()?.ws ?? '');
        };
        socket.on('message', (data: Buffer) => {
          sent.push(data.toString());
          while (script[0]?.dir === '>') script.shift();
          play();
        });
      });
      const { port } = server.address() as AddressInfo;
      await expectRecordedOutcome(`http://127.0.0.1:${port}/kite`, 'WebSocket', session);
      expect(messages(sent)).toEqual(recorded(session, '>'));
      server.close();
      for (const client of server.clients) client.terminate();
    },
  );

  it.each(xhrSessions().map((session) => [recordedCall(session).method, session] as const))(
    'the recorded Go server gets the recorded frames of a client and answers it over XHR polling: %s',
    async (_method, session) => {
      const sent: string[] = [];
      const replies = session.lines.filter(({ dir }) => dir === '<').map(({ body }) => body ?? '');
      const polls: ServerResponse[] = [];
      let sends = 0;
      const play = (): void => {
        // The open frame answers the first poll; later frames wait for what the client had sent by then.
        while (
          polls.length > 0 &&
          replies.length > 0 &&
          (replies[0] === 'o\n' || sends >= sendsBefore(session, replies.length))
        ) {
          polls.shift()?.end(replies.shift());
        }
      };
      const server = createServer((request: IncomingMessage, response: ServerResponse) => {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString()));
        request.on('end', () => {
          if (request.url?.includes('/xhr_send')) {
            sent.push(body);
            sends++;
            response.writeHead(204).end();
          } else polls.push(response);
          play();
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      await expectRecordedOutcome(`http://127.0.0.1:${port}/kite`, 'XHRPolling', session);
      expect(messages(sent)).toEqual(recorded(session, '>'));
      server.closeAllConnections();
      server.close();
    },
  );
});

/** How often the recorded client had sent before the answer that `left` answers follow. */
function sendsBefore(session: Session, left: number): number {
  const answers = session.lines.flatMap((line, index) => (line.dir === '<' ? [index] : []));
  const index = answers[answers.length - left] ?? 0;
  return session.lines.slice(0, index).filter(({ dir, body }) => dir === '>' && body).length;
}

async function expectRecordedOutcome(
  url: string,
  transport: 'WebSocket' | 'XHRPolling',
  session: Session,
): Promise<void> {
  const { method, args, authenticated } = recordedCall(session);
  const client = makeKite().newClient(url, {
    transport,
    auth: authenticated ? { type: 'kiteKey', key: '<JWT>' } : null,
  });
  await client.dial();
  const counted: unknown[] = [];
  const given = args.map((arg) => (arg === '[Function]' ? (i: unknown) => counted.push(i) : arg));
  const answer = recordedAnswer(session);
  if (answer.error) {
    const { id, ...error } = answer.error;
    await expect(client.tell(method, ...given)).rejects.toMatchObject({ ...error, id });
  } else {
    // The recorded numbers are those of callbacks that outlive their call.
    expect(await client.call(method, given, { callbacks: 'connection' })).toEqual(answer.result);
  }
  if (method === 'count') expect(counted).toEqual(Array.from({ length: args[0] as number }, (_, i) => i));
  client.close();
}

function recordedAnswer({ lines: list }: Session): { error: Record<string, string> | null; result: unknown } {
  const frames = list.filter(({ dir }) => dir === '<').map(({ ws, body }) => (ws ?? body ?? '').trim());
  const all = frames
    .filter((frame) => frame.startsWith('a['))
    .flatMap((frame) => JSON.parse(frame.slice(1)) as string[])
    .map((text) => JSON.parse(text) as { method: unknown; arguments: unknown[] });
  const answer = all.findLast(({ method }) => method === 0);
  return answer?.arguments[0] as { error: Record<string, string> | null; result: unknown };
}
