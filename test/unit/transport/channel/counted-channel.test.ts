import { describe, expect, it } from 'vitest';
import { CountedChannel } from '../../../../src/lib/transport/channel/counted-channel.js';
import { MemoryBudget } from '../../../../src/lib/transport/channel/memory-budget.js';
import { MemoryChannel } from '../../../helpers/transport/memory-channel.js';

function counted() {
  const [channel, peer] = MemoryChannel.pair();
  const output = new MemoryBudget(100, 'full');
  const received: unknown[] = [];
  const whole = new CountedChannel(channel, { output });
  whole.start({
    message: (text) => received.push(text),
    drain: () => received.push('drain'),
    close: (code, reason) => received.push([code, reason]),
  });
  peer.start({ message: () => {}, drain: () => {}, close: () => {} });
  return { channel, peer, output, received, whole };
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('CountedChannel', () => {
  it('CountedChannel counts its queue after each message, and when it is measured', () => {
    const { channel, output, whole } = counted();
    channel.bufferedBytes = 60;
    whole.send('a');
    expect([output.used, whole.bufferedBytes]).toEqual([60, 60]);
    channel.bufferedBytes = 10;
    whole.measure();
    expect(output.used).toBe(10);
  });

  it('CountedChannel closes with 1008 if the budget is exceeded', async () => {
    const { channel, output, received, whole } = counted();
    channel.bufferedBytes = 101;
    whole.send('a');
    await tick();
    expect([output.used, received]).toEqual([0, [[1008, 'full']]]);
    whole.send('b');
    expect(output.used).toBe(0);
  });

  it('CountedChannel passes on everything else', async () => {
    const { channel, peer, received, whole } = counted();
    peer.send('from the peer');
    await tick();
    channel.drained();
    whole.pause();
    expect([channel.paused, whole.remoteAddress]).toEqual([true, 'memory']);
    whole.resume();
    whole.close(3000, 'bye');
    await tick();
    expect([channel.paused, received]).toEqual([false, ['from the peer', 'drain', [3000, 'bye']]]);
  });
});
