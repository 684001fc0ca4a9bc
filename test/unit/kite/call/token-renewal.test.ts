import { describe, expect, it } from 'vitest';
import { TOKEN_LEEWAY } from '../../../../src/lib/keys/jwt-claims.js';
import { TokenRenewal } from '../../../../src/lib/kite/call/token-renewal.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';
import { makeCore, memoryDialer, settled } from '../../../helpers/kite/cores.js';

const DAY = 86_400_000;

const HOUR = 3_600_000;
const token = (number: number, expiresAt: number): string =>
  `h.${Buffer.from(JSON.stringify({ exp: expiresAt / 1000, jti: `${number}` })).toString('base64url')}.s`;

/** A client with a token for 48 hours, and a kite that accepts tokens until they expire or are revoked. */
async function renewingClient() {
  const refused = new Set<string>();
  const server = makeCore({
    verify({ auth }) {
      const { key } = auth as { key: string };
      const { exp } = JSON.parse(atob(key.split('.')[1] ?? '')) as { exp: number };
      if (exp * 1000 > caller.clock.now() && !refused.has(key)) return { username: 'bob', claims: {} };
      throw new KiteError('authenticationError', 'token: token is expired');
    },
  });
  server.handle('work', () => 'done');
  const caller = makeCore({ dialer: memoryDialer(server).dialer, timeout: 0 });
  const requested: string[] = [];
  const state = { failures: 0 };
  const client = caller.newClient('memory:', {
    auth: { type: 'token', key: token(0, caller.clock.now() + 48 * HOUR) },
    renewToken: (why) => {
      requested.push(why);
      if (state.failures-- > 0) return Promise.reject(new Error('Kontrol is gone'));
      return Promise.resolve(token(requested.length, caller.clock.now() + 48 * HOUR));
    },
  });
  const events: string[] = [];
  client.on('tokenExpire', () => events.push('tokenExpire'));
  client.on('tokenRenew', () => events.push('tokenRenew'));
  await client.dial();
  const pass = async (ms: number): Promise<void> => {
    caller.clock.advance(ms);
    await settled();
  };
  return { client, caller, requested, events, refused, state, pass };
}

describe('the token of a client', () => {
  it('the token of a client is renewed 30 s before it expires', async () => {
    const { requested, events, pass } = await renewingClient();
    await pass(48 * HOUR - 30_001);
    expect(requested).toEqual([]);
    await pass(1);
    expect(requested).toEqual(['expiring']);
    expect(events).toEqual(['tokenExpire', 'tokenRenew']);
  });

  it('the token of a client is valid for ten days, through five renewals', async () => {
    const { client, requested, pass } = await renewingClient();
    for (let hours = 0; hours < 240; hours++) {
      await pass(HOUR);
      expect(await client.tell('work')).toBe('done');
    }
    expect(requested).toEqual(Array.from({ length: (10 * DAY) / (48 * HOUR) }, () => 'expiring'));
  });

  it('the token of a client is renewed once for all calls that were rejected with it, and they are retried', async () => {
    const { client, requested, refused } = await renewingClient();
    refused.add(client.auth?.key ?? '');
    const calls = [client.tell('work'), client.tell('work'), client.tell('work')];
    expect(await Promise.all(calls)).toEqual(['done', 'done', 'done']);
    expect(requested).toEqual(['refused']);
  });

  it('a token that is rejected again fails the call', async () => {
    const { client, requested, refused, caller } = await renewingClient();
    refused.add(client.auth?.key ?? '').add(token(1, caller.clock.now() + 48 * HOUR));
    await expect(client.tell('work')).rejects.toThrow('token is expired');
    expect(requested).toEqual(['refused']);
  });

  it('the renewal of a token is retried later if Kontrol is unreachable', async () => {
    const { client, requested, state, pass } = await renewingClient();
    state.failures = 2;
    await pass(48 * HOUR - 30_000);
    await pass(1000);
    await pass(2000);
    expect(requested).toHaveLength(3);
    expect(await client.tell('work')).toBe('done');
  });

  it('the token of a client is not renewed after the client is closed', async () => {
    const { client, caller, requested, pass } = await renewingClient();
    client.close();
    await pass(10 * DAY);
    expect(requested).toEqual([]);
    expect(caller.clock.timers).toBe(0);
  });
});

/**
 * A renewal on a machine whose clock is `wrong` milliseconds ahead of that of Kontrol, which issues tokens that are `age`
 * milliseconds old.
 */
function renewalAt({ wrong = 0, age = 0, lifetime }: { wrong?: number; age?: number; lifetime: number }) {
  const clock = new ManualClock();
  const ofKontrol = new ManualClock();
  clock.adjust(wrong);
  const warnings: string[] = [];
  const left: number[] = [];
  const leeway = Math.min(TOKEN_LEEWAY, lifetime);
  let expiresAt = 0;
  const issue = (): string => {
    const issuedAt = ofKontrol.now() - age;
    expiresAt = issuedAt + lifetime + leeway;
    const claims = JSON.stringify({ iat: (issuedAt - leeway) / 1000, exp: expiresAt / 1000 });
    return `h.${Buffer.from(claims).toString('base64url')}.s`;
  };
  let current = issue();
  const none = (): void => {};
  const renewal = new TokenRenewal({
    clock,
    logger: { debug: none, info: none, warn: (text) => void warnings.push(text), error: none },
    token: () => current,
    expired: none,
    renewed: (token) => {
      current = token;
      renewal.schedule();
    },
    renewToken: () => {
      left.push(expiresAt - ofKontrol.now());
      return Promise.resolve(issue());
    },
  });
  const pass = async (ms: number, step: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += step) {
      ofKontrol.advance(step);
      clock.advance(step);
      await settled();
    }
  };
  return { clock, warnings, left, pass, stop: () => renewal.stop() };
}

