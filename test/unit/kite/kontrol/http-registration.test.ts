import { describe, expect, it, onTestFinished } from 'vitest';
import { KontrolTime } from '../../../../src/lib/kite/call/kontrol-time.js';
import { HttpRegistration } from '../../../../src/lib/kite/kontrol/http-registration.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { identity, settled } from '../../../helpers/kite/cores.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

const registered = JSON.stringify({ url: 'http://me/kite', heartbeatInterval: 10 });
const beat = `GET http://one:4000/heartbeat?id=${identity.id}`;

/** A kite whose Kontrols, `one` and `two`, return these answers in turn; an Error means no answer. */
function registering(...answers: (string | Error | { status: number; body: string })[]) {
  const clock = new ManualClock();
  const requests: string[] = [];
  const answered: (string | undefined)[] = [];
  const bodies: unknown[] = [];
  const failures: string[] = [];
  const registration = new HttpRegistration({
    urls: ['ws://one:4000/kite', 'http://two:4000/kite'],
    url: 'http://me/kite',
    kite: identity,
    time: new KontrolTime(clock),
    auth: () => ({ type: 'kiteKey', key: 'key' }),
    registered: ({ kiteKey }) => Promise.resolve(void answered.push(kiteKey)),
    failed: ({ message }) => void failures.push(message),
    sendHttp: (url, { method = 'GET', body: sent }) => {
      requests.push(`${method} ${url.href}`);
      if (sent !== undefined) bodies.push(JSON.parse(sent));
      const next = answers.shift() ?? new Error('unreachable');
      if (next instanceof Error) return Promise.reject(next);
      const { status, body } = typeof next === 'string' ? { status: 200, body: next } : next;
      return Promise.resolve(new Response(body, { status }));
    },
    timeout: 4000,
    clock,
    logger: silentLogger,
    backoff: { random: () => 0 },
  });
  onTestFinished(() => registration.stop());
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settled();
  };
  return { registration, requests, answered, bodies, failures, clock, pass };
}

