import { describe, expect, it } from 'vitest';
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
    authenticator: {
      verify({ auth }) {
        const { key } = auth as { key: string };
        const { exp } = JSON.parse(atob(key.split('.')[1] ?? '')) as { exp: number };
        if (exp * 1000 > caller.clock.now() && !refused.has(key)) return 'bob';
        throw new KiteError('authenticationError', 'token: token is expired');
      },
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

/** A renewal whose tokens are as old as `age` says when they arrive, and what it logs and requests in a time. */
async function renewalOf(age: number, lifetime: number) {
  const clock = new ManualClock();
  const warnings: string[] = [];
  let requests = 0;
  const issue = (): string => {
    const iat = (clock.now() - age) / 1000;
    const claims = JSON.stringify({ iat, exp: iat + lifetime / 1000 });
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
      requests++;
      return Promise.resolve(issue());
    },
  });
  for (let ms = 0; ms < 60_000; ms += 100) {
    clock.advance(100);
    await settled();
  }
  renewal.stop();
  return { requests, warnings };
}

describe('tokens that arrive expired', () => {
  it('tokens that arrive expired are requested with a backoff, and logged once with the difference of the clocks', async () => {
    const { requests, warnings } = await renewalOf(3 * HOUR, HOUR);
    expect(requests).toBeLessThan(20);
    expect(warnings).toEqual(['A new token has expired: the clock here is 10800 s ahead of that of Kontrol']);
  });

  it('tokens that are valid for less than the time before a renewal are renewed when half of it has passed', async () => {
    const { requests, warnings } = await renewalOf(0, 20_000);
    expect(requests).toBeLessThan(15);
    expect(requests).toBeGreaterThan(3);
    expect(warnings).toEqual([]);
  });
});