describe('tokens that arrive expired', () => {
  it('tokens that arrive expired are not requested all the time, and logged once with the difference of the clocks', async () => {
    const { left, warnings, pass, stop } = renewalAt({ age: 3 * HOUR, lifetime: HOUR });
    await pass(60_000, 100);
    stop();
    expect(left).toHaveLength(1);
    expect(warnings).toEqual(['The clock here is 10800 s ahead of that of Kontrol']);
  });

  it('tokens that are valid for less than the time before a renewal are renewed when half of it has passed', async () => {
    const { left, warnings, pass, stop } = renewalAt({ lifetime: 10_000 });
    await pass(60_000, 100);
    stop();
    expect(left.length).toBeLessThan(15);
    expect(left.length).toBeGreaterThan(3);
    expect(warnings).toEqual([]);
  });
});

describe('the renewal of a token on a machine with a wrong clock', () => {
  const clocks = [-HOUR, HOUR, -10 * DAY, 10 * DAY];
  const lifetimes = [10 * 60_000, HOUR, 48 * HOUR];
  const cases = clocks.flatMap((wrong) => lifetimes.map((lifetime) => [wrong, lifetime] as const));

  it.each(cases)(
    'a token is renewed before it expires, and not all the time, if the clock is %d ms ahead of Kontrol and the token lasts %d ms',
    async (wrong, lifetime) => {
      const { left, pass, stop } = renewalAt({ wrong, lifetime });
      await pass(5 * lifetime, 10_000);
      stop();
      // The first token may be exchanged at once: it is not known that it is new.
      expect(left.length).toBeGreaterThan(2);
      expect(left.length).toBeLessThan(8);
      expect(Math.min(...left)).toBeGreaterThan(0);
    },
  );

  it('a token is renewed in time although the clock is set back and forward by an hour', async () => {
    const { clock, left, pass, stop } = renewalAt({ lifetime: HOUR });
    for (const ms of [-HOUR, HOUR, HOUR, -HOUR]) {
      await pass(25 * 60_000, 10_000);
      clock.adjust(ms);
      await pass(65 * 60_000, 10_000);
    }
    stop();
    expect(left.length).toBeGreaterThan(4);
    expect(left.length).toBeLessThan(10);
    expect(Math.min(...left)).toBeGreaterThan(0);
  });
});

describe('a renewal of a token that takes long', () => {
  /** A renewal whose requests wait for an answer. */
  function slowRenewal() {
    const clock = new ManualClock();
    const warnings: string[] = [];
    const requests: { resolve(token: string): void; reject(error: Error): void }[] = [];
    const none = (): void => {};
    const renewal = new TokenRenewal({
      clock,
      logger: { debug: none, info: none, warn: (text) => void warnings.push(text), error: none },
      token: () => token(0, clock.now() + HOUR),
      expired: none,
      renewed: none,
      renewToken: () => new Promise((resolve, reject) => requests.push({ resolve, reject })),
    });
    return { renewal, clock, warnings, requests };
  }

  it.each(['an answer', 'a failure'])(
    'a renewal of a token that gets %s after the client was closed is not logged',
    async (kind) => {
      const { renewal, clock, warnings, requests } = slowRenewal();
      clock.advance(HOUR);
      await settled();
      renewal.stop();
      if (kind === 'an answer') requests[0]?.resolve('late');
      else requests[0]?.reject(new Error('late'));
      await settled();
      expect({ requests: requests.length, warnings, timers: clock.timers }).toEqual({
        requests: 1,
        warnings: [],
        timers: 0,
      });
    },
  );

  it('a renewal of a token that fails after another token was set leaves one timer', async () => {
    const { renewal, clock, requests } = slowRenewal();
    clock.advance(HOUR);
    await settled();
    renewal.schedule();
    requests[0]?.reject(new Error('late'));
    await settled();
    expect(clock.timers).toBe(1);
    renewal.stop();
    expect(clock.timers).toBe(0);
  });
});

describe('tokens with invalid times', () => {
  const times: readonly unknown[] = [0, -1, 1e300, -1e300, 1e15, '5', null, {}, [], true, undefined];
  const pairs = times.flatMap((iat) => times.map((exp) => [iat, exp] as const));

  it('tokens with invalid times are not requested all the time, and the next ones are renewed', async () => {
    let cases = 0;
    for (const [iat, exp] of pairs) {
      const clock = new ManualClock();
      let requests = 0;
      const hostile = `h.${Buffer.from(JSON.stringify({ iat, exp })).toString('base64url')}.s`;
      let current = hostile;
      const none = (): void => {};
      const renewal = new TokenRenewal({
        clock,
        logger: { debug: none, info: none, warn: none, error: none },
        token: () => current,
        expired: none,
        renewed: (next) => {
          current = next;
          renewal.schedule();
        },
        renewToken: () => {
          requests++;
          return Promise.resolve(hostile);
        },
      });
      for (let second = 0; second < 60; second++) {
        clock.advance(1000);
        await settled();
      }
      expect({ iat, exp, often: requests > 20 }).toEqual({ iat, exp, often: false });
      // A good token again.
      const now = clock.now();
      current = `h.${Buffer.from(JSON.stringify({ iat: now / 1000, exp: (now + HOUR) / 1000 })).toString('base64url')}.s`;
      renewal.schedule();
      const before = requests;
      for (let minute = 0; minute < 60; minute++) {
        clock.advance(60_000);
        await settled();
      }
      expect({ iat, exp, renewed: requests > before }).toEqual({ iat, exp, renewed: true });
      renewal.stop();
      cases++;
    }
    console.log(`times in tokens: ${cases} cases`);
  });
});
