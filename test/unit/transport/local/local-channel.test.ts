import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../../src/lib/kite/limits/kite-limits.js';
import type { ChannelReceiver } from '../../../../src/lib/transport/channel/channel.js';
import { BytesMessage, Fragment } from '../../../../src/lib/transport/channel/outgoing-message.js';
import { LocalChannel } from '../../../../src/lib/transport/local/local-channel.js';
import { nextTurn } from '../../../../src/lib/util/next-turn.js';

/** Records what an end receives. */
class Recorder implements ChannelReceiver {
  readonly messages: unknown[] = [];
  readonly closed: unknown[] = [];
  drained = 0;

  message(text: string): void {
    this.messages.push(text);
  }

  bytes({ pieces }: BytesMessage): void {
    this.messages.push(pieces);
  }

  drain(): void {
    this.drained++;
  }

  close(code: number, reason: string): void {
    this.closed.push([code, reason]);
  }
}

function started(limits: Partial<typeof defaultLimits> = {}) {
  const [near, far] = LocalChannel.pair({ ...defaultLimits, ...limits });
  const [atNear, atFar] = [new Recorder(), new Recorder()];
  near.start(atNear);
  far.start(atFar);
  return { near, far, atNear, atFar };
}

async function turns(): Promise<void> {
  for (let count = 0; count < 5; count++) await nextTurn();
}

describe('LocalChannel', () => {
  it('LocalChannel delivers messages in order, in a later turn, in both directions', async () => {
    const { near, far, atNear, atFar } = started();
    near.send('a');
    near.send([new Fragment('b'), 1, 'c']);
    far.send('d');
    expect(atFar.messages).toEqual([]);
    await turns();
    expect([atFar.messages, atNear.messages]).toEqual([['a', 'b1c'], ['d']]);
    expect([near.bufferedBytes, far.bufferedBytes]).toEqual([0, 0]);
  });

  it('LocalChannel delivers a copy of bytes', async () => {
    const { near, atFar } = started();
    const bytes = new Uint8Array([1, 2]);
    near.send(new BytesMessage(['x', bytes]));
    bytes[0] = 9;
    await turns();
    expect(atFar.messages).toEqual([['x', new Uint8Array([1, 2])]]);
  });

  it('LocalChannel makes messages wait for an end that does not read, and drains when it reads again', async () => {
    const { near, far, atNear, atFar } = started({ pauseBytes: 100 });
    await turns();
    far.pause();
    near.send('x'.repeat(200));
    await turns();
    expect([atFar.messages, near.bufferedBytes > 200]).toEqual([[], true]);
    far.resume();
    await turns();
    expect([atFar.messages.length, near.bufferedBytes, atNear.drained]).toEqual([1, 0, 1]);
  });

  it('LocalChannel closes with 1008 if more than sendQueueBytes wait', async () => {
    const { near, far, atNear, atFar } = started({ pauseBytes: 100, sendQueueBytes: 500 });
    far.pause();
    for (const text of ['a', 'b', 'c']) near.send(text.repeat(200));
    await turns();
    expect(atNear.closed).toEqual([[1008, 'The peer reads too slowly: more than 500 bytes are queued']]);
    expect(atFar.closed).toEqual(atNear.closed);
    expect(near.bufferedBytes).toBe(0);
  });

  it.each(['near', 'far'] as const)(
    'LocalChannel ends both ends once if the %s end closes, after what was sent',
    async (side) => {
      const { atNear, atFar, ...ends } = started();
      ends[side].send('last');
      ends[side].close(4000, 'done');
      ends[side].close(4001, 'again');
      ends[side].send('too late');
      await turns();
      expect([atNear.closed, atFar.closed]).toEqual([[[4000, 'done']], [[4000, 'done']]]);
      expect([...atNear.messages, ...atFar.messages]).toEqual(['last']);
    },
  );

  it('LocalChannel ends although the other end does not read', async () => {
    const { near, far, atNear, atFar } = started();
    far.pause();
    near.send('unread');
    near.close();
    await turns();
    expect([atNear.closed.length, atFar.closed]).toEqual([1, [[3000, 'Go away!']]]);
  });
});
