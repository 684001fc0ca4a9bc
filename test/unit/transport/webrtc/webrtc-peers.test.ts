import { describe, expect, it } from 'vitest';
import { ATTEMPT_TIMEOUT } from '../../../../src/lib/transport/limits/transport-limits.js';
import { ALL_SESSIONS, parseSignal, type Signal } from '../../../../src/lib/transport/webrtc/signals.js';
import { FakeRtc } from '../../../helpers/transport/fake-rtc.js';
import { arrived, twoPages } from '../../../helpers/transport/two-pages.js';

describe('two pages', () => {
  it('two pages open a data channel, and send nothing through Kontrol afterwards', async () => {
    const { one, two, dial, passed } = twoPages();
    const { channel, inbox } = await dial();
    channel.send('hello');
    await arrived();
    const [accepted] = two.accepted;
    expect(accepted?.inbox.messages).toEqual(['hello']);
    expect(accepted?.username).toBe('user of one');
    accepted?.channel.send('hello yourself');
    expect(await inbox.count(1)).toEqual(['hello yourself']);
    expect(passed.slice(0, 1)).toEqual(['offer']);
    expect(passed).not.toContain('message');
    channel.close(4000, 'enough');
    expect(await accepted?.inbox.closed()).toEqual({ code: 4000, reason: 'enough' });
    expect(await inbox.closed()).toEqual({ code: 4000, reason: 'enough' });
    expect([one.peers.size, two.peers.size]).toEqual([0, 0]);
  });

  it('a page is notified at once that its peer closes', async () => {
    const pages = new EventTarget();
    const { RTCPeerConnection } = new FakeRtc().platform;
    const { one, two, dial } = twoPages({
      one: {
        RTCPeerConnection,
        addEventListener: (type, listener) => pages.addEventListener(type, listener),
        removeEventListener: (type, listener) => pages.removeEventListener(type, listener),
      },
      other: { RTCPeerConnection },
    });
    const { inbox } = await dial();
    pages.dispatchEvent(new Event('pagehide'));
    expect(await inbox.closed()).toMatchObject({ code: 1001 });
    expect(await two.accepted[0]?.inbox.closed()).toMatchObject({ code: 1006 });
    expect([one.peers.size, two.peers.size]).toEqual([0, 0]);
  });

  it('two pages end all of their sessions if Kontrol reports that one of them has lost its access', async () => {
    const { one, two, dial, dialRelayed } = twoPages();
    const direct = await dial();
    const relayed = await dialRelayed();
    const left = parseSignal({ type: 'leave', src: 'one', payload: { session: ALL_SESSIONS } });
    const another = parseSignal({ type: 'leave', src: 'on', payload: { session: ALL_SESSIONS } });
    if (!left || !another) throw new Error('The signals are invalid');
    two.peers.receive(another);
    expect(two.peers.size).toBe(2);
    two.peers.receive(left);
    for (const { inbox } of [direct, relayed, ...two.accepted])
      expect(await inbox.closed()).toMatchObject({ code: 1008 });
    await arrived();
    expect([one.peers.size, two.peers.size]).toEqual([0, 0]);
  });

  it('two pages split long messages into chunks between characters, and join them', async () => {
    const { rtc, two, dial } = twoPages();
    const { channel } = await dial();
    // Every odd chunk would end within a character.
    const long = `x${'👪'.repeat(50_000)}`;
    channel.send(long);
    channel.send('short');
    await arrived();
    expect(two.accepted[0]?.inbox.messages).toEqual([long, 'short']);
    const pieces = rtc.channels[0]?.sent ?? [];
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(33 * 1024);
    expect(pieces.filter((piece) => /[\ud800-\udbff]$/.test(piece))).toEqual([]);
  });

  it('two pages combine the messages of a turn in one', async () => {
    const { rtc, two, dial } = twoPages();
    const { channel } = await dial();
    const texts = Array.from({ length: 100 }, (_, n) => `text ${n} 👪`);
    for (const text of texts) channel.send(text);
    await arrived();
    expect(two.accepted[0]?.inbox.messages).toEqual(texts);
    expect(rtc.channels[0]?.sent).toHaveLength(1);
    for (let n = 0; n < 100; n++) channel.send(`${n}`.padEnd(1000));
    await arrived();
    expect(two.accepted[0]?.inbox.messages).toHaveLength(200);
    expect(rtc.channels[0]?.sent.length).toBeLessThan(10);
    for (const { length } of rtc.channels[0]?.sent ?? []) expect(length).toBeLessThan(33 * 1024);
  });

  it('two pages limit the bytes that are buffered in the browser', async () => {
    const { rtc, two, dial } = twoPages();
    const { channel } = await dial();
    const [near] = rtc.channels;
    if (!near) throw new Error('no channel');
    near.bufferedAmount = 300_000;
    channel.send('later');
    await arrived();
    expect(near.sent).toEqual([]);
    expect(channel.bufferedBytes).toBeGreaterThan(300_000);
    near.bufferedAmount = 0;
    near.happens('bufferedamountlow');
    await arrived();
    expect(two.accepted[0]?.inbox.messages).toEqual(['later']);
  });

  it('two pages fall back to Kontrol if no data channel opens within half of the timeout', async () => {
    const { rtc, clock, one, two, dial } = twoPages();
    rtc.reachable = false;
    const dialed = dial();
    await arrived();
    clock.advance(5000);
    const { channel, inbox } = await dialed;
    for (let n = 0; n < 100; n++) channel.send(`${n}`);
    await arrived();
    const [accepted] = two.accepted;
    expect(accepted?.inbox.messages).toEqual(Array.from({ length: 100 }, (_, n) => `${n}`));
    expect(accepted?.username).toBe('user of one');
    accepted?.channel.send('x'.repeat(300_000));
    accepted?.channel.close(4000, 'enough');
    expect((await inbox.count(1))[0]).toHaveLength(300_000);
    expect(await inbox.closed()).toEqual({ code: 4000, reason: 'enough' });
    await arrived();
    expect([one.peers.size, two.peers.size]).toEqual([0, 0]);
    clock.advance(60_000);
    expect(clock.timers).toBe(0);
  });

  it('two pages fall back to Kontrol at once if one has no WebRTC or finds no route', async () => {
    const without = twoPages({ other: {} });
    (await without.dial()).channel.send('a');
    await arrived();
    expect(without.two.accepted[0]?.inbox.messages).toEqual(['a']);
    const { rtc, two, dial } = twoPages();
    rtc.reachable = false;
    const dialed = dial();
    await arrived();
    rtc.connections.get('connection 0')?.fail();
    (await dialed).channel.send('b');
    await arrived();
    expect(two.accepted[0]?.inbox.messages).toEqual(['b']);
  });

  it('two pages ignore a late end of the WebRTC attempt', async () => {
    const { rtc, clock, two, dial } = twoPages();
    rtc.reachable = false;
    const dialed = dial();
    await arrived();
    clock.advance(5000);
    // Its own attempt fails while the other side accepts the fallback to Kontrol.
    rtc.connections.get('connection 1')?.fail();
    const { channel, inbox } = await dialed;
    channel.send('still here');
    await arrived();
    expect(two.accepted.at(-1)?.inbox.messages).toEqual(['still here']);
    expect(inbox.closes).toEqual([]);
  });

  it('two pages apply backpressure if one does not read', async () => {
    const { dialRelayed, passed } = twoPages();
    const { channel, accepted } = await dialRelayed();
    accepted.channel.pause();
    const before = passed.length;
    for (const text of ['one', 'two', 'three']) {
      channel.send(text);
      await arrived();
    }
    expect(passed.length - before).toBe(1);
    expect(accepted.inbox.messages).toEqual([]);
    accepted.channel.resume();
    await arrived();
    expect(accepted.inbox.messages).toEqual(['one', 'two', 'three']);
  });

  it('two pages lose sessions through Kontrol with its connection, and keep direct ones', async () => {
    const { rtc, state, one, dial } = twoPages();
    const direct = await dial();
    rtc.reachable = false;
    const dialed = dial();
    await arrived();
    rtc.connections.get('connection 2')?.fail();
    const relayed = await dialed;
    state.kontrol = false;
    one.peers.kontrolDisconnected();
    expect(await relayed.inbox.closed()).toEqual({ code: 1006, reason: '' });
    expect(direct.inbox.closes).toEqual([]);
    await expect(dial()).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('Kontrol is gone') as string,
    });
  });

  it('a page reports an unreachable peer, and aborts a dial on request', async () => {
    const { one, dial } = twoPages();
    await expect(dial('three')).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('dst not registered') as string,
    });
    const controller = new AbortController();
    const dialed = dial('two', { signal: controller.signal });
    controller.abort();
    await expect(dialed).rejects.toMatchObject({ code: 'aborted' });
    await expect(dial('two', { signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' });
    expect(one.peers.size).toBe(0);
  });

  it('a page closes all its sessions when it closes', async () => {
    const { one, two, dial } = twoPages();
    const { inbox } = await dial();
    one.peers.close();
    await inbox.closed();
    await arrived();
    expect(two.accepted[0]?.inbox.closes).toEqual([{ code: 3000, reason: 'Go away!' }]);
    expect([one.peers.size, two.peers.size]).toEqual([0, 0]);
  });
});

