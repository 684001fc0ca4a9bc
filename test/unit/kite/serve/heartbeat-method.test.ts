import { describe, expect, it } from 'vitest';
import { MAX_HEARTBEAT, MIN_HEARTBEAT } from '../../../../src/lib/kite/limits/kite-limits.js';
import { addHeartbeatMethod } from '../../../../src/lib/kite/serve/heartbeat-method.js';
import type { Request } from '../../../../src/lib/kite/serve/request.js';
import { bob, connected, settled } from '../../../helpers/kite/cores.js';
import type { Logger } from '../../../../src/lib/util/logger.js';

function listLogger(warnings: string[]): Logger {
  return { debug() {}, info() {}, warn: (text) => void warnings.push(text), error() {} };
}

/** The connection of Kontrol to a registered kite: the kite dialed it and trusts Kontrol with this method. */
async function kontrolConnected(warnings: string[] = []) {
  const { server: kontrol, caller, client } = await connected({ logger: listLogger(warnings) });
  const peer = new Promise<Request['client']>((resolve) => {
    kontrol.handle('register', (request) => resolve(request.client));
  });
  const link = caller.newClient('memory:', { auth: bob, trustRemote: ['kite.heartbeat'] });
  await link.dial();
  client.close();
  await link.call('register', [], { timeout: 0 });
  await settled();
  return { server: caller, client: await peer };
}

const LASTING = { callbacks: 'connection' } as const;

describe('kite.heartbeat', () => {
  it('kite.heartbeat is refused to callers, even authenticated ones, and to dialed kites', async () => {
    const { server, caller, client } = await connected();
    const refused = {
      type: 'authenticationError',
      message: expect.stringContaining('heartbeatFrom') as string,
    };
    await expect(client.tell('kite.heartbeat', 10, () => {})).rejects.toMatchObject(refused);
    expect(server.clock.timers).toBe(0);
    server.handle('back', ({ client: peer }) => peer.tell('kite.heartbeat', 10, () => {}));
    await expect(client.tell('back')).rejects.toMatchObject({ type: 'authenticationError' });
    expect(caller.clock.timers).toBeLessThanOrEqual(1);
  });

  it('kite.heartbeat is accepted from authenticated callers if the program enables it', async () => {
    const { server, client } = await connected();
    addHeartbeatMethod(server, server.clock, 'anyone');
    let beats = 0;
    await client.call('kite.heartbeat', [10, () => beats++], LASTING);
    await settled();
    expect(beats).toBe(1);
  });

  it.each([
    [1, 1],
    [10, 10],
    [0, MIN_HEARTBEAT],
    [-1, MIN_HEARTBEAT],
    [1e9, MAX_HEARTBEAT],
    [0.001, MIN_HEARTBEAT],
  ])('kite.heartbeat with an interval of %d s calls at once and then every %d s', async (asked, seconds) => {
    const { server, client } = await kontrolConnected();
    let beats = 0;
    await client.call('kite.heartbeat', [asked, () => beats++], LASTING);
    await settled();
    expect(beats).toBe(1);
    server.clock.advance(seconds * 1000 - 1);
    await settled();
    expect(beats).toBe(1);
    server.clock.advance(1);
    await settled();
    expect(beats).toBe(2);
  });

  it.each([['10'], [null], [{}], [undefined]])('kite.heartbeat rejects the interval %j', async (interval) => {
    const { server, client } = await kontrolConnected();
    await expect(client.tell('kite.heartbeat', interval, () => {})).rejects.toMatchObject({
      type: 'argumentError',
    });
    await expect(client.tell('kite.heartbeat', 10, 'no function')).rejects.toMatchObject({
      type: 'argumentError',
    });
    expect(server.clock.timers).toBe(0);
  });

  it('a second kite.heartbeat replaces the first, and ends with the connection', async () => {
    const { server, client } = await kontrolConnected();
    let [first, second] = [0, 0];
    await client.call('kite.heartbeat', [10, () => first++], LASTING);
    await client.call('kite.heartbeat', [10, () => second++], LASTING);
    server.clock.advance(10_000);
    await settled();
    expect([first, second]).toEqual([1, 2]);
    // Nor does the timer stay with which the answers of the functions were awaited.
    server.clock.advance(5000);
    expect(server.clock.timers).toBe(1);
    client.close();
    await settled();
    expect(server.clock.timers).toBe(0);
  });

  it('kite.heartbeat stops without a warning when Kontrol has ended it', async () => {
    const warnings: string[] = [];
    const { server, client } = await kontrolConnected(warnings);
    let beats = 0;
    const ping = (): number => beats++;
    await client.call('kite.heartbeat', [10, ping], LASTING);
    await settled();
    client.forget(ping);
    // This one was on its way.
    server.clock.advance(10_000);
    await settled();
    server.clock.advance(60_000);
    expect([beats, server.clock.timers, warnings]).toEqual([1, 0, []]);
  });
});
