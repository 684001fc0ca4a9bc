import kitejs from 'kite.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite, type Service } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { connect, startKontrol } from '../../helpers/kontrol/kontrol.js';
import { freePort } from '../../helpers/process/free-port.js';
import { FakeStorage } from '../../helpers/storage/fake-storage.js';
import { startCutLink } from '../../helpers/transport/cut-link.js';

type Done = (error: unknown, result?: unknown) => void;

const SLOW = { timeout: 60_000 };

/** Starts a server of kite.js that serves `name`. */
function startKiteJs(port: number, name: string) {
  const server = new kitejs.KiteServer({
    name: 'math',
    auth: false,
    logLevel: 0,
    prefix: '/kite',
    serverClass: kitejs.KiteServer.transport.SockJS,
    api: {
      name: (done: Done) => done(null, name),
      square: (n: number, done: Done) => done(null, n * n),
    },
  });
  server.listen(port);
  onTestFinished(() => server.close());
}

function makeKite(name: string, options: ConstructorParameters<typeof Kite>[2] = {}): Kite {
  const kite = new Kite(name, '1.0.0', {
    port: 0,
    environment: 'prod',
    env: {},
    logger: silentLogger,
    ...options,
  });
  kite.handle('name', () => kite.identity.id).disableAuthentication();
  onTestFinished(() => kite.close({ drainTimeout: 100 }));
  return kite;
}

/** Calls `name` until each of so many kites has answered. */
async function namesOf(service: Service, count: number): Promise<Set<unknown>> {
  const names = new Set<unknown>();
  while (names.size < count) names.add(await service.tell('name'));
  return names;
}

const until = (service: Service, event: 'out' | 'gone' | 'silent' | 'ready'): Promise<unknown> =>
  new Promise((resolve) => service.once(event, (...args: unknown[]) => resolve(args)));

describe('a service with kites of kite.js', () => {
  it(
    'a server of kite.js that registers is found by a service, and gone soon after its registration drops',
    SLOW,
    async () => {
      const { kontrol } = await startKontrol({ timings: { grace: 500 } });
      const port = await freePort();
      startKiteJs(port, 'js');
      const link = await startCutLink(Number(new URL(kontrol.kite.url ?? '').port));
      const { kite, key } = await connect(kontrol, 'bob');
      const registrant = kite.newClient(`http://127.0.0.1:${link.port}/kite`, {
        auth: { type: 'kiteKey', key: key.jwt },
        trustRemote: true,
      });
      await registrant.dial();
      await registrant.tell('register', { url: `http://127.0.0.1:${port}/kite` });
      const caller = makeKite('caller', {
        kiteKey: await kontrol.newKiteKey('bob'),
        kontrolUrl: kontrol.kite.url ?? '',
      });
      const service = caller.service('/bob/prod/math', { client: { auth: null } });
      expect(await service.tell('square', 4)).toBe(16);
      const [isSilent, isGone] = [until(service, 'silent'), until(service, 'gone')];
      link.block();
      await isSilent;
      expect(await service.tell('square', 5)).toBe(25);
      await isGone;
    },
  );
});

describe('a service with several Kontrols', () => {
  it(
    'a kite whose connection to another Kontrol drops is silent at once, called while it answers, and gone after the grace',
    SLOW,
    async () => {
      const storage = new FakeStorage();
      const timings = { grace: 3000 };
      const [here, there] = [
        await startKontrol({ storage, timings }),
        await startKontrol({ storage, timings }),
      ];
      const kiteKey = await here.kontrol.newKiteKey('bob');
      const own = makeKite('math', { kiteKey, kontrolUrl: there.url });
      await own.listen();
      await own.registerForever();
      // Its connection to Kontrol is not that of a kite which returns.
      const lost = await connect(there.kontrol, 'bob', { kite: { port: 0 } });
      lost.kite.handle('name', () => 'lost').disableAuthentication();
      await lost.kite.listen();
      const link = await startCutLink(Number(new URL(there.url).port));
      const registrant = lost.kite.newClient(`http://127.0.0.1:${link.port}/kite`, {
        auth: { type: 'kiteKey', key: lost.key.jwt },
        trustRemote: true,
      });
      await registrant.dial();
      await registrant.tell('register', { url: lost.kite.url });
      const caller = makeKite('caller', { kiteKey, kontrolUrl: [here.url, there.url] });
      const service = caller.service('/bob/prod/math', { balance: 'roundRobin', region: '' });
      expect(await namesOf(service, 2)).toEqual(new Set([own.identity.id, 'lost']));
      const [isSilent, isGone] = [until(service, 'silent'), until(service, 'gone')];
      link.block();
      await isSilent;
      // It still answers.
      expect(await namesOf(service, 2)).toEqual(new Set([own.identity.id, 'lost']));
      await isGone;
      for (let n = 0; n < 5; n++) expect(await service.tell('name')).toBe(own.identity.id);
      expect(service.metrics().events).toMatchObject({ silent: 1, gone: 1 });
    },
  );
});
