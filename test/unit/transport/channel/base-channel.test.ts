import { describe, expect, it } from 'vitest';
import { BaseChannel } from '../../../../src/lib/transport/channel/base-channel.js';
import { type Message, messageLength } from '../../../../src/lib/transport/channel/outgoing-message.js';
import { defaultLimits, type Limits } from '../../../../src/lib/kite/limits/kite-limits.js';
import { Inbox } from '../../../helpers/transport/sockjs.js';

/** A transport controlled by the test, which records its calls. */
class TestChannel extends BaseChannel {
  readonly remoteAddress = 'test';
  bufferedBytes = 0;
  reading = true;
  closed: unknown;
  discarded = false;

  constructor(limits: Partial<Limits> = {}) {
    super({ ...defaultLimits, ...limits });
  }

  send(message: Message): void {
    this.bufferedBytes += messageLength(message);
    this.checkQueue();
  }

  take(bytes: number): void {
    this.bufferedBytes -= bytes;
    this.checkDrain();
  }

  close(code = 3000, reason = ''): void {
    this.closed = { code, reason };
    this.ignoreIncoming();
  }

  protected override discardQueue(): void {
    this.discarded = true;
  }

  arrive(...texts: string[]): void {
    for (const text of texts) this.deliver(text);
  }

  drop(code = 1006, reason = ''): void {
    this.finish(code, reason);
  }

  protected stopReading(): void {
    this.reading = false;
  }

  protected startReading(): void {
    this.reading = true;
  }
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('BaseChannel', () => {
  it('BaseChannel queues messages and stops reading until it is started', async () => {
    const channel = new TestChannel();
    channel.arrive('a', 'b');
    expect(channel.reading).toBe(false);
    const inbox = new Inbox();
    channel.start(inbox);
    expect(inbox.messages).toEqual([]);
    await tick();
    expect(inbox.messages).toEqual(['a', 'b']);
    expect(channel.reading).toBe(true);
    channel.arrive('c');
    expect(inbox.messages).toEqual(['a', 'b', 'c']);
  });

  it('BaseChannel cannot be started twice', () => {
    const channel = new TestChannel();
    channel.start(new Inbox());
    expect(() => channel.start(new Inbox())).toThrow(/has started/);
  });

  it('BaseChannel delivers nothing while it is paused, and then continues', async () => {
    const channel = new TestChannel();
    const inbox = new Inbox();
    channel.start(inbox);
    await tick();
    channel.pause();
    expect(channel.reading).toBe(false);
    channel.arrive('a', 'b');
    expect(inbox.messages).toEqual([]);
    channel.resume();
    channel.arrive('c');
    await tick();
    expect(inbox.messages).toEqual(['a', 'b', 'c']);
    expect(channel.reading).toBe(true);
  });

  it('BaseChannel can be paused by the receiver while it delivers queued messages', async () => {
    const channel = new TestChannel();
    const inbox = new Inbox();
    const order: string[] = [];
    channel.arrive('a', 'b', 'c');
    channel.start({
      message(text) {
        order.push(text);
        inbox.message(text);
        channel.pause();
      },
      drain() {},
      close() {},
    });
    for (const expected of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
      await tick();
      expect(order).toEqual(expected);
      expect(channel.reading).toBe(false);
      channel.resume();
    }
    await tick();
    expect(channel.reading).toBe(true);
  });

  it('BaseChannel delivers queued messages, then the end, and nothing after it', async () => {
    const channel = new TestChannel();
    const inbox = new Inbox();
    channel.arrive('a');
    channel.drop(1000, 'done');
    channel.drop(1006);
    channel.start(inbox);
    await tick();
    channel.arrive('late');
    channel.drop(1006);
    expect(inbox.messages).toEqual(['a']);
    expect(inbox.closes).toEqual([{ code: 1000, reason: 'done' }]);
  });

  it('BaseChannel notifies a paused receiver of the end at once, and drops its queued messages', async () => {
    const channel = new TestChannel();
    const inbox = new Inbox();
    channel.start(inbox);
    await tick();
    channel.pause();
    channel.arrive('a');
    channel.drop();
    expect(inbox.closes).toEqual([{ code: 1006, reason: '' }]);
    channel.resume();
    await tick();
    expect(inbox.messages).toEqual([]);
    expect(inbox.closes).toHaveLength(1);
  });

  it('BaseChannel delivers messages from before the end to a paused receiver that requests them', async () => {
    const channel = new TestChannel();
    const order: string[] = [];
    channel.start({
      deliverBeforeClose: true,
      message(text) {
        order.push(text);
        channel.pause();
      },
      drain() {},
      close: (code, reason) => void order.push(`${code} ${reason}`),
    });
    await tick();
    channel.arrive('a', 'b', 'c');
    expect(order).toEqual(['a']);
    channel.drop(4001, 'enough');
    expect(order).toEqual(['a', 'b', 'c', '4001 enough']);
  });

  it('BaseChannel delivers nothing after it is closed', async () => {
    const channel = new TestChannel();
    const inbox = new Inbox();
    channel.arrive('a');
    channel.start(inbox);
    channel.close();
    channel.arrive('b');
    await tick();
    expect(inbox.messages).toEqual([]);
  });

  it('BaseChannel notifies the receiver once that messages above the high-water mark were sent', async () => {
    const channel = new TestChannel({ pauseBytes: 3 });
    const inbox = new Inbox();
    channel.start(inbox);
    await tick();
    let drains = 0;
    inbox.drain = () => void drains++;
    channel.send('abc');
    channel.take(3);
    expect(drains).toBe(0);
    channel.send('abcde');
    channel.take(1);
    expect(drains).toBe(0);
    channel.take(1);
    channel.take(3);
    expect(drains).toBe(1);
  });

  it('BaseChannel closes if more is queued than the limit, and does not wait for the peer', async () => {
    const channel = new TestChannel({ pauseBytes: 3, sendQueueBytes: 5 });
    const inbox = new Inbox();
    channel.start(inbox);
    await tick();
    channel.send('abcde');
    expect(channel.closed).toBeUndefined();
    channel.send('f');
    const end = { code: 1008, reason: 'The peer reads too slowly: more than 5 bytes are queued' };
    expect(channel.closed).toEqual(end);
    expect(channel.discarded).toBe(true);
    expect(inbox.closes).toEqual([]);
    await tick();
    expect(inbox.closes).toEqual([end]);
    let drains = 0;
    inbox.drain = () => void drains++;
    channel.take(6);
    expect(drains).toBe(0);
  });
});
