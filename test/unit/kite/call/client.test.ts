import { describe, expect, it } from 'vitest';
import type { Dialer } from '../../../../src/lib/kite/call/client.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';
import { DialError, statusError } from '../../../../src/lib/transport/handshake/dial-error.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { makeCore, memoryDialer, settled } from '../../../helpers/kite/cores.js';

/** A server that can be unreachable. */
function unreliableServer() {
  const server = makeCore();
  const memory = memoryDialer(server);
  const state = { up: true, dials: 0 };
  const dialer: Dialer = (url, options) => {
    state.dials++;
    if (!state.up) return Promise.reject(Object.assign(new Error('refused'), { code: 'refused' }));
    return memory.dialer(url, options);
  };
  const caller = makeCore({ dialer });
  const client = caller.newClient('http://h/kite', { backoff: { random: () => 0 } });
  const seen: string[] = [];
  client.on('connect', () => seen.push('connect'));
  client.on('disconnect', (code) => seen.push(`disconnect ${code}`));
  return { state, caller, client, seen, ends: memory.ends };
}

describe('dial', () => {
  it('dial connects once and does not reconnect', async () => {
    const { client, seen, ends, caller } = unreliableServer();
    await client.dial();
    await client.dial();
    ends[0]?.far.close(1006, '');
    await settled();
    caller.clock.advance(60_000);
    await settled();
    expect(seen).toEqual(['connect', 'disconnect 1006']);
    expect(client.connected).toBe(false);
    await client.dial();
    expect(await client.tell('kite.ping')).toBe('pong');
  });

  it('dial rejects with the unreachable URL and the cause', async () => {
    const { state, client } = unreliableServer();
    state.up = false;
    await expect(client.dial()).rejects.toMatchObject({
      type: 'disconnect',
      code: 'refused',
      message: 'refused',
    });
  });

  it('dial connects once if it is called twice at once', async () => {
    const { state, client } = unreliableServer();
    await Promise.all([client.dial(), client.dial()]);
    expect(state.dials).toBe(1);
  });
});

describe('dialForever', () => {
  it('dialForever retries until the kite is reachable, with exponential backoff', async () => {
    const { state, client, caller, seen } = unreliableServer();
    state.up = false;
    const connected = client.dialForever();
    const waits = [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000];
    for (const [tried, wait] of waits.entries()) {
      await settled();
      expect(state.dials).toBe(tried + 1);
      caller.clock.advance(wait - 1);
      await settled();
      expect(state.dials).toBe(tried + 1);
      caller.clock.advance(1);
    }
    state.up = true;
    await settled();
    caller.clock.advance(10_000);
    await connected;
    expect(seen).toEqual(['connect']);
  });

  it('dialForever reconnects after a disconnect, and calls in between reject at once', async () => {
    const { client, caller, seen, ends } = unreliableServer();
    await client.dialForever();
    ends[0]?.far.close(1001, 'restart');
    await settled();
    await expect(client.tell('kite.ping')).rejects.toMatchObject({ type: 'disconnect' });
    caller.clock.advance(200);
    await settled();
    expect(await client.tell('kite.ping')).toBe('pong');
    expect(seen).toEqual(['connect', 'disconnect 1001', 'connect']);
  });

  it('dialForever ends with close, before the first connection and after it', async () => {
    const { state, client, caller } = unreliableServer();
    state.up = false;
    const connected = expect(client.dialForever()).rejects.toMatchObject({
      type: 'disconnect',
      code: 'closed',
    });
    await settled();
    client.close();
    await connected;
    expect(caller.clock.timers).toBe(0);
    await expect(client.dial()).rejects.toMatchObject({ code: 'closed' });
    await expect(client.tell('kite.ping')).rejects.toMatchObject({ code: 'closed' });
  });

  it('dialForever does not reconnect after close', async () => {
    const { client, caller, seen, state } = unreliableServer();
    await client.dialForever();
    client.close();
    await settled();
    caller.clock.advance(60_000);
    await settled();
    expect(state.dials).toBe(1);
    expect(seen).toEqual(['connect', 'disconnect 3000']);
  });
});

