import { TOKEN_LEEWAY } from '../../../src/lib/keys/jwt-claims.js';
import { KontrolTime } from '../../../src/lib/kite/call/kontrol-time.js';
import { PendingCalls } from '../../../src/lib/kite/call/pending-calls.js';
import { TokenRenewal } from '../../../src/lib/kite/call/token-renewal.js';
import { HttpRegistration } from '../../../src/lib/kite/kontrol/http-registration.js';
import { VerifiedCredentials } from '../../../src/lib/kite/trust/verified-credentials.js';
import { Invites } from '../../../src/lib/kontrol/admin/invites.js';
import { SignInCodes } from '../../../src/lib/kontrol/admin/sign-in-codes.js';
import { Registry } from '../../../src/lib/kontrol/registry/registry.js';
import { MemoryStorage } from '../../../src/lib/kontrol/storage/memory/memory-storage.js';
import type { Caller } from '../../../src/lib/kontrol/tokens/caller.js';
import { type ProxiedPeer, ProxyTable } from '../../../src/lib/proxy/shared/proxy-table.js';
import { TunnelTokens } from '../../../src/lib/proxy/tunnel/tunnel-tokens.js';
import { type WaitingCallersOptions, WaitingCallers } from '../../../src/lib/proxy/tunnel/waiting-callers.js';
import { Handshake } from '../../../src/lib/transport/handshake/handshake.js';
import { ClientHeartbeat } from '../../../src/lib/transport/sockjs/client-heartbeat.js';
import type { Clock } from '../../../src/lib/util/clock.js';
import { withDeadline } from '../../../src/lib/util/deadline.js';
import { Emitter } from '../../../src/lib/util/emitter.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { LruMap } from '../../../src/lib/util/lru-map.js';
import { steadyClock } from '../../../src/lib/util/steady-clock.js';
import { TokenBucket } from '../../../src/lib/util/token-bucket.js';
import { makeCore } from '../kite/cores.js';
import { testIdentity } from '../kite/keys.js';
import { registration } from '../kontrol/kontrol.js';

/** Something that ends after a time. `end` is called when it does, unless `hasEnded` finds out. */
export interface Wait {
  readonly name: string;
  /** Starts a wait of `ms` milliseconds. Returns how to find out whether it has ended, and how to end it. */
  start(clock: Clock, ms: number, end: () => void): { hasEnded?: () => boolean; stop?: () => void };
}

const url = 'http://kontrol:4000/kite';
const caller: Caller = {
  type: 'kiteKey',
  username: 'bob',
  kiteKeyId: '',
  issuedAt: 0,
  sessionEnd: Number.POSITIVE_INFINITY,
};