describe('a page', () => {
  it('a page limits its number of sessions', async () => {
    const { two, dial } = twoPages({ limits: { peers: 2 } });
    await dial();
    await dial();
    await expect(dial()).rejects.toMatchObject({
      message: expect.stringContaining('reached its limit of sessions') as string,
    });
    expect(two.accepted).toHaveLength(2);
  });

  it.each([
    ['of an unknown type', 'hello', 1002],
    ['shorter than its declared length', '#2,3:.a.', 1002],
    ['longer than its declared length', '#2,2:.a.b.c', 1002],
    ['of no length', '#:', 1002],
    ['of malformed lengths', '#2,x:.a.b', 1002],
    ['of negative lengths', '#4,-2,2:.a.b', 1002],
    ['of an unterminated length', '#2,2', 1002],
    ['longer than the limit', `.${'x'.repeat(101)}`, 1009],
    ['longer than the limit in chunks', `+${'x'.repeat(101)}`, 1009],
  ])('a page closes a channel on a message that is %s', async (_what, piece, code) => {
    const { rtc, two, dial } = twoPages({ limits: { messageBytes: 100 } });
    await dial();
    rtc.channels[0]?.send(piece);
    await arrived();
    expect(two.accepted[0]?.inbox.closes[0]?.code).toBe(code);
    expect(two.accepted[0]?.inbox.messages).toEqual([]);
  });

  it('a page limits the bytes that it has not read', async () => {
    const { two, dial } = twoPages({ limits: { sendQueueBytes: 1000 } });
    const { channel } = await dial();
    two.accepted[0]?.channel.pause();
    for (let n = 0; n < 20; n++) {
      channel.send('x'.repeat(100));
      await arrived();
    }
    expect(two.accepted[0]?.inbox.closes[0]?.code).toBe(1008);
  });

  it('a page ignores malformed signals, and keeps candidates that arrive before the description', async () => {
    for (const value of [
      null,
      'x',
      {},
      { type: 'offer', src: 'one' },
      { type: 'offer', src: 'one', payload: {} },
    ])
      expect(parseSignal(value)).toBeUndefined();
    expect(parseSignal({ type: 'offer', src: 'a', payload: { session: 'x'.repeat(65) } })).toBeUndefined();
    expect(parseSignal({ type: 'OFFER', src: 'a', username: '', payload: { session: 'x' } })).toMatchObject({
      type: 'offer',
      username: undefined,
    });
    const { rtc, dial } = twoPages();
    await dial();
    await arrived();
    expect(rtc.connections.get('connection 1')?.candidates).toEqual([{ candidate: 'of connection 0' }]);
  });

  it('a page answers messages of unknown sessions with an error', () => {
    const { two } = twoPages();
    const signal = parseSignal({ type: 'message', src: 'one', payload: { session: 's', messages: ['x'] } });
    expect(() => signal && two.peers.receive(signal)).toThrow('has ended or was never opened');
  });
});

