import { describe, expect, it } from 'vitest';
import type { Dialer } from '../../../../src/lib/kite/call/client.js';
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
