import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type CloseOptions,
  Kite,
  type KiteError,
  type KiteEvent,
  type KiteOptions,
} from '../../../src/lib/index.js';
import { DEREGISTER_TIMEOUT, READY_TIMEOUT } from '../../../src/lib/kite/limits/kite-limits.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { GoKontrol } from '../../helpers/kontrol/go-kontrol.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';
import { request } from '../../helpers/transport/http.js';
import { SINGLE_TRANSPORTS } from '../../helpers/transport/transports.js';

const query = { username: 'bob', environment: 'prod', name: 'math' };

function makeKite(options: KiteOptions = {}): Kite {
  const kite = new Kite('math', '1.0.0', {
    port: 0,
    kiteKey: false,
    environment: 'prod',
    env: {},
    logger: silentLogger,
    ...options,
  });
  onTestFinished(() => kite.close({ drainTimeout: 0 }));
  return kite;
}

/** A kite with the method `slow`, which answers when `finish` is called. */
async function withSlowMethod(options: KiteOptions = {}) {
  const kite = makeKite(options);
  let begun = (): void => undefined;
  const running = new Promise<void>((resolve) => (begun = resolve));
  let finish = (_value: unknown): void => undefined;
  kite
    .handle('slow', () => {
      begun();
      return new Promise((resolve) => (finish = resolve));
    })
    .disableAuthentication();
  kite.handle('quick', () => 'quick').disableAuthentication();
  kite.health();
  await kite.listen();
  const status = async (path: string): Promise<readonly [number | undefined, string]> => {
    const { status: code, body } = await request('GET', new URL(path, kite.url).href);
    return [code, body];
  };
  return { kite, running, finish: (value: unknown) => finish(value), status };
}

describe('a kite that deregisters', () => {
  it.each(['register', 'registerForever', 'registerHttp'] as const)(
    'watchers are notified of a kite that closes before its running call ends: %s',
    async (how) => {
      const { kontrol } = await startKontrol();
      const key = { kiteKey: await kontrol.newKiteKey('bob'), kontrolUrl: kontrol.url };
      const { kite, running, finish } = await withSlowMethod(key);
      await kite[how]();
      const watcher = makeKite(key);
      const events: string[] = [];
      let heard = (): void => undefined;
      const gone = new Promise<void>((resolve) => (heard = resolve));
      await watcher.watchKites(query, ({ action, kite: { url } }: KiteEvent) => {
        events.push(`${action} ${url}`);
        heard();
      });
      const client = watcher.newClient(kite.url ?? '');
      await client.dial();
      const slow = client.tell('slow');
      await running;
      const url = kite.url ?? '';
      const closed = kite.close();
      await gone;
      expect(events).toEqual([`DEREGISTER ${url}`]);
      expect(await watcher.getKites(query)).toEqual([]);
      finish('done');
      expect(await slow).toBe('done');
      await closed;
    },
  );

  it('the calls of a handler to Kontrol succeed after its kite has deregistered', async () => {
    const { kontrol } = await startKontrol();
    const { kite, running, finish } = await withSlowMethod({
      kiteKey: await kontrol.newKiteKey('bob'),
      kontrolUrl: kontrol.url,
    });
    await kite.registerForever();
    kite.handle('find', async () => (await running, kite.getKites(query))).disableAuthentication();
    const client = makeKite().newClient(kite.url ?? '');
    await client.dial();
    const calls = [client.tell('slow'), client.tell('find')];
    await running;
    const closed = kite.close();
    expect(await calls[1]).toEqual([]);
    finish('done');
    expect(await calls[0]).toBe('done');
    await closed;
  });

  it('a kite deregisters at a Kontrol of Go by closing its connection', async () => {
    const kontrol = await GoKontrol.start();
    onTestFinished(() => kontrol.close());
    const { kite, running, finish } = await withSlowMethod({
      kiteKey: kontrol.keyOf('bob'),
      kontrolUrl: kontrol.url,
    });
    await kite.registerForever();
    const client = makeKite().newClient(kite.url ?? '');
    await client.dial();
    const slow = client.tell('slow');
    await running;
    const closed = kite.close();
    await expect.poll(() => kontrol.kites).toEqual([]);
    finish('done');
    expect(await slow).toBe('done');
    await closed;
  });

  it('a kite that Kontrol does not answer closes after DEREGISTER_TIMEOUT', async () => {
    const kontrol = makeKite();
    let asked = (): void => undefined;
    const deregisters = new Promise<void>((resolve) => (asked = resolve));
    kontrol.handle('register', () => ({ url: 'http://127.0.0.1/kite' })).disableAuthentication();
    kontrol
      .handle('deregister', () => {
        asked();
        return new Promise(() => undefined);
      })
      .disableAuthentication();
    await kontrol.listen();
    const clock = new ManualClock();
    const { kite } = await withSlowMethod({ clock, kontrolUrl: kontrol.url });
    await kite.register();
    const closed = kite.close();
    await deregisters;
    expect(kite.url).toBeDefined();
    clock.advance(DEREGISTER_TIMEOUT);
    await closed;
  });

  it('a hostile user cannot deregister the kite of another one over HTTP', async () => {
    const { kontrol, origin } = await startKontrol();
    const kite = makeKite({ kiteKey: await kontrol.newKiteKey('bob'), kontrolUrl: kontrol.url });
    await kite.listen();
    await kite.registerHttp();
    const auth = { type: 'kiteKey', key: await kontrol.newKiteKey('mallory') };
    const deregister = async (body: unknown): Promise<readonly [number, unknown]> => {
      const response = await fetch(`${origin}/deregister`, { method: 'POST', body: JSON.stringify(body) });
      return [response.status, await response.json()];
    };
    expect(await deregister({ kite: kite.identity, auth })).toMatchObject([
      400,
      { err: /registered by another/ },
    ]);
    expect((await deregister({ kite: kite.identity }))[0]).toBe(401);
    expect((await deregister([]))[0]).toBe(400);
    expect(await kite.getKites(query)).toHaveLength(1);
    expect((await deregister({ kite: { ...kite.identity, id: 'unknown' }, auth }))[0]).toBe(200);
  });
});