describe('credentials', () => {
  it('changed credentials of a connected client are sent with the next call', async () => {
    const server = makeCore();
    server.handle('who', ({ username }) => username);
    const client = makeCore({ dialer: memoryDialer(server).dialer }).newClient('memory:');
    await client.dial();
    await expect(client.tell('who')).rejects.toMatchObject({ type: 'authenticationError' });
    client.auth = { type: 'name', key: 'carol' };
    expect(await client.tell('who')).toBe('carol');
  });
});

describe('the attempts of dialForever', () => {
  const target = new URL('http://h/kite');
  const notFound = statusError(target, 404, '101');
  const untrusted = new DialError('tls', target, 'its certificate is not trusted');

  /** A client whose dials fail with these errors in turn, the last of them for ever, until `state.up`. */
  function failing(...failures: Error[]) {
    const memory = memoryDialer(makeCore());
    const state = { up: false, dials: 0 };
    const logged: string[] = [];
    const dialer: Dialer = (url, options) => {
      state.dials++;
      if (state.up) return memory.dialer(url, options);
      return Promise.reject((failures.length > 1 ? failures.shift() : failures[0]) ?? new Error('none'));
    };
    const logger = { ...silentLogger, warn: (text: string) => void logged.push(text) };
    const caller = makeCore({ dialer, logger });
    const client = caller.newClient('http://h/kite', {
      backoff: { initial: 100, max: 100, random: () => 0 },
    });
    const retries: [string, string, number][] = [];
    client.on('retry', ({ type, code }, delay) => retries.push([type, code, delay]));
    const pass = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 100) {
        caller.clock.advance(100);
        await settled();
      }
    };
    return { client, caller, state, logged, retries, pass, ends: memory.ends };
  }

  it.each([
    ['a 404', notFound, 'handshake'],
    ['a bad certificate', untrusted, 'tls'],
  ])(
    'the attempts of dialForever that end with %s emit retry and are logged once',
    async (_, error, code) => {
      const { client, logged, retries, pass } = failing(error);
      client.dialForever().catch(() => {});
      await settled();
      await pass(500);
      expect(retries).toEqual(Array.from({ length: 6 }, () => ['disconnect', code, 100]));
      expect(logged).toEqual([`${error.message}; trying again`]);
    },
  );

  it('the attempts of dialForever are logged once per cause, and again after a connection', async () => {
    const { client, state, logged, retries, pass, ends } = failing(notFound, untrusted, notFound, untrusted);
    const connected = client.dialForever();
    await settled();
    await pass(500);
    const warnings = [notFound, untrusted].map(({ message }) => `${message}; trying again`);
    expect(logged).toEqual(warnings);
    state.up = true;
    await pass(100);
    await connected;
    state.up = false;
    ends[0]?.far.close(1006, '');
    await settled();
    expect(retries.at(-1)).toEqual(['disconnect', 'lost', 100]);
    await pass(300);
    expect(logged).toEqual([...warnings, `${untrusted.message}; trying again`]);
  });

  it('the event retry has the error with which dial would reject as its cause', async () => {
    const { client } = failing(notFound);
    const cause = new Promise<KiteError>((resolve) => client.once('retry', resolve));
    client.dialForever().catch(() => {});
    expect(await cause).toBeInstanceOf(KiteError);
    expect(await cause).toMatchObject({ message: notFound.message, cause: notFound });
    client.close();
  });

  it('the listeners of retry can close the client', async () => {
    const { client, caller, state, pass } = failing(notFound);
    client.on('retry', () => client.close());
    await expect(client.dialForever()).rejects.toMatchObject({ code: 'closed' });
    await pass(1000);
    expect([state.dials, caller.clock.timers]).toEqual([1, 0]);
  });

  it('the next attempt of dialForever is made at once when the clients of the kite wake', async () => {
    const { client, caller, state } = failing(notFound);
    const connected = client.dialForever();
    await settled();
    expect(state.dials).toBe(1);
    state.up = true;
    caller.wake();
    await connected;
    caller.wake();
    await settled();
    expect([state.dials, caller.clock.timers]).toEqual([2, 0]);
  });

  it('the clients that do not wait for an attempt of dialForever do nothing when the clients of the kite wake', async () => {
    const { caller, state } = failing(notFound);
    caller.wake();
    await settled();
    expect(state.dials).toBe(0);
  });
});