describe('a registration over HTTP', () => {
  it('a registration over HTTP sends a heartbeat every ten seconds, and registers again on request', async () => {
    const { registration, requests, answered, pass } = registering(
      registered,
      'pong',
      'registeragain',
      registered,
      'pong',
    );
    await registration.start();
    expect(registration.url).toBe('http://me/kite');
    await pass(9_999);
    expect(requests).toEqual(['POST http://one:4000/register']);
    await pass(1);
    await pass(10_000);
    expect(requests).toEqual(['POST http://one:4000/register', beat, beat, 'POST http://one:4000/register']);
    await pass(10_000);
    expect(requests.at(-1)).toBe(beat);
    expect(answered).toEqual([undefined, undefined]);
  });

  it.each([
    [-1, 1],
    [1e-9, 1],
    [9_007_199_254_740_992, 3600],
  ])(
    'a registration over HTTP to which Kontrol assigns %d seconds sends a heartbeat every %d',
    async (assigned, used) => {
      const answer = JSON.stringify({ url: 'http://me/kite', heartbeatInterval: assigned });
      const { registration, requests, pass } = registering(answer, 'pong');
      await registration.start();
      await pass(used * 1000 - 1);
      expect(requests).toEqual(['POST http://one:4000/register']);
      await pass(1);
      expect(requests.at(-1)).toBe(beat);
    },
  );

  it('a registration over HTTP uses the next Kontrol if one fails or rejects it, with a pause between attempts', async () => {
    const refusal = { status: 429, body: '{"err":"too many kites","code":"userLimit"}' };
    const { registration, requests, pass } = registering(new Error('gone'), refusal, registered);
    const started = registration.start();
    await settled();
    await pass(199);
    expect(requests).toEqual(['POST http://one:4000/register']);
    await pass(1);
    await pass(400);
    await started;
    expect(requests.slice(1)).toEqual(['POST http://two:4000/register', 'POST http://one:4000/register']);
  });

  it('a registration over HTTP uses a new kite key', async () => {
    const fresh = JSON.stringify({
      url: 'http://me/kite',
      heartbeatInterval: 10,
      publicKey: 'p',
      kiteKey: 'fresh',
    });
    const { registration, answered } = registering(fresh);
    await registration.start();
    expect(answered).toEqual(['fresh']);
  });

  it('a registration over HTTP moves to another URL at once, and continues with one heartbeat', async () => {
    const { registration, requests, bodies, clock, pass } = registering(
      registered,
      'pong',
      registered,
      'pong',
    );
    await registration.start();
    clock.advance(10_000);
    registration.move('http://other/kite');
    await settled();
    expect(bodies).toMatchObject([{ url: 'http://me/kite' }, { url: 'http://other/kite' }]);
    expect(clock.timers).toBe(1);
    await pass(10_000);
    expect(requests.slice(-2)).toEqual(['POST http://one:4000/register', beat]);
  });

  it('a registration over HTTP that moves while a heartbeat is pending is tried again if the move fails', async () => {
    const { registration, requests, bodies, clock, pass } = registering(
      registered,
      'pong',
      new Error('lost'),
      registered,
    );
    await registration.start();
    clock.advance(10_000);
    registration.move('http://other/kite');
    await settled();
    await pass(200);
    expect(requests.at(-1)).toBe('POST http://two:4000/register');
    expect(bodies.at(-1)).toMatchObject({ url: 'http://other/kite' });
  });

  it('a registration over HTTP leaves no timer when it ends', async () => {
    const { registration, requests, clock, pass } = registering(registered);
    await registration.start();
    registration.stop();
    expect(clock.timers).toBe(0);
    await pass(60_000);
    expect(requests).toHaveLength(1);
  });

  it('a registration over HTTP rejects when the kite closes before Kontrol accepted it', async () => {
    const { registration, clock } = registering(new Error('gone'));
    const started = registration.start();
    started.catch(() => undefined);
    await settled();
    registration.stop();
    await expect(started).rejects.toMatchObject({ type: 'disconnect', code: 'closed' });
    expect(clock.timers).toBe(0);
    await expect(registration.start()).rejects.toMatchObject({ type: 'disconnect', code: 'closed' });
  });

  it.each([
    [401, 'authenticationError'],
    [400, 'argumentError'],
  ])('a registration over HTTP rejects on the permanent error %i', async (status, type) => {
    const { registration, requests, failures, pass } = registering({ status, body: '{"err":"never"}' });
    await expect(registration.start()).rejects.toMatchObject({ type, message: 'never' });
    expect(failures).toEqual(['never']);
    await pass(3_600_000);
    expect(requests).toHaveLength(1);
  });

  it('a registration over HTTP that is rejected later is retried once per minute at the same Kontrol', async () => {
    const revoked = { status: 401, body: '{"err":"revoked"}' };
    const { registration, requests, failures, pass } = registering(
      registered,
      'registeragain',
      revoked,
      registered,
    );
    await registration.start();
    await pass(10_000);
    expect(failures).toEqual(['revoked']);
    await pass(59_999);
    expect(requests).toHaveLength(3);
    await pass(1);
    expect(requests.at(-1)).toBe('POST http://one:4000/register');
    await pass(10_000);
    expect(requests.at(-1)).toBe(beat);
  });

  it('a registration over HTTP continues at the next Kontrol if its heartbeats are lost', async () => {
    const { registration, requests, failures, pass } = registering(
      registered,
      new Error('cut'),
      registered,
      'pong',
    );
    await registration.start();
    await pass(10_000);
    expect(failures).toEqual(['http://one:4000/kite does not respond']);
    await pass(200);
    await pass(10_000);
    expect(requests.slice(1)).toEqual([beat, 'POST http://two:4000/register', beat.replace('one', 'two')]);
  });
});
