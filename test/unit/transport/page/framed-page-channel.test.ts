import { describe, expect, it } from 'vitest';
import { FramedPageChannel } from '../../../../src/lib/transport/page/framed-page-channel.js';
import { settled } from '../../../helpers/kite/cores.js';
import { openPageChannel } from '../../../helpers/transport/page-socket.js';

describe('a SockJS session over the WebSocket of a page', () => {
  it('a framed page channel combines the messages of a turn in a frame, and splits frames', async () => {
    const { socket, channel, inbox } = await openPageChannel(FramedPageChannel);
    channel.send('one');
    channel.send('"two"');
    expect(socket.sent).toEqual([]);
    await settled();
    expect(socket.sent).toEqual(['["one","\\"two\\""]']);
    for (const data of ['o', 'h', 'a["1","2"]', 'm"3"']) socket.happens('message', { data });
    expect(inbox.messages).toEqual(['1', '2', '3']);
  });

  it('a framed page channel sends a long frame before the end of the turn', async () => {
    const { socket, channel } = await openPageChannel(FramedPageChannel);
    channel.send('x'.repeat(20_000));
    expect(socket.sent).toHaveLength(1);
  });

  it('a framed page channel receives the code of the close frame, and sends a close frame', async () => {
    const { socket, inbox } = await openPageChannel(FramedPageChannel);
    socket.happens('message', { data: 'c[3000,"Go away!"]' });
    expect(socket.closes).toEqual([[3000, 'Go away!']]);
    socket.happens('close', { code: 1005 });
    expect(inbox.closes).toEqual([{ code: 3000, reason: 'Go away!' }]);
  });

  it('a framed page channel closes on a malformed frame', async () => {
    const { socket, inbox } = await openPageChannel(FramedPageChannel);
    socket.happens('message', { data: 'x' });
    // A page may not send 1002.
    expect(socket.closes).toEqual([[3000, 'Not a SockJS frame']]);
    socket.happens('message', { data: 'a["late"]' });
    socket.happens('close', { code: 3000 });
    expect(inbox.closes).toEqual([{ code: 1002, reason: 'Not a SockJS frame' }]);
    expect(inbox.messages).toEqual([]);
  });

  it('a framed page channel closes if its server is silent for more than a minute, and not with heartbeats', async () => {
    const { socket, clock, inbox } = await openPageChannel(FramedPageChannel);
    for (let beats = 0; beats < 10; beats++) {
      clock.advance(25_000);
      socket.happens('message', { data: 'h' });
    }
    expect(inbox.closes).toEqual([]);
    clock.advance(80_000);
    expect(inbox.closes).toEqual([{ code: 1006, reason: 'The server is silent' }]);
    expect(socket.closes).toHaveLength(1);
    expect(clock.timers).toBe(0);
  });

  it('a framed page channel sends queued messages before its close frame, and limits the wait for the answer', async () => {
    const { socket, clock, channel, inbox } = await openPageChannel(FramedPageChannel);
    channel.send('last');
    channel.close(1008, 'enough');
    channel.send('never');
    expect(socket.sent).toEqual(['["last"]']);
    expect(socket.closes).toEqual([[3000, 'enough']]);
    clock.advance(5000);
    expect(inbox.closes).toEqual([{ code: 1008, reason: 'enough' }]);
    expect(clock.timers).toBe(0);
  });
});