describe('a lame duck', () => {
  it('a lame duck is not ready and not found, and serves calls, connections and HTTP requests until its time is over', async () => {
    const clock = new ManualClock();
    const { kite, running, finish, status } = await withSlowMethod({ clock });
    const client = makeKite().newClient(kite.url ?? '');
    await client.dial();
    const slow = client.tell('slow');
    await running;
    expect([await status('/healthz'), await status('/readyz')]).toEqual([
      [200, 'ok\n'],
      [200, 'ready\n'],
    ]);
    const closed = kite.close({ lameDuck: '5s' });
    expect([await status('/healthz'), await status('/readyz')]).toEqual([
      [200, 'ok\n'],
      [503, 'not ready: shutting down\n'],
    ]);
    expect(await client.tell('quick')).toBe('quick');
    const late = makeKite().newClient(kite.url ?? '');
    await late.dial();
    expect(await late.tell('quick')).toBe('quick');
    clock.advance(5000);
    await expect.poll(() => client.tell('quick').catch(({ code }: KiteError) => code)).toBe('draining');
    // Probes and requests are answered until the last call has ended.
    expect([await status('/healthz'), await status('/readyz')]).toEqual([
      [200, 'ok\n'],
      [503, 'not ready: shutting down\n'],
    ]);
    await expect(
      makeKite()
        .newClient(kite.url ?? '')
        .dial(),
    ).rejects.toMatchObject({ code: 'handshake' });
    finish('done');
    expect(await slow).toBe('done');
    await closed;
  });

  it.each(['5 parsecs', -1, NaN, {}] as const)(
    'a lame duck of %j is rejected before the kite closes',
    async (lameDuck) => {
      const { kite } = await withSlowMethod();
      const options = { lameDuck } as { lameDuck: string };
      expect(() => kite.close(options)).toThrow(/lameDuck is .* such as 15s/);
      await expect(kite.run(options)).rejects.toMatchObject({ code: 'badValue' });
      expect(
        await makeKite()
          .newClient(kite.url ?? '')
          .dial(),
      ).toBeUndefined();
    },
  );
});

describe('readiness', () => {
  it('the check of a program decides whether its kite is ready, and its failure does not leave the process', async () => {
    const kite = makeKite();
    const results: (() => unknown)[] = [
      () => true,
      () => false,
      () => 'the database is down',
      () => Promise.resolve(true),
      () => Promise.reject(new Error('postgres://secret')),
    ];
    kite.health({ ready: () => results.shift()?.() as boolean });
    await kite.listen();
    const url = new URL('/readyz', kite.url).href;
    const answers: unknown[] = [];
    while (results.length > 0) {
      const { status, body } = await request('GET', url);
      answers.push([status, body]);
    }
    expect(answers).toEqual([
      [200, 'ready\n'],
      [503, 'not ready\n'],
      [503, 'not ready: the database is down\n'],
      [200, 'ready\n'],
      [503, 'not ready: the check has failed\n'],
    ]);
    expect((await request('POST', url)).status).toBe(405);
  });
});

