import { describe, expect, it } from 'vitest';
import { MemoryChannel } from '../../../src/lib/testing/memory-channel.js';
import { Inbox } from '../../helpers/transport/sockjs.js';

function pair() {
  const [near, far] = MemoryChannel.pair();
  const [atNear, atFar] = [new Inbox(), new Inbox()];
  near.start(atNear);
  far.start(atFar);
  return { near, far, atNear, atFar };
}

describe('MemoryChannel', () => {
  it('MemoryChannel delivers messages to the other end in order, and not inside send', async () => {
    const { near, atFar } = pair();
    near.send('one');
    near.send('two');
    expect(atFar.messages).toEqual([]);
    expect(await atFar.count(2)).toEqual(['one', 'two']);
    expect(near.sent).toEqual(['one', 'two']);
  });

  it('MemoryChannel queues messages until it has a receiver', async () => {
    const [near, far] = MemoryChannel.pair();
    near.send('early');
    await Promise.resolve();
    const inbox = new Inbox();
    far.start(inbox);
    expect(inbox.messages).toEqual(['early']);
  });

  it('MemoryChannel closes both ends once, with the code and reason of the end that closed', async () => {
    const { near, far, atNear, atFar } = pair();
    near.close(1001, 'restart');
    far.close();
    await atFar.closed();
    await atNear.closed();
    expect([atNear.closes, atFar.closes]).toEqual([
      [{ code: 1001, reason: 'restart' }],
      [{ code: 1001, reason: 'restart' }],
    ]);
  });

  it('MemoryChannel sends and delivers nothing after it is closed', async () => {
    const { near, far, atFar } = pair();
    near.close();
    await atFar.closed();
    near.send('late');
    far.deliver('late');
    await Promise.resolve();
    expect([near.sent, atFar.messages]).toEqual([[], []]);
  });

  it('MemoryChannel notifies its receiver when the queued messages were sent', () => {
    const { near, atNear } = pair();
    near.bufferedBytes = 10;
    near.drained();
    expect([near.bufferedBytes, atNear.drains]).toEqual([0, 1]);
  });
});
