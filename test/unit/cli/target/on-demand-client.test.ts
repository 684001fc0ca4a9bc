import { describe, expect, it } from 'vitest';
import { OnDemandClient } from '../../../../src/lib/cli/target/on-demand-client.js';
import type { Auth, Client } from '../../../../src/lib/index.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';

const AUTH = { type: 'kiteKey', key: 'key' };

/** A client of a kite that requires credentials except for `ping`, and what it was called with. */
function setUp(getAuth: () => Promise<Auth> = () => Promise.resolve(AUTH)) {
  const calls: string[] = [];
  let asked = 0;
  const client = {
    auth: null as Auth | null,
    call(method: string) {
      calls.push(`${method} ${client.auth?.type ?? 'none'}`);
      if (method === 'fail') return Promise.reject(new KiteError('authenticationError', 'wrong password'));
      if (method === 'ping' || client.auth) return Promise.resolve(method);
      return Promise.reject(
        new KiteError('authenticationError', 'No authentication information is provided'),
      );
    },
  };
  const onDemand = new OnDemandClient(client as unknown as Client, () => {
    asked++;
    return getAuth();
  });
  return { calls, onDemand, asked: () => asked };
}

describe('a client that authenticates on demand', () => {
  it('a method that requires no credentials gets none', async () => {
    const { calls, onDemand, asked } = setUp();
    expect(await onDemand.call('ping', [])).toBe('ping');
    expect(calls).toEqual(['ping none']);
    expect(asked()).toBe(0);
  });

  it('the first call that requires credentials is repeated, and later ones carry them at once', async () => {
    const { calls, onDemand, asked } = setUp();
    for (const method of ['a', 'b', 'ping']) expect(await onDemand.call(method, [])).toBe(method);
    expect(calls).toEqual(['a none', 'a kiteKey', 'b kiteKey', 'ping kiteKey']);
    expect(asked()).toBe(1);
  });

  it('concurrent calls get credentials once, and each is repeated once', async () => {
    const { calls, onDemand, asked } = setUp();
    const methods = ['a', 'b', 'c'];
    expect(await Promise.all(methods.map((method) => onDemand.call(method, [])))).toEqual(methods);
    expect(calls).toHaveLength(6);
    expect(asked()).toBe(1);
  });

  it('an authenticationError of a handler is not a reason to repeat its call', async () => {
    const { calls, onDemand } = setUp();
    await expect(onDemand.call('fail', [])).rejects.toThrow('wrong password');
    expect(calls).toEqual(['fail none']);
  });

  it('a call fails with the reason why there are no credentials', async () => {
    const { calls, onDemand, asked } = setUp(() => Promise.reject(new Error('another user')));
    await expect(onDemand.call('a', [])).rejects.toThrow('another user');
    await expect(onDemand.call('b', [])).rejects.toThrow('another user');
    expect(calls).toEqual(['a none', 'b none']);
    expect(asked()).toBe(1);
  });
});