describe('a check of readiness that takes long', () => {
  it('requests share one check, and get 503 if it does not end, or the kite closes', async () => {
    const clock = new ManualClock();
    const kite = makeKite({ clock });
    const ends: ((ready: boolean) => void)[] = [];
    kite.health({ ready: () => new Promise<boolean>((resolve) => ends.push(resolve)) });
    await kite.listen();
    const url = new URL('/readyz', kite.url).href;
    const ask = async (): Promise<unknown> => {
      const { status, body } = await request('GET', url);
      return [status, body];
    };
    const late = [ask(), ask()];
    await expect.poll(() => clock.timers).toBe(2);
    expect(ends).toHaveLength(1);
    clock.advance(READY_TIMEOUT);
    const took = [503, 'not ready: the check takes longer than 5s\n'];
    expect(await Promise.all(late)).toEqual([took, took]);
    const next = ask();
    await expect.poll(() => clock.timers).toBe(1);
    expect(ends).toHaveLength(1);
    ends[0]?.(true);
    expect(await next).toEqual([200, 'ready\n']);
    const closing = ask();
    await expect.poll(() => ends.length).toBe(2);
    const closed = kite.close();
    expect(await closing).toEqual([503, 'not ready: shutting down\n']);
    await closed;
  });

  it('a check of readiness that is not a function is rejected', () => {
    expect(() => makeKite().health({ ready: true as unknown as () => boolean })).toThrow(
      new TypeError('The option ready is not a function'),
    );
  });
});

describe('what runs when a kite closes', () => {
  it('an HTTP request that runs is answered before the kite closes', async () => {
    const { kite } = await withSlowMethod();
    let answer = (): void => undefined;
    let begun = (): void => undefined;
    const running = new Promise<void>((resolve) => (begun = resolve));
    kite.handleHttp('/report', (_request, response) => {
      answer = () => response.end('report');
      begun();
    });
    const report = request('GET', new URL('/report', kite.url).href);
    await running;
    const closed = kite.close();
    setImmediate(answer);
    expect(await report).toMatchObject({ status: 200, body: 'report' });
    await closed;
  });

  it('a call of the dialed kite is answered before the connection closes', async () => {
    const { kite } = await withSlowMethod();
    const caller = makeKite({ trustRemote: true });
    let answer = (_value: unknown): void => undefined;
    let begun = (): void => undefined;
    const running = new Promise<void>((resolve) => (begun = resolve));
    caller.handle('think', () => {
      begun();
      return new Promise((resolve) => (answer = resolve));
    });
    let got: unknown;
    kite
      .handle('think about it', async ({ client }) => (got = await client.call('think', [], { timeout: 0 })))
      .disableAuthentication();
    const client = caller.newClient(kite.url ?? '');
    await client.dial();
    const asked = client.tell('think about it').catch(() => undefined);
    await running;
    const closed = caller.close();
    setImmediate(() => answer(42));
    await closed;
    await asked;
    await expect.poll(() => got).toBe(42);
  });

  it('work before the end that throws or rejects is logged, and does not stop the end', async () => {
    const logged: string[] = [];
    const { kite } = await withSlowMethod({
      logger: { ...silentLogger, error: (text) => void logged.push(text) },
    });
    const done: string[] = [];
    kite.beforeClose(() => {
      throw new Error('thrown');
    });
    kite.beforeClose(() => Promise.reject(new Error('rejected')));
    kite.beforeClose(() => done.push('last'));
    await kite.close();
    await kite.close();
    expect(done).toEqual(['last']);
    expect(logged.map((text) => /Work before the end of math failed: Error: (\w+)/.exec(text)?.[1])).toEqual([
      'thrown',
      'rejected',
    ]);
    expect(kite.url).toBeUndefined();
  });

  it.each([NaN, -1, '5s'])('a kite does not close with the drainTimeout %s', async (drainTimeout) => {
    const kite = makeKite();
    const options = { drainTimeout } as unknown as CloseOptions;
    expect(() => kite.close(options)).toThrow(
      `drainTimeout is ${typeof drainTimeout === 'string' ? '"5s"' : drainTimeout}; it must be a number of milliseconds, 0 or more`,
    );
    await expect(kite.run(options)).rejects.toMatchObject({ code: 'badValue' });
    await kite.listen();
    expect(kite.url).toBeDefined();
  });

  it('a kite that was closed cannot listen again, and names the reason', async () => {
    const { kite } = await withSlowMethod();
    await kite.close();
    await expect(kite.listen()).rejects.toMatchObject({
      code: 'closed',
      message: 'math was closed: create a new kite',
    });
  });

  it.each(SINGLE_TRANSPORTS)(
    'a call that reaches a kite in the moment of its end fails with the code of one that was not run: %s',
    async (transport) => {
      const { kite } = await withSlowMethod();
      const client = makeKite().newClient(kite.url ?? '', { transport });
      await client.dial();
      expect(await client.tell('quick')).toBe('quick');
      // Both are on their way when the kite closes.
      const calls = [client.tell('quick'), client.tell('quick')];
      const closed = kite.close();
      for (const call of calls) {
        const outcome: unknown = await call.catch((error: KiteError) => [error.code, error.retryable]);
        expect(outcome).toEqual(['draining', true]);
      }
      await expect(client.tell('quick')).rejects.toMatchObject({ code: 'notSent' });
      await closed;
    },
  );
});