/** Every kind of deadline, lease and delay that compares times or sets a timer for a duration that somebody can choose. */
export const WAITS: readonly Wait[] = [
  {
    name: 'a call',
    start(clock, ms, end) {
      const calls = new PendingCalls(clock);
      const call = {
        method: 'm',
        resolve: () => {},
        callbacks: undefined,
        unlisten: undefined,
        deadline: Infinity,
      };
      calls.open({ ...call, timeout: ms, reject: end });
      return { stop: () => calls.failAll(() => new Error('closed')) };
    },
  },
  {
    name: 'the deadline of a promise',
    start(clock, ms, end) {
      let finish = (): void => {};
      const work = new Promise<void>((resolve) => (finish = resolve));
      void withDeadline(work, { clock, ms, onTimeout: () => new Error('late') }).catch(end);
      return { stop: () => finish() };
    },
  },
  {
    name: 'an entry of a cache',
    start(clock, ms) {
      const map = new LruMap<string>(10, clock);
      map.set('a', 'A', ms);
      return { hasEnded: () => map.get('a') === undefined };
    },
  },
  {
    name: 'a rate limit',
    start(clock, ms) {
      const bucket = new TokenBucket(ms, 1, clock);
      bucket.take();
      return { hasEnded: () => bucket.take() };
    },
  },
  {
    name: 'a handshake',
    start(clock, ms, end) {
      const handshake = new Handshake(new URL(url), { clock, handshakeTimeout: ms, signal: undefined }, end);
      return { stop: () => handshake.succeed() };
    },
  },
  {
    name: 'the idle timeout of a connection',
    start(clock, ms, end) {
      const heartbeat = new ClientHeartbeat(clock, 3 * ms);
      heartbeat.watch({ beat: end });
      return { stop: () => heartbeat.channelEnded() };
    },
  },
  {
    name: 'the next attempt of dialForever',
    start(clock, ms, end) {
      let attempts = 0;
      const dialer = (): Promise<never> => {
        if (++attempts > 1) end();
        return Promise.reject(new Error('refused'));
      };
      const core = makeCore({ clock, dialer });
      const client = core.newClient(url, { backoff: { initial: ms, max: ms, random: () => 0 } });
      client.dialForever().catch(() => {});
      return { stop: () => client.close() };
    },
  },
  {
    name: 'the renewal of a token',
    start(clock, ms, end) {
      const [iat, exp] = [clock.now() - TOKEN_LEEWAY, clock.now() + ms + 30_000].map((time) => time / 1000);
      const token = `h.${Buffer.from(JSON.stringify({ iat, exp })).toString('base64url')}.s`;
      const renewal = new TokenRenewal({
        clock,
        logger: silentLogger,
        token: () => token,
        expired: end,
        renewed: () => {},
        renewToken: () => new Promise(() => {}),
      });
      return { stop: () => renewal.stop() };
    },
  },
  {
    name: 'a request to register over HTTP',
    start(clock, ms, end) {
      const registering = new HttpRegistration({
        urls: [url],
        url: 'http://me/kite',
        kite: testIdentity(),
        auth: () => null,
        time: new KontrolTime(clock),
        registered: () => Promise.resolve(),
        timeout: ms,
        clock,
        logger: silentLogger,
        sendHttp: (_, { signal }) => {
          signal.addEventListener('abort', end);
          return new Promise(() => {});
        },
      });
      registering.start().catch(() => {});
      return { stop: () => registering.stop() };
    },
  },
  {
    name: 'a verified credential',
    start(clock, ms) {
      const credentials = new VerifiedCredentials(ms, clock);
      const key = 'a key that is long enough';
      credentials.add({ type: 'token', key } as never, Number.POSITIVE_INFINITY);
      return { hasEnded: () => credentials.get('token', key) === undefined };
    },
  },
  {
    name: 'a token that was verified until it expires',
    start(clock, ms) {
      const credentials = new VerifiedCredentials(100 * ms, clock);
      const key = 'a key that is long enough';
      credentials.add({ type: 'token', key } as never, clock.now() + ms);
      return { hasEnded: () => credentials.get('token', key) === undefined };
    },
  },
  {
    name: 'the lease of a kite',
    start(clock, ms) {
      const registry = new Registry({ clock, logger: silentLogger, lease: ms, sweepInterval: 10 * ms });
      registry.set(registration('a'), 'connection');
      return { hasEnded: () => registry.get('a') === undefined, stop: () => registry.close() };
    },
  },
  {
    name: 'the lease of a kite in a store that nodes share',
    start(clock, ms) {
      const options = {
        clock,
        logger: silentLogger,
        lease: ms / 2,
        storedLease: ms,
        handover: 0,
        sweepInterval: 10 * ms,
      };
      const registry = new Registry(options);
      registry.set({ ...registration('a'), expiresAt: clock.now() + ms }, 'store');
      return { hasEnded: () => registry.get('a') === undefined, stop: () => registry.close() };
    },
  },
  {
    name: 'an invite in memory',
    start(clock, ms, end) {
      const invites = new Invites(new MemoryStorage(), steadyClock(clock));
      const issued = [invites.issue('bob', { ttl: ms }), invites.issue('bob', { ttl: ms })];
      const redeem = async (): Promise<void> => {
        const invite = await invites.redeem((await issued.pop()) ?? '', 'bob');
        if (invite === undefined) end();
      };
      return {
        hasEnded: () => {
          void redeem();
          return false;
        },
      };
    },
  },
  {
    name: 'a code to sign in',
    start(clock, ms) {
      const codes = new SignInCodes(clock, { signInCodes: 10, signInCodesPerUser: 10, signInCodeTtl: ms });
      const issued = [codes.issue(caller), codes.issue(caller)];
      return { hasEnded: () => codes.redeem(issued.pop() ?? '') === undefined };
    },
  },
  {
    name: 'the id of a kite that has left a proxy',
    start(clock, ms) {
      const table = new ProxyTable<string>(clock, silentLogger, { reservedIds: 10, reservationTime: ms });
      const add = (username: string): Emitter<{ disconnect: [] }> => {
        const client = new Emitter<{ disconnect: [] }>(silentLogger);
        table.add({ kite: testIdentity({ username }), client: client as unknown as ProxiedPeer, target: '' });
        return client;
      };
      add('alice').emit('disconnect');
      const hasEnded = (): boolean => {
        try {
          add('mallory');
          return true;
        } catch {
          return false;
        }
      };
      return { hasEnded, stop: () => table.close() };
    },
  },
  {
    name: 'a token for a tunnel',
    start(clock, ms) {
      const tokens = new TunnelTokens(clock, ms);
      const token = tokens.sign({ kiteId: 'a', tunnel: 1 });
      return { hasEnded: () => tokens.read(token) === undefined };
    },
  },
  {
    name: 'a caller that waits for a tunnel',
    start(clock, ms, end) {
      const limits: WaitingCallersOptions['limits'] = { tunnelTimeout: ms, waitingCallers: 10 };
      const waiting = new WaitingCallers({ clock, limits, onTimeout: end });
      waiting.add({ kite: testIdentity() } as never, {} as never, undefined);
      return { stop: () => waiting.delete(1) };
    },
  },
];
