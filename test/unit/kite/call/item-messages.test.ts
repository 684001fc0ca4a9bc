import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../../src/lib/kite/call/connection.js';
import { makeCore, settled } from '../../../helpers/kite/cores.js';
import { MemoryChannel } from '../../../helpers/transport/memory-channel.js';

/** A connection of ours, the outlet for the items of a function of its peer, and the arguments of each message that the peer gets. */
async function outlet() {
  const [near, far] = MemoryChannel.pair();
  const connection = makeCore().accept(far) as Connection;
  const messages: unknown[][] = [];
  near.start({
    message: (text) => void messages.push((JSON.parse(text) as { arguments: unknown[] }).arguments),
    drain: () => undefined,
    close: () => undefined,
  });
  near.send(
    '{"method":"kite.ping","arguments":[{"withArgs":[],"extensions":["stream","values","bytes"]}],"callbacks":{}}',
  );
  await settled();
  const items = connection.itemOutlet(7);
  const sent: [number, number][] = [];
  items.sent = (count, size) => void sent.push([count, size]);
  return { items, messages, sent, connection, end: () => near.close() };
}

describe('the messages of items', () => {
  it('small items of one turn share a message, which is sent when the turn ends', async () => {
    const { items, messages, sent, end } = await outlet();
    const list = [1, 0, -0.5, 'a"b\u2028', true, null, [], { a: [1] }, undefined];
    for (const item of list) items.add(item);
    expect(messages).toEqual([]);
    await settled();
    // `undefined` is a value of its own: it is tagged, and sent alone.
    expect(messages).toEqual([list.slice(0, -1), [{ $: 'undefined' }]]);
    expect(sent.map(([count]) => count)).toEqual([8, 1]);
    items.add(2);
    await settled();
    expect(messages).toHaveLength(3);
    end();
  });

  it('an item is sent as it was when it was made', async () => {
    const { items, messages, end } = await outlet();
    const item = { number: 1 };
    items.add(item);
    item.number = 2;
    items.add(item);
    await settled();
    expect(messages).toEqual([[{ number: 1 }, { number: 2 }]]);
    end();
  });

  it('a message of 64 items, or of 4 KiB, is sent at once, and a longer item alone and in order', async () => {
    const { items, messages, end } = await outlet();
    for (let number = 1; number <= 130; number++) items.add(number);
    items.add('x'.repeat(5000));
    for (let count = 0; count < 3; count++) items.add('y'.repeat(2100));
    await settled();
    const lengths = messages.map((message) => message.map((item) => String(item).length));
    expect(messages.map((message) => message.length)).toEqual([64, 64, 2, 1, 2, 1]);
    expect(lengths.slice(3)).toEqual([[5000], [2100, 2100], [2100]]);
    end();
  });

  it('the size of a message is the length of its text, and an item that cannot be sent is not counted', async () => {
    const { items, sent, end } = await outlet();
    items.add(12);
    items.add('three');
    expect(items.pendingLength).toBe('12,"three"'.length);
    expect(() => items.add(Symbol('x'))).toThrow('Symbol');
    items.flush?.();
    expect(sent).toEqual([[2, '{"method":7,"arguments":[12,"three"],"callbacks":{}}'.length]]);
    items.add(3);
    items.discard?.();
    await settled();
    expect(sent).toHaveLength(1);
    end();
  });

  it('items are discarded after the connection has ended', async () => {
    const { items, messages, sent, end } = await outlet();
    items.add(1);
    end();
    await settled();
    items.add('late');
    items.add(new Uint8Array(1));
    items.begin?.();
    await settled();
    expect([messages.length, sent.length]).toEqual([0, 0]);
  });
});
