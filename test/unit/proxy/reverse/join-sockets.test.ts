import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { JOINED_LINGER, JOINED_PAUSE_BYTES } from '../../../../src/lib/proxy/limits/proxy-limits.js';
import { joinSockets } from '../../../../src/lib/proxy/reverse/join-sockets.js';
import { settled } from '../../../helpers/kite/cores.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

/** A socket whose peer accepts data only when `accept` is called. */
class SlowSocket extends Duplex {
  #accepted: (() => void) | undefined;

  override _read(): void {}

  override _write(_chunk: unknown, _encoding: string, accepted: () => void): void {
    this.#accepted = accepted;
  }

  accept(): void {
    this.#accepted?.();
  }
}

function joined() {
  const clock = new ManualClock();
  const [caller, kite] = [new SlowSocket(), new SlowSocket()];
  let ended = 0;
  joinSockets(caller, kite, { clock, count: () => {}, onEnd: () => ended++ });
  return { clock, caller, kite, ended: () => ended };
}

describe('joinSockets', () => {
  it('joinSockets pauses one side while more than JOINED_PAUSE_BYTES wait for the other', async () => {
    const { caller, kite } = joined();
    caller.push(Buffer.alloc(JOINED_PAUSE_BYTES));
    await settled();
    expect(caller.isPaused()).toBe(false);
    caller.push(Buffer.alloc(1));
    await settled();
    expect(caller.isPaused()).toBe(true);
    kite.accept();
    kite.accept();
    await settled();
    expect(caller.isPaused()).toBe(false);
  });

  it('joinSockets closes one side JOINED_LINGER after the other has ended', async () => {
    const { clock, caller, kite, ended } = joined();
    caller.push(null);
    await settled();
    clock.advance(JOINED_LINGER - 1);
    await settled();
    expect([kite.destroyed, ended()]).toEqual([false, 0]);
    clock.advance(1);
    await settled();
    expect([kite.destroyed, ended()]).toEqual([true, 1]);
    expect(clock.timers).toBe(0);
  });
});
