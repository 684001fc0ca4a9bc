import { describe, expect, it } from 'vitest';
import { FramedPageChannel } from '../../../../src/lib/transport/page/framed-page-channel.js';
import { RawPageChannel } from '../../../../src/lib/transport/page/page-channel.js';
import type { PageSocket } from '../../../../src/lib/transport/page/page-platform.js';
import { ClientHeartbeat } from '../../../../src/lib/transport/sockjs/client-heartbeat.js';
import { defaultLimits, type Limits } from '../../../../src/lib/util/limits.js';
import { settled } from '../../../helpers/cores.js';
import { ManualClock } from '../../../helpers/manual-clock.js';
import { Inbox } from '../../../helpers/sockjs.js';

type Listener = (event: { data: unknown; code: number; reason: string }) => void;

/** A WebSocket as a browser has it, without a network. */
class FakeSocket implements PageSocket {
  readyState = 1;
  bufferedAmount = 0;
  readonly sent: string[] = [];
  readonly closes: [code: number | undefined, reason: string | undefined][] = [];
  readonly #listeners: [string, Listener][] = [];

  send(text: string): void {
    this.sent.push(text);
  }

  close(code?: number, reason?: string): void {
    this.closes.push([code, reason]);
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.push([type, listener]);
  }

  happens(type: 'message' | 'close', event: { data?: unknown; code?: number; reason?: string }): void {
    for (const [name, listener] of this.#listeners)
      if (name === type) listener({ data: undefined, code: 0, reason: '', ...event });
  }
}

async function open(Channel: typeof RawPageChannel | typeof FramedPageChannel, limits: Partial<Limits> = {}) {
  const socket = new FakeSocket();
  const clock = new ManualClock();
  const owner = new ClientHeartbeat(clock, 60_000);
  const channel = new Channel({
    socket,
    remoteAddress: 'kites.example.com:3636',
    limits: { ...defaultLimits, ...limits },
    clock,
    owner,
  });
  if (channel instanceof FramedPageChannel) owner.watch(channel);
  const inbox = new Inbox();
  channel.start(inbox);
  await settled();
  return { socket, clock, channel, inbox };
}

describe('a SockJS session over the WebSocket of a page', () => {
  it('puts the messages of one turn into a frame, and takes frames apart', async () => {
    const { socket, channel, inbox } = await open(FramedPageChannel);
    channel.send('one');
    channel.send('"two"');
    expect(socket.sent).toEqual([]);
    await settled();
    expect(socket.sent).toEqual(['["one","\\"two\\""]']);
    for (const data of ['o', 'h', 'a["1","2"]', 'm"3"']) socket.happens('message', { data });
    expect(inbox.messages).toEqual(['1', '2', '3']);
  });

  it('does not wait for the end of the turn with what keeps the other side busy', async () => {
    const { socket, channel } = await open(FramedPageChannel);
    channel.send('x'.repeat(20_000));
    expect(socket.sent).toHaveLength(1);
  });

  it('ends with the code of the close frame, and says goodbye', async () => {
    const { socket, inbox } = await open(FramedPageChannel);
    socket.happens('message', { data: 'c[3000,"Go away!"]' });
    expect(socket.closes).toEqual([[3000, 'Go away!']]);
    socket.happens('close', { code: 1005 });
    expect(inbox.closes).toEqual([{ code: 3000, reason: 'Go away!' }]);
  });

  it('ends what is no frame', async () => {
    const { socket, inbox } = await open(FramedPageChannel);
    socket.happens('message', { data: 'x' });
    // A page may not send 1002.
    expect(socket.closes).toEqual([[3000, 'Not a SockJS frame']]);
    socket.happens('message', { data: 'a["late"]' });
    socket.happens('close', { code: 3000 });
    expect(inbox.closes).toEqual([{ code: 1002, reason: 'Not a SockJS frame' }]);
    expect(inbox.messages).toEqual([]);
  });

  it('gives up a server that is silent for more than a minute, and none that sends heartbeats', async () => {
    const { socket, clock, inbox } = await open(FramedPageChannel);
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

  it('sends what waits before it says goodbye, and does not wait for the answer for ever', async () => {
    const { socket, clock, channel, inbox } = await open(FramedPageChannel);
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

describe('the raw WebSocket of a page', () => {
  it('carries each message by itself', async () => {
    const { socket, channel, inbox } = await open(RawPageChannel);
    channel.send('one');
    channel.send('two');
    expect(socket.sent).toEqual(['one', 'two']);
    socket.happens('message', { data: 'three' });
    expect(inbox.messages).toEqual(['three']);
    socket.happens('close', { code: 1001, reason: 'reload' });
    expect(inbox.closes).toEqual([{ code: 1001, reason: 'reload' }]);
  });

  it.each([
    ['that are too long', 'x'.repeat(101), 1009, 'A message is longer than the limit of 100 bytes'],
    ['that are no text', new ArrayBuffer(1), 1003, 'Only text messages are understood here'],
  ])('refuses messages %s', async (_what, data, code, reason) => {
    const { socket, inbox } = await open(RawPageChannel, { messageBytes: 100 });
    socket.happens('message', { data });
    expect(socket.closes).toEqual([[3000, reason]]);
    socket.happens('close', { code: 3000, reason });
    expect(inbox.closes).toEqual([{ code, reason }]);
  });

  it('refuses to send what is too long', async () => {
    const { socket, channel } = await open(RawPageChannel, { messageBytes: 100 });
    channel.send('x'.repeat(101));
    expect(socket.sent).toEqual([]);
    expect(socket.closes).toHaveLength(1);
  });

  it('tells when what was queued above the mark has left', async () => {
    const { socket, channel, clock, inbox } = await open(RawPageChannel, { pauseBytes: 100 });
    socket.bufferedAmount = 200;
    channel.send('x');
    clock.advance(50);
    expect(inbox.drains).toBe(0);
    socket.bufferedAmount = 0;
    clock.advance(50);
    expect(inbox.drains).toBe(1);
    expect(clock.timers).toBe(0);
  });

  it('ends at once where the server does not read', async () => {
    const { socket, channel, inbox } = await open(RawPageChannel, { pauseBytes: 10, sendQueueBytes: 100 });
    socket.bufferedAmount = 101;
    channel.send('x');
    await settled();
    expect(inbox.closes).toEqual([
      { code: 1008, reason: expect.stringContaining('reads too slowly') as string },
    ]);
  });
});
