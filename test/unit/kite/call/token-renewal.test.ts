import { describe, expect, it } from 'vitest';
import { KiteError } from '../../../../src/lib/protocol/errors.js';
import { makeCore, memoryDialer, settled } from '../../../helpers/kite/cores.js';

const DAY = 86_400_000;

const HOUR = 3_600_000;
const token = (number: number, expiresAt: number): string =>
  `h.${Buffer.from(JSON.stringify({ exp: expiresAt / 1000, jti: `${number}` })).toString('base64url')}.s`;

/** A client with a token for 48 hours, and a kite that accepts tokens until they expire or are revoked. */
async function renewing() {
  const refused = new Set<string>();
  const server = makeCore({
    authenticator: {
      verify(auth) {
        const { key } = auth as { key: string };
        const { exp } = JSON.parse(atob(key.split('.')[1] ?? '')) as { exp: number };
        if (exp * 1000 > caller.clock.now() && !refused.has(key)) return 'bob';
        throw new KiteError('authenticationError', 'token: token is expired');
      },
    },
  });
  server.handle('work', () => 'done');
  const caller = makeCore({ dialer: memoryDialer(server).dialer, timeout: 0 });
  const asked: string[] = [];
  const state = { failures: 0 };
  const client = caller.newClient('memory:', {
    auth: { type: 'token', key: token(0, caller.clock.now() + 48 * HOUR) },
    renewToken: (why) => {
      asked.push(why);
      if (state.failures-- > 0) return Promise.reject(new Error('Kontrol is gone'));
      return Promise.resolve(token(asked.length, caller.clock.now() + 48 * HOUR));
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
  return { client, caller, asked, events, refused, state, pass };
}

describe('the token of a client', () => {
  it('the token of a client is renewed 30 s before it expires', async () => {
    const { asked, events, pass } = await renewing();
    await pass(48 * HOUR - 30_001);
    expect(asked).toEqual([]);
    await pass(1);
    expect(asked).toEqual(['expiring']);
    expect(events).toEqual(['tokenExpire', 'tokenRenew']);
  });

  it('the token of a client is valid for ten days, through five renewals', async () => {
    const { client, asked, pass } = await renewing();
    for (let hours = 0; hours < 240; hours++) {
      await pass(HOUR);
      expect(await client.tell('work')).toBe('done');
    }
    expect(asked).toEqual(Array.from({ length: (10 * DAY) / (48 * HOUR) }, () => 'expiring'));
  });

  it('the token of a client is renewed once for all calls that were rejected with it, and they are retried', async () => {
    const { client, asked, refused } = await renewing();
    refused.add(client.auth?.key ?? '');
    const calls = [client.tell('work'), client.tell('work'), client.tell('work')];
    expect(await Promise.all(calls)).toEqual(['done', 'done', 'done']);
    expect(asked).toEqual(['refused']);
  });

  it('a token that is rejected again fails the call', async () => {
    const { client, asked, refused, caller } = await renewing();
    refused.add(client.auth?.key ?? '').add(token(1, caller.clock.now() + 48 * HOUR));
    await expect(client.tell('work')).rejects.toThrow('token is expired');
    expect(asked).toEqual(['refused']);
  });

  it('the renewal of a token is retried later if Kontrol is unreachable', async () => {
    const { client, asked, state, pass } = await renewing();
    state.failures = 2;
    await pass(48 * HOUR - 30_000);
    await pass(1000);
    await pass(2000);
    expect(asked).toHaveLength(3);
    expect(await client.tell('work')).toBe('done');
  });

  it('the token of a client is not renewed after the client is closed', async () => {
    const { client, caller, asked, pass } = await renewing();
    client.close();
    await pass(10 * DAY);
    expect(asked).toEqual([]);
    expect(caller.clock.timers).toBe(0);
  });
});
