import kitejs from 'kite.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite, type KiteOptions, type Service } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { GoKontrol } from '../../helpers/kontrol/go-kontrol.js';
import { freePort } from '../../helpers/process/free-port.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';

type Done = (error: unknown, result?: unknown) => void;

function makeKite(name: string, options: KiteOptions): Kite {
  const kite = new Kite(name, '1.0.0', { env: {}, logger: silentLogger, ...options });
  onTestFinished(() => kite.close({ drainTimeout: 100 }));
  return kite;
}

/** Starts a kite of kite.js, which has an older version of the protocol, as those of Go. */
async function startKiteJs(name: string): Promise<{ url: string; close: () => void }> {
  const port = await freePort();
  const server = new kitejs.KiteServer({
    name,
    auth: false,
    logLevel: 0,
    prefix: '/kite',
    serverClass: kitejs.KiteServer.transport.SockJS,
    api: {
      who: (done: Done) => done(null, name),
      fail: (done: Done) => done({ message: `${name} failed` }),
    },
  });
  server.listen(port);
  let isOpen = true;
  const close = (): void => {
    if (isOpen) server.close();
    isOpen = false;
  };
  onTestFinished(close);
  return { url: `http://127.0.0.1:${port}/kite`, close };
}

/** Resolves when a service is connected to as many kites. */
async function whenReady(service: Service, count: number): Promise<void> {
  const isReady = (): boolean =>
    service.metrics().kites.filter(({ state }) => state === 'ready').length >= count;
  while (!isReady()) await new Promise((resolve) => service.once('ready', resolve));
}

/** Who answers the next calls. */
async function answering(service: Service, calls: number): Promise<Set<unknown>> {
  const names = new Set<unknown>();
  for (let n = 0; n < calls; n++) names.add(await service.tell('who'));
  return names;
}

describe('a service of kites of other implementations', () => {
  it('kites of kite.js are called in turn, and their errors are those of the calls', async () => {
    const servers = [await startKiteJs('one'), await startKiteJs('two')];
    const caller = makeKite('caller', { kiteKey: false });
    const service = caller.service(
      servers.map(({ url }) => url),
      { balance: 'roundRobin', idempotent: true, client: { backoff: { initial: 10 } } },
    );
    await whenReady(service, 2);
    expect(await answering(service, 2)).toEqual(new Set(['one', 'two']));
    await expect(service.tell('fail')).rejects.toMatchObject({
      message: expect.stringMatching(/^\w+ failed$/),
    });
    const answers: unknown[] = [];
    for await (const { result } of service.all('who')) answers.push(result);
    expect(new Set(answers)).toEqual(new Set(['one', 'two']));
  });

  it('a Kontrol of Go, which has no watch, is queried every two seconds, and its kites are called with its tokens', async () => {
    const kontrol = await GoKontrol.start();
    onTestFinished(() => kontrol.close());
    const start = async (name: string): Promise<Kite> => {
      const kite = makeKite('math', { port: 0, kiteKey: kontrol.keyOf('bob'), environment: 'prod' });
      kite.handle('who', ({ username }) => `${name} for ${username}`);
      await kite.listen();
      await kite.registerForever();
      return kite;
    };
    const first = await start('one');
    const clock = new ManualClock(Date.now());
    const caller = makeKite('caller', {
      kiteKey: kontrol.keyOf('bob'),
      clock,
      limits: { idleTimeout: 0 },
    });
    const service = caller.service('/bob/prod/math', { balance: 'roundRobin' });
    expect(await service.tell('who')).toBe('one for bob');
    await start('two');
    const ready = whenReady(service, 2);
    clock.advance(2000);
    await ready;
    expect(await answering(service, 2)).toEqual(new Set(['one for bob', 'two for bob']));
    await first.close({ drainTimeout: 100 });
    expect(await answering(service, 3)).toEqual(new Set(['two for bob']));
  });
});
