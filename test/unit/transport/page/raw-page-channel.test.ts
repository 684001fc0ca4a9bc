import { describe, expect, it } from 'vitest';
import { RawPageChannel } from '../../../../src/lib/transport/page/raw-page-channel.js';
import { settled } from '../../../helpers/kite/cores.js';
import { openPageChannel } from '../../../helpers/transport/page-socket.js';

describe('the raw WebSocket of a page', () => {
  it('the raw WebSocket of a page carries each message in a frame of its own', async () => {
    const { socket, channel, inbox } = await openPageChannel(RawPageChannel);
    channel.send('one');
    channel.send('two');
    expect(socket.sent).toEqual(['one', 'two']);
    socket.happens('message', { data: 'three' });
    expect(inbox.messages).toEqual(['three']);
    socket.happens('close', { code: 1001, reason: 'reload' });
    expect(inbox.closes).toEqual([{ code: 1001, reason: 'reload' }]);
  });

  it.each([
    ['above the limit', 'x'.repeat(101), 1009, 'A message is larger than 100 bytes'],
    ['that are not strings', new ArrayBuffer(1), 1003, 'Only text messages are supported'],
  ])('the raw WebSocket of a page rejects messages %s', async (_what, data, code, reason) => {
    const { socket, inbox } = await openPageChannel(RawPageChannel, { messageBytes: 100 });
    socket.happens('message', { data });
    expect(socket.closes).toEqual([[3000, reason]]);
    socket.happens('close', { code: 3000, reason });
    expect(inbox.closes).toEqual([{ code, reason }]);
  });

  it('the raw WebSocket of a page rejects sending a message above the limit', async () => {
    const { socket, channel } = await openPageChannel(RawPageChannel, { messageBytes: 100 });
    channel.send('x'.repeat(101));
    expect(socket.sent).toEqual([]);
    expect(socket.closes).toHaveLength(1);
  });

  it('the raw WebSocket of a page reports when the queue above the high-water mark was sent', async () => {
    const { socket, channel, clock, inbox } = await openPageChannel(RawPageChannel, { pauseBytes: 100 });
    socket.bufferedAmount = 200;
    channel.send('x');
    clock.advance(50);
    expect(inbox.drains).toBe(0);
    socket.bufferedAmount = 0;
    clock.advance(50);
    expect(inbox.drains).toBe(1);
    expect(clock.timers).toBe(0);
  });

  it('the raw WebSocket of a page closes at once if the server does not read', async () => {
    const { socket, channel, inbox } = await openPageChannel(RawPageChannel, {
      pauseBytes: 10,
      sendQueueBytes: 100,
    });
    socket.bufferedAmount = 101;
    channel.send('x');
    await settled();
    expect(inbox.closes).toEqual([
      { code: 1008, reason: expect.stringContaining('reads too slowly') as string },
    ]);
  });
});