function signal(type: string, payload: object, src = 'one'): Signal {
  const read = parseSignal({ type, src, username: 'bob', payload });
  if (!read) throw new Error('This is not a signal');
  return read;
}

describe('a page with a hostile peer', () => {
  it('a page limits the number of addresses that it tries for a session', async () => {
    const { rtc, two } = twoPages({ limits: { candidates: 5 } });
    rtc.reachable = false;
    rtc.connect();
    two.peers.receive(signal('offer', { session: 's', sdp: 'connection 0' }));
    for (let n = 0; n < 10; n++) two.peers.receive(signal('candidate', { session: 's', candidate: { n } }));
    await arrived();
    for (let n = 10; n < 20; n++) two.peers.receive(signal('candidate', { session: 's', candidate: { n } }));
    two.peers.receive(signal('candidate', { session: 's', candidate: 'none' }));
    await arrived();
    expect(rtc.connections.get('connection 1')?.candidates).toEqual(
      Array.from({ length: 5 }, (_, n) => ({ n })),
    );
  });

  it.each<[string, unknown]>([
    ['not a string', { toString: () => 'connection 0' }],
    ['too long', 'x'.repeat(65_537)],
    ['malformed', 'connection 17'],
    ['missing', undefined],
  ])('a page rejects an offer whose description is %s, and keeps nothing of it', async (_what, sdp) => {
    const { two, passed, clock } = twoPages();
    two.peers.receive(signal('offer', { session: 's', sdp }));
    await arrived();
    expect(passed).toEqual(['leave']);
    expect(two.peers.size).toBe(0);
    expect(two.accepted).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  it('a page opens no data channel for a description above descriptionLength', async () => {
    const sdp = 'connection 0';
    for (const [descriptionLength, answers] of [
      [sdp.length - 1, ['leave']],
      [sdp.length, ['answer', 'candidate']],
    ] as const) {
      const { rtc, two, passed } = twoPages({ limits: { descriptionLength } });
      rtc.connect();
      two.peers.receive(signal('offer', { session: 's', sdp }));
      await arrived();
      expect(passed).toEqual(answers);
    }
  });

  it('a page limits the sessions of each peer', async () => {
    const { rtc, two, dial } = twoPages({ limits: { peers: 10, sessionsPerPeer: 3 } });
    rtc.reachable = false;
    rtc.connect();
    for (let n = 0; n < 1000; n++)
      two.peers.receive(signal('offer', { session: `${n}`, sdp: 'connection 0' }, 'mallory'));
    expect(two.peers.size).toBe(3);
    await arrived();
    expect(rtc.connections.size).toBe(1 + 3);
    rtc.reachable = true;
    (await dial()).channel.send('hello');
    await arrived();
    expect(two.accepted.at(-1)?.inbox.messages).toEqual(['hello']);
  });

  it('a page removes incomplete sessions after a minute', async () => {
    const { rtc, two, clock } = twoPages();
    rtc.reachable = false;
    rtc.connect();
    two.peers.receive(signal('offer', { session: 's', sdp: 'connection 0' }));
    await arrived();
    clock.advance(ATTEMPT_TIMEOUT - 1);
    expect(two.peers.size).toBe(1);
    clock.advance(1);
    expect(two.peers.size).toBe(0);
    expect(rtc.connections.get('connection 1')?.connectionState).toBe('closed');
  });

  it('a page ignores signals of unknown sessions', async () => {
    const { two, passed } = twoPages();
    for (const type of ['answer', 'candidate', 'leave', 'nonsense'])
      expect(two.peers.receive(signal(type, { session: 's', sdp: 'x', candidate: {} }))).toBeNull();
    await arrived();
    expect(passed).toEqual([]);
    expect(two.peers.size).toBe(0);
  });

  it('a page keeps a session whose peer rejects it too late', async () => {
    const { dialRelayed, payloads, two } = twoPages();
    const { channel, accepted } = await dialRelayed();
    const { session } = payloads.at(-1) as { session: string };
    two.peers.receive(signal('leave', { session, code: 3000, reason: 'x' }));
    channel.send('still here');
    await arrived();
    expect(accepted.inbox.messages).toEqual(['still here']);
  });
});
