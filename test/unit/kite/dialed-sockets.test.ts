import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { DialedSockets } from '../../../src/lib/kite/dialed-sockets.js';
import { CLOSING_TIMEOUT } from '../../../src/lib/kite/limits/kite-limits.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';

function makeSocket(): Socket {
  return new EventEmitter() as Socket;
}

/** Whether a promise has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.finally(() => {
    settled = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe('dialed sockets', () => {
  it('dialed sockets are closed if there are none', async () => {
    const clock = new ManualClock();
    await new DialedSockets().closed(clock, CLOSING_TIMEOUT);
    expect(clock.timers).toBe(0);
  });

  it('dialed sockets are closed once each of them is', async () => {
    const clock = new ManualClock();
    const sockets = new DialedSockets();
    const [one, other, early] = [makeSocket(), makeSocket(), makeSocket()];
    for (const socket of [one, other, early]) sockets.add(socket);
    early.emit('close');
    const closed = sockets.closed(clock, CLOSING_TIMEOUT);
    one.emit('close');
    expect(await isSettled(closed)).toBe(false);
    other.emit('close');
    await closed;
    expect(clock.timers).toBe(0);
  });

  it('dialed sockets count as closed after CLOSING_TIMEOUT', async () => {
    const clock = new ManualClock();
    const sockets = new DialedSockets();
    sockets.add(makeSocket());
    const closed = sockets.closed(clock, CLOSING_TIMEOUT);
    clock.advance(CLOSING_TIMEOUT - 1);
    expect(await isSettled(closed)).toBe(false);
    clock.advance(1);
    await closed;
  });
});
