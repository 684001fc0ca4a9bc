import { describe, expect, it } from 'vitest';
import { isKiteError, type Kite } from '../../../src/lib/index.js';
import type { Kontrol } from '../../../src/lib/kontrol.js';
import type { Logger } from '../../../src/lib/util/logger.js';
import { errorText } from '../../../src/lib/util/message-of.js';
import { ErrorLog } from '../../helpers/fuzz/error-log.js';
import { fuzz, fuzzTimeout } from '../../helpers/fuzz/fuzz-run.js';
import { mutateJson } from '../../helpers/fuzz/mutate.js';
import { testIdentity } from '../../helpers/kite/keys.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { pageFolder } from '../../helpers/kontrol/page-folder.js';
import { makeKite, startKite, startReverseProxy } from '../../helpers/proxy/proxy.js';
import { startTunnelProxy } from '../../helpers/proxy/tunnel.js';

// Calls of every method with arguments of the wrong type and shape, by a user and by Kontrol's own.

const ignore = (): null => null;
const KITE = testIdentity({ username: 'bob', environment: 'prod', name: 'math' });
const QUERY = { username: 'bob', environment: 'prod', name: 'math', version: '>= 1.0', region: 'eu' };
const URL_OF_KITE = 'http://127.0.0.1:1/kite';

/** Plausible arguments by method. Other methods get those of all. */
const ARGUMENTS: Readonly<Record<string, readonly unknown[]>> = {
  register: [{ url: URL_OF_KITE }],
  getKites: [{ query: QUERY, watchCallback: ignore, who: { name: 'x' } }],
  getToken: [{ ...QUERY, force: true }],
  cancelWatcher: ['1'],
  watchKeys: [ignore],
  registerMachine: ['mallory', 'x'.repeat(32)],
  signIn: [{ code: 'x'.repeat(32) }],
  'kite.handleWebRTC': [{ type: 'offer', dst: KITE.id, payload: { sdp: 'x' } }],
  'kite.heartbeat': [1, ignore],
  'kite.tunnel': [{ url: 'ws://127.0.0.1:1/' }],
  'kite.log': ['x'],
  'kite.print': ['x'],
  'kontrol.invite': [{ username: 'mallory', ttl: 1000 }],
  'kontrol.user': [{ username: 'bob' }],
  'kontrol.revokeUser': [{ username: 'mallory' }],
  'kontrol.revokeKiteKey': [{ id: 'x' }],
  'kontrol.revokeKeyPair': [{ id: 'x' }],
  'proxy.status': [{ x: 1 }],
  square: [4],
};

/** Methods that create keys, or prompt a person, each time. */
const EXCLUDED: readonly string[] = ['kontrol.rotateKeys'];

const SERVERS: Readonly<Record<string, (kontrol: Kontrol, logger: Logger) => Promise<Kite>>> = {
  'a kite': (kontrol, logger) => startKite(kontrol, { logger }),
  'a Kontrol': (kontrol) => Promise.resolve(kontrol.kite),
  'a reverse proxy': async (kontrol, logger) => (await startReverseProxy(kontrol, { logger })).kite,
  'a tunnel proxy': async (kontrol, logger) => (await startTunnelProxy(kontrol, { logger })).kite,
};

/** Words of errors of JavaScript itself: an argument was used before it was checked. */
const ACCIDENT =
  /is not a function|is not iterable|Cannot (?:read|set|convert|destructure)|Invalid (?:array|string) length|call stack/;

describe('random arguments', () => {
  it.each(Object.keys(SERVERS))(
    'random arguments of methods get an error of this library, and end nothing: %s',
    { timeout: fuzzTimeout() },
    async (name) => {
      const logger = new ErrorLog();
      const { kontrol } = await startKontrol({ logger, page: pageFolder(), webrtc: true });
      const server = await SERVERS[name]?.(kontrol, logger);
      if (!server) throw new Error('there is no such server');
      const methods = server
        .describe()
        .methods.map((method) => method.name)
        .filter((method) => !EXCLUDED.includes(method));
      const callers = await Promise.all(
        ['bob', 'kontrol'].map(async (username) => {
          const key = await kontrol.newKiteKey(username);
          const kite = await makeKite(kontrol, { username, kiteKey: key });
          kite.handle('kite.who', ({ args }) => args).disableAuthentication();
          return { kite, auth: { type: 'kiteKey', key } };
        }),
      );
      await fuzz(name, async (dice) => {
        const { kite, auth } = dice.pick(callers);
        const client = kite.newClient(server.url ?? '', { auth, trustRemote: true, timeout: 30_000 });
        await client.dial();
        for (let times = 5; times > 0; times--) {
          const method = dice.pick(methods);
          const plausible = ARGUMENTS[method] ?? dice.pick(Object.values(ARGUMENTS));
          const mutated = mutateJson(plausible, dice);
          const args = Array.isArray(mutated) ? mutated : [mutated];
          const error: unknown = await client.call(method, args).then(
            () => undefined,
            (reason: unknown) => reason,
          );
          if (error === undefined) continue;
          expect(isKiteError(error), `${method}: ${errorText(error)}`).toBe(true);
          expect(`${method}: ${errorText(error)}`).not.toMatch(ACCIDENT);
          if (!client.connected) break;
        }
        client.close();
        expect(logger.errors).toEqual([]);
      });
      const honest = callers[0]?.kite.newClient(server.url ?? '');
      await honest?.dial();
      expect(await honest?.tell('kite.ping')).toBe('pong');
      honest?.close();
    },
  );
});
