import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Kontrol } from '../../../src/lib/kontrol.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
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

/** Plays the client's part on a connection, and resolves with as many messages of the server as were recorded. */
async function play(kontrol: Kontrol, session: Session, key: string): Promise<Message[]> {
  const socket = new WebSocket(new URL(session.path, kontrol.url.replace('http', 'ws')));
  const wanted = messages(recorded(session, '<')).length;
  const got: string[] = [];
  const script = recorded(session, '>').map((frame) => frame.replaceAll('<JWT>', key));
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', reject);
    // The Go client sends without waiting for the open frame.
    socket.on('open', () => socket.send(script.shift() ?? ''));
    socket.on('message', (data: Buffer) => {
      got.push(data.toString());
      const count = messages(got).length;
      if (count > 0) for (const frame of script.splice(0)) socket.send(frame);
      if (count >= wanted) resolve();
    });
  });
  expect(got[0]).toBe('o');
  return messages(got);
}

/** Replaces the errors of etcd with those of Kontrol. */
function withoutEtcd(answer: unknown): unknown {
  const text = JSON.stringify(answer);
  return JSON.parse(text.replace(/100: Key not found \([^)]*\) \[\d+\]/, 'no kites found'));
}

/** The answer to the client's call among the messages of the server. */
function answerOf(received: readonly Message[]): unknown {
  return comparable(received.find(({ method }) => method === 0)?.arguments);
}

describe('the recorded Go client with Kontrol', () => {
  it('Kontrol registers the recorded Go client, requests its heartbeat, and returns the recorded answers to every query', async () => {
    const { kontrol } = await startKontrol();
    const key = await kontrol.newKiteKey('kontrol');
    const [registering, ...asking] = sessions();
    expect(asking).toHaveLength(8);
    if (!registering) throw new Error('nothing was recorded');

    const received = await play(kontrol, registering, key);
    const [heartbeat, answer] = messages(recorded(registering, '<'));
    const withoutCaller = (message: Message | undefined): unknown => ({
      ...message,
      arguments: message?.arguments.map(({ kite, ...rest }) => [typeof kite, rest]),
    });
    // In the recorded order too: the heartbeat is requested first.
    expect(withoutCaller(received[0])).toEqual(withoutCaller(heartbeat));
    expect(comparable(received[1])).toEqual(comparable(answer));

    for (const session of asking) {
      const expected = answerOf(messages(recorded(session, '<')));
      const got = answerOf(await play(kontrol, session, key));
      // The one difference: the Go implementation passes on etcd's error for a missing key.
      expect(got).toEqual(withoutEtcd(expected));
    }
  });

  it('Kontrol registers the recorded Go client over HTTP and keeps it registered by its heartbeats', async () => {
    const clock = new ManualClock();
    const { kontrol, origin } = await startKontrol({ clock });
    const key = await kontrol.newKiteKey('kontrol');
    const script = lines('kontrol-http');
    const requests = script.filter(({ dir }) => dir === '>');
    const answers = script.filter(({ dir }) => dir === '<');
    expect(requests).toHaveLength(3);
    for (const [index, { http = '', body = '' }] of requests.entries()) {
      const [method = '', path] = http.split(' ');
      const response = await fetch(`${origin}${path}`, {
        method,
        ...(body && { body: body.replaceAll('<JWT>', key) }),
      });
      const { status, body: expected } = answers[index] ?? {};
      expect([response.status, await response.text()]).toEqual([status, expected]);
      clock.advance(10_000);
    }
  });
});
