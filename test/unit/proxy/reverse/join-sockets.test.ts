import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { JOINED_LINGER, JOINED_PAUSE_BYTES } from '../../../../src/lib/proxy/limits/proxy-limits.js';
import { joinSockets } from '../../../../src/lib/proxy/reverse/join-sockets.js';
import { MemoryBudget } from '../../../../src/lib/transport/channel/memory-budget.js';
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

function joined(limit = Number.POSITIVE_INFINITY) {
  const clock = new ManualClock();
  const [caller, kite] = [new SlowSocket(), new SlowSocket()];
  let ended = 0;
  const output = new MemoryBudget(limit, 'full');
  joinSockets(caller, kite, { clock, output, count: () => {}, onEnd: () => ended++ });
  return { clock, caller, kite, output, ended: () => ended };
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

  it('joinSockets counts the data that waits in either side, and ends both if the budget is exceeded', async () => {
    const { caller, kite, output, ended } = joined(1000);
    caller.push(Buffer.alloc(300));
    kite.push(Buffer.alloc(200));
    await settled();
    expect(output.used).toBe(500);
    caller.push(Buffer.alloc(600));
    await settled();
    expect([output.used, caller.destroyed, kite.destroyed, ended()]).toEqual([0, true, true, 1]);
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
