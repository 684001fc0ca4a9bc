import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { testIdentity, testKeyPair, testKiteKey } from '../../helpers/kite/keys.js';
import { type Dice, fuzz, fuzzTimeout } from '../../helpers/fuzz/fuzz-run.js';
import { startHostileServer } from '../../helpers/fuzz/hostile-server.js';
import { ALL_TRANSPORTS } from '../../helpers/transport/transports.js';

// Answers of hostile servers: to dialing, calls, callbacks, registrations, queries and requests for tokens.

/** Milliseconds after which a client is closed. */
const PATIENCE = 100;

/** What a client does with the hostile server. */
type ClientWork = (kite: Kite, url: string, dice: Dice) => Promise<unknown>;

const query = { username: 'bob', environment: 'prod', name: 'math' };

const CLIENTS: Readonly<Record<string, ClientWork>> = {
  'a caller': async (kite, url, dice) => {
    const client = kite.newClient(url, {
      transport: dice.pick(ALL_TRANSPORTS),
      auth: { type: 'kiteKey', key: 'secret' },
      trustRemote: dice.chance(0.5) ? true : [],
    });
    await client.dial();
    const onCall = (...args: unknown[]): void => {
      const [first] = args;
      if (typeof first === 'function') (first as (...values: unknown[]) => void)(args);
    };
    await Promise.all([
      client.tell('square', 4, onCall),
      client.tell('other', { onCall }),
      client.tell('kite.ping'),
    ]);
  },
  'a client that keeps dialing': async (kite, url, dice) => {
    const client = kite.newClient(url, { transport: dice.pick(ALL_TRANSPORTS) });
    await client.dialForever();
    await client.tell('square', 4);
  },
  'a registration': (kite) => kite.register({ url: 'http://127.0.0.1:1/kite' }),
  'a maintained registration': (kite) => kite.registerForever({ url: 'http://127.0.0.1:1/kite' }),
  'a registration over HTTP': (kite) => kite.registerHttp({ url: 'http://127.0.0.1:1/kite' }),
  'a query': async (kite) => {
    const found = await kite.getKites(query);
    await Promise.all(found.slice(0, 3).map((remote) => remote.client().dial()));
  },
  'a watch': (kite) => kite.watchKites(query, () => {}),
  'a request for a token': (kite) => kite.getToken(query),
  'a request for the key': (kite) => kite.getKey(),
  'a registration at a reverse proxy': (kite, proxyUrl) =>
    kite.registerToProxy({ proxyUrl, url: 'http://127.0.0.1:1/kite' }),
  'a registration at a tunnel proxy': (kite, proxyUrl) => kite.registerToTunnel({ proxyUrl }),
};

describe('random answers to clients', () => {
  it.each(Object.keys(CLIENTS))(
    'random answers end neither the process nor the other work of a client: %s',
    { timeout: fuzzTimeout() },
    async (name) => {
      const run = CLIENTS[name];
      if (!run) throw new Error('there is no such client');
      const keys = await testKeyPair();
      const key = testKiteKey('bob', keys, systemClock).jwt;
      const identity = testIdentity({ username: 'bob' });
      const kites = [{ kite: identity, url: 'http://127.0.0.1:1/kite', token: key, keyId: '1' }];
      const results = {
        register: {
          url: 'http://127.0.0.1:1/kite',
          heartbeatInterval: 10,
          publicKey: keys.publicKey,
          kiteKey: key,
        },
        getKites: { kites, watcherID: '1' },
        getToken: key,
        getKey: keys.publicKey,
        registerMachine: key,
        'kite.ping': 'pong',
      };
      const good = new Kite('good', '1.0.0', { port: 0, kiteKey: false, env: {}, logger: silentLogger });
      good.handle<[number]>('square', ({ args: [n] }) => n * n).disableAuthentication();
      await good.listen();
      onTestFinished(() => good.close());
      let failed = 0;
      const { cases } = await fuzz(name, async (dice) => {
        const ofProxy = name.endsWith(' proxy') && { register: 'http://127.0.0.1:1/proxy/x' };
        const server = await startHostileServer(dice, { ...results, ...ofProxy });
        const kite = new Kite('math', '1.0.0', {
          kiteKey: key,
          kontrolUrl: server.url,
          env: {},
          logger: silentLogger,
          timeout: PATIENCE,
          handshakeTimeout: PATIENCE,
        });
        kite.handle('log', () => null);
        const work = run(kite, server.url, dice).then(
          () => undefined,
          (error: unknown) => error,
        );
        try {
          await Promise.race([work, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
          // The same kite still calls others.
          if (dice.chance(0.1)) {
            const client = kite.newClient(good.url ?? '', { timeout: 30_000, handshakeTimeout: 30_000 });
            await client.dial();
            expect(await client.tell('square', 4)).toBe(16);
          }
        } finally {
          await kite.close({ drainTimeout: 0 });
          server.close();
        }
        const error = await work;
        if (error !== undefined) failed++;
        expectDeliberate(error);
      });
      expect(failed).toBeGreaterThan(cases / 20);
    },
  );
});

/** Errors of JavaScript itself show that an answer was used before it was checked. */
function expectDeliberate(error: unknown): void {
  if (error === undefined) return;
  if (error instanceof Error && !/^(?:Type|Range|Syntax|Reference|URI)Error$/.test(error.name)) return;
  throw new Error('The error is not one of this library', { cause: error });
}
