import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { openRequest, request } from '../../helpers/transport/http.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { startKite, startReverseProxy } from '../../helpers/proxy/proxy.js';

/** One line of a recording: see fixtures/wire/README.md. */
interface Line {
  readonly dir: '>' | '<';
  readonly upgrade?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly ws?: string;
  readonly http?: string;
  readonly status?: number;
  readonly body?: string;
}

const recorded = readFileSync(new URL('../../fixtures/wire/reverse-proxy.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Line);

interface Session {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly sent: readonly string[];
  readonly received: readonly string[];
}

function webSocketSessions(): Session[] {
  const sessions: { path: string; headers: Record<string, string>; sent: string[]; received: string[] }[] =
    [];
  for (const { dir, upgrade, headers = {}, ws } of recorded) {
    if (upgrade) sessions.push({ path: upgrade, headers, sent: [], received: [] });
    else if (ws !== undefined) (dir === '>' ? sessions.at(-1)?.sent : sessions.at(-1)?.received)?.push(ws);
  }
  return sessions;
}

/** Plays the client's part with its headers, and resolves with as many frames as were recorded. */
function play(origin: string, { path, headers, sent, received }: Session): Promise<string[]> {
  const { origin: from = '', host = '', 'user-agent': agent = '' } = headers;
  const socket = new WebSocket(new URL(path, origin.replace('http', 'ws')), {
    headers: { origin: from, host, 'user-agent': agent },
  });
  onTestFinished(() => socket.terminate());
  const frames: string[] = [];
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', reject);
    // The Go client sends without waiting for the open frame.
    socket.on('open', () => sent.forEach((frame) => socket.send(frame)));
    socket.on('message', (data: Buffer) => {
      frames.push(data.toString());
      if (frames.length === received.length) resolve(frames);
    });
  });
}

describe('the recorded Go clients with the reverse proxy', () => {
  it('the recorded Go clients register with the reverse proxy and call over WebSocket and XHR with the recorded results', async () => {
    const { kontrol } = await startKontrol();
    const proxy = await startReverseProxy(kontrol, { publicHost: '127.0.0.1', publicPort: 6794 });
    const math = await startKite(kontrol);
    // The tokens of the recording are redacted: a caller with a token counts as the recorded one.
    math.authenticate('token', () => 'kontrol');
    const { port } = proxy.kite;
    const origin = `http://127.0.0.1:${port}`;

    const [registering, calling] = webSocketSessions();
    if (!registering || !calling) throw new Error('nothing was recorded');
    const key = await kontrol.newKiteKey('kontrol');
    const sent = registering.sent.map((frame) =>
      frame.replace('<JWT>', key).replace('http://127.0.0.1:6703/kite', math.url ?? ''),
    );
    expect(sent[0]).toContain(math.url);
    expect(await play(origin, { ...registering, sent })).toEqual(registering.received);
    expect(await play(origin, calling)).toEqual(calling.received);

    const exchanges = recorded.filter(({ http }) => http !== undefined);
    const answers = exchanges.filter(({ dir }) => dir === '<');
    const waiting: (() => Promise<void>)[] = [];
    for (const { http = '', headers = {}, body = '' } of exchanges.filter(({ dir }) => dir === '>')) {
      const [method = '', path = ''] = http.split(' ');
      const { host = '', 'content-type': type = '' } = headers;
      const ask = { headers: { host, 'content-type': type }, body };
      if (path.endsWith('/xhr_send')) {
        expect((await request(method, origin + path, ask)).status).toBe(204);
        for (const check of waiting.splice(0)) await check();
        continue;
      }
      const recordedAnswer = answers.shift();
      // The last poll has no answer in the recording.
      if (!recordedAnswer) break;
      const polled = openRequest(method, origin + path, ask);
      const check = async (): Promise<void> => {
        const answer = await polled;
        expect([answer.status, await answer.rest()]).toEqual([recordedAnswer.status, recordedAnswer.body]);
        for (const name of ['content-type', 'access-control-allow-origin'])
          expect(answer.headers[name]).toBe(recordedAnswer.headers?.[name]);
        // The Go implementation follows an older version of the protocol.
        expect(answer.headers['cache-control']?.replace('no-transform, ', '')).toBe(
          recordedAnswer.headers?.['cache-control'],
        );
      };
      // All but the first wait for what is sent in the meantime.
      if (recordedAnswer.body === 'o\n') await check();
      else waiting.push(check);
    }
    expect(answers).toEqual([]);
  });
});
