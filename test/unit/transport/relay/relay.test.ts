import { describe, expect, it } from 'vitest';
import { Relay, type RelayOptions } from '../../../../src/lib/transport/relay/relay.js';
import { MemoryBudget } from '../../../../src/lib/transport/channel/memory-budget.js';
import { defaultLimits } from '../../../../src/lib/kite/limits/kite-limits.js';
import { MemoryChannel } from '../../../helpers/transport/memory-channel.js';

const KIB = 1024;

function relay(options: Partial<RelayOptions> = {}) {
  const [near, first] = MemoryChannel.pair();
  const [second, far] = MemoryChannel.pair();
  const joint = new Relay(first, { limits: defaultLimits, ...options });
  return { near, first, second, far, joint };
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a relay', () => {
  it('a relay forwards messages in both directions in order, including those from before it was joined', async () => {
    const { near, first, second, far, joint } = relay();
    near.send('1');
    near.send('2');
    await tick();
    joint.join(second);
    near.send('3');
    far.send('a');
    far.send('b');
    await tick();
    expect(second.sent).toEqual(['1', '2', '3']);
    expect(first.sent).toEqual(['a', 'b']);
  });

  it('a relay buffers messages for a pending tunnel up to the limit', async () => {
    const { near, first, second, joint } = relay({ limits: { ...defaultLimits, tunnelBufferLength: 10 } });
    near.send('0123456789');
    await tick();
    expect(first.paused).toBe(false);
    near.send('!');
    await tick();
    expect(first.paused).toBe(true);
    joint.join(second);
    await tick();
    expect(first.paused).toBe(false);
    expect(second.sent).toEqual(['0123456789', '!']);
  });

  it('a relay counts the messages that wait for a tunnel as input of strangers, and ends if it is too much', async () => {
    const input = new MemoryBudget(100, 'full');
    const [patient, greedy] = [relay({ input }), relay({ input })];
    patient.near.send('0123456789');
    await tick();
    expect(input.used).toBe(20);
    greedy.near.send('x'.repeat(41));
    await tick();
    expect([input.used, greedy.joint.ended, greedy.first.closedWith]).toEqual([
      20,
      true,
      { code: 1008, reason: 'full' },
    ]);
    patient.joint.join(patient.second);
    expect([input.used, patient.second.sent]).toEqual([0, ['0123456789']]);
  });

  it('a relay reads from one side only as fast as the other one takes messages', async () => {
    const { near, first, second, far, joint } = relay();
    joint.join(second);
    second.bufferedBytes = defaultLimits.pauseBytes + 1;
    near.send('x');
    await tick();
    expect(first.paused).toBe(true);
    expect(second.paused).toBe(false);
    second.drained();
    expect(first.paused).toBe(false);
    first.bufferedBytes = defaultLimits.pauseBytes + 1;
    far.send('y');
    await tick();
    expect([first.paused, second.paused]).toEqual([false, true]);
    first.drained();
    expect(second.paused).toBe(false);
  });

  it('a relay reads little from the first side before the second one joins, and everything afterwards', async () => {
    const { near, first, second, joint } = relay();
    for (let i = 0; i < 5; i++) near.send('x'.repeat(16 * KIB));
    await tick();
    expect(first.paused).toBe(true);
    joint.join(second);
    expect(first.paused).toBe(false);
    expect(second.sent).toHaveLength(5);
  });

  it('a relay closes one side with the code of the other, and reports it once', async () => {
    const ends: number[] = [];
    const { near, second, far, joint } = relay({ ended: () => ends.push(1) });
    joint.join(second);
    near.close(4001, 'enough');
    await tick();
    expect(far.closedWith).toEqual({ code: 4001, reason: 'enough' });
    expect(ends).toEqual([1]);
    expect(joint.ended).toBe(true);
  });

  it('a relay closes one side with "Go away!" if the other one dropped', async () => {
    const { first, second, far, joint } = relay();
    joint.join(second);
    first.ended(1006, '');
    await tick();
    expect(far.closedWith).toEqual({ code: 3000, reason: 'Go away!' });
  });

  it('a relay rejects a second side after the first one disconnected', async () => {
    const { near, second, far, joint } = relay();
    near.close();
    await tick();
    joint.join(second);
    await tick();
    expect(far.closedWith).toEqual({ code: 3000, reason: 'Go away!' });
  });

  it('a relay closes both sides when it is stopped', async () => {
    const { near, second, far, joint } = relay();
    joint.join(second);
    joint.close(1014, 'no');
    await tick();
    expect([near.closedWith, far.closedWith]).toEqual([
      { code: 1014, reason: 'no' },
      { code: 1014, reason: 'no' },
    ]);
  });

  it('a relay reports when both sides are closed', async () => {
    const events: string[] = [];
    const { near, second, joint } = relay({
      ended: () => events.push('ended'),
      bothEnded: () => events.push('over'),
    });
    joint.join(second);
    near.close();
    await tick();
    expect(events).toEqual(['ended', 'over']);
    const alone = relay({ ended: () => events.push('ended'), bothEnded: () => events.push('over') });
    alone.joint.close(3000, '');
    expect(events).toEqual(['ended', 'over', 'ended']);
    await tick();
    expect(events).toEqual(['ended', 'over', 'ended', 'over']);
  });

  it('a relay counts bytes of UTF-8 in each direction', async () => {
    const counts = [0, 0];
    const { near, second, far, joint } = relay({
      countBytes(forth, back) {
        counts[0] = (counts[0] ?? 0) + forth;
        counts[1] = (counts[1] ?? 0) + back;
      },
    });
    joint.join(second);
    near.send('é');
    far.send('abc');
    await tick();
    expect(counts).toEqual([2, 3]);
  });
});
