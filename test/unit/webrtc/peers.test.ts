import { describe, expect, it } from 'vitest';
import type { Channel } from '../../../src/lib/util/channel.js';
import { defaultLimits, type Limits } from '../../../src/lib/util/limits.js';
import { Peers } from '../../../src/lib/webrtc/peers.js';
import type { RtcPlatform } from '../../../src/lib/webrtc/rtc-platform.js';
import { readSignal, type SignalType } from '../../../src/lib/webrtc/signals.js';
import { settled } from '../../helpers/cores.js';
import { FakeRtc } from '../../helpers/fake-rtc.js';
import { ManualClock } from '../../helpers/manual-clock.js';
import { Inbox } from '../../helpers/sockjs.js';

interface Side {
  readonly peers: Peers;
  readonly accepted: {
    readonly channel: Channel;
    readonly inbox: Inbox;
    readonly username: string | undefined;
  }[];
}

interface WorldOptions {
  readonly limits?: Partial<Limits>;
  /** What the side that calls has of WebRTC. Default: all. */
  readonly one?: RtcPlatform;
  /** What the side that is called has of WebRTC. Default: all. */
  readonly other?: RtcPlatform;
}

/** Two pages, `one` and `two`, and what Kontrol passes on between them. */
function world({ limits, one: caller, other }: WorldOptions = {}) {
  const rtc = new FakeRtc();
  const clock = new ManualClock();
  const sides: Record<string, Side> = {};
  const passed: string[] = [];
  const state = { kontrol: true };
  const makeSide = (id: string, platform: RtcPlatform): Side => {
    const accepted: Side['accepted'] = [];
    const send = async (type: SignalType, dst: string, payload: object): Promise<unknown> => {
      await settled();
      if (!state.kontrol) throw new Error('Kontrol is gone');
      passed.push(type);
      const signal = readSignal(
        JSON.parse(JSON.stringify({ type, src: id, username: `user of ${id}`, payload })),
      );
      const side = sides[dst];
      if (!signal || !side) throw new Error('dst not registered');
      return type === 'message' ? await side.peers.receive(signal) : (side.peers.receive(signal), null);
    };
    const peers = new Peers({
      signals: { send },
      platform,
      limits: { ...defaultLimits, ...limits },
      clock,
      accept(channel, username) {
        const inbox = new Inbox();
        accepted.push({ channel, inbox, username });
        channel.start(inbox);
      },
    });
    sides[id] = { peers, accepted };
    return sides[id];
  };
  const one = makeSide('one', caller ?? rtc.platform);
  const two = makeSide('two', other ?? rtc.platform);
  const dial = async (id = 'two', options: { signal?: AbortSignal } = {}) => {
    const channel = await one.peers.dial(id, `webrtc://${id}`, { handshakeTimeout: 10_000, ...options });
    const inbox = new Inbox();
    channel.start(inbox);
    return { channel, inbox };
  };
  return { rtc, clock, passed, state, one, two, dial };
}

/** Lets what is on its way through several hands arrive. */
async function arrived(): Promise<void> {
  for (let hops = 0; hops < 20; hops++) await settled();
}

describe('two pages', () => {
  it('open a data channel, and nothing of what they say goes through Kontrol', async () => {
    const { one, two, dial, passed } = world();
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

  it('hear at once that the other page goes away', async () => {
    const pages = new EventTarget();
    const { RTCPeerConnection } = new FakeRtc().platform;
    const { one, two, dial } = world({
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

  it('cut long messages into pieces between characters, and join them', async () => {
    const { rtc, two, dial } = world();
    const { channel } = await dial();
    // Every odd piece would end inside of a character.
    const long = `x${'👪'.repeat(50_000)}`;
    channel.send(long);
    channel.send('short');
    await arrived();
    expect(two.accepted[0]?.inbox.messages).toEqual([long, 'short']);
    const pieces = rtc.channels[0]?.sent ?? [];
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(16 * 1024 + 1);
    expect(pieces.filter((piece) => /[\ud800-\udbff]$/.test(piece))).toEqual([]);
  });

  it('do not give the browser more than it takes', async () => {
    const { rtc, two, dial } = world();
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

  it('go through Kontrol where no data channel has come up in half of the time', async () => {
    const { rtc, clock, one, two, dial } = world();
    rtc.reachable = false;
    const dialled = dial();
    await arrived();
    clock.advance(5000);
    const { channel, inbox } = await dialled;
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

  it('go through Kontrol at once where one of them has no WebRTC, or finds no way', async () => {
    const without = world({ other: {} });
    (await without.dial()).channel.send('a');
    await arrived();
    expect(without.two.accepted[0]?.inbox.messages).toEqual(['a']);
    const { rtc, two, dial } = world();
    rtc.reachable = false;
    const dialled = dial();
    await arrived();
    rtc.connections.get('connection 0')?.fail();
    (await dialled).channel.send('b');
    await arrived();
    expect(two.accepted[0]?.inbox.messages).toEqual(['b']);
  });

  it('are not disturbed by an end of the attempt that comes late', async () => {
    const { rtc, clock, two, dial } = world();
    rtc.reachable = false;
    const dialled = dial();
    await arrived();
    clock.advance(5000);
    // While the other side agrees to go through Kontrol, its own attempt fails.
    rtc.connections.get('connection 1')?.fail();
    const { channel, inbox } = await dialled;
    channel.send('still here');
    await arrived();
    expect(two.accepted.at(-1)?.inbox.messages).toEqual(['still here']);
    expect(inbox.closes).toEqual([]);
  });

  it('wait for each other where one does not read', async () => {
    const { rtc, two, dial, passed } = world();
    rtc.reachable = false;
    const { channel } = await new Promise<Awaited<ReturnType<typeof dial>>>((resolve) => {
      void dial().then(resolve);
      void arrived().then(() => rtc.connections.get('connection 0')?.fail());
    });
    await arrived();
    const [accepted] = two.accepted;
    accepted?.channel.pause();
    const before = passed.length;
    channel.send('one');
    await arrived();
    channel.send('two');
    await arrived();
    channel.send('three');
    await arrived();
    expect(passed.length - before).toBe(1);
    expect(accepted?.inbox.messages).toEqual([]);
    accepted?.channel.resume();
    await arrived();
    expect(accepted?.inbox.messages).toEqual(['one', 'two', 'three']);
  });

  it('lose what goes through Kontrol with it, and keep what does not', async () => {
    const { rtc, state, one, dial } = world();
    const direct = await dial();
    rtc.reachable = false;
    const dialled = dial();
    await arrived();
    rtc.connections.get('connection 2')?.fail();
    const relayed = await dialled;
    state.kontrol = false;
    one.peers.lost();
    expect(await relayed.inbox.closed()).toEqual({ code: 1006, reason: '' });
    expect(direct.inbox.closes).toEqual([]);
    await expect(dial()).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('Kontrol is gone') as string,
    });
  });

  it('say who cannot be reached, and give up when told to', async () => {
    const { one, dial } = world();
    await expect(dial('three')).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('dst not registered') as string,
    });
    const controller = new AbortController();
    const dialled = dial('two', { signal: controller.signal });
    controller.abort();
    await expect(dialled).rejects.toMatchObject({ code: 'aborted' });
    await expect(dial('two', { signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' });
    expect(one.peers.size).toBe(0);
  });

  it('end all of it when one closes', async () => {
    const { one, two, dial } = world();
    const { inbox } = await dial();
    one.peers.close();
    await inbox.closed();
    await arrived();
    expect(two.accepted[0]?.inbox.closes).toEqual([{ code: 3000, reason: 'Go away!' }]);
    expect([one.peers.size, two.peers.size]).toEqual([0, 0]);
  });
});

describe('a page', () => {
  it('takes no more sessions than it has room for', async () => {
    const { two, dial } = world({ limits: { peers: 2 } });
    await dial();
    await dial();
    await expect(dial()).rejects.toMatchObject({
      message: expect.stringContaining('no room for another session') as string,
    });
    expect(two.accepted).toHaveLength(2);
  });

  it.each([
    ['no kind of message', 'hello', 1002],
    ['longer than the limit', `.${'x'.repeat(101)}`, 1009],
    ['longer than the limit, piece by piece', `+${'x'.repeat(101)}`, 1009],
  ])('ends a channel on which comes what is %s', async (_what, piece, code) => {
    const { rtc, two, dial } = world({ limits: { messageBytes: 100 } });
    await dial();
    rtc.channels[0]?.send(piece);
    await arrived();
    expect(two.accepted[0]?.inbox.closes[0]?.code).toBe(code);
    expect(two.accepted[0]?.inbox.messages).toEqual([]);
  });

  it('keeps no more of what it does not read than it may', async () => {
    const { two, dial } = world({ limits: { sendQueueBytes: 1000 } });
    const { channel } = await dial();
    two.accepted[0]?.channel.pause();
    for (let n = 0; n < 20; n++) {
      channel.send('x'.repeat(100));
      await arrived();
    }
    expect(two.accepted[0]?.inbox.closes[0]?.code).toBe(1008);
  });

  it('takes what is no signal for none, and candidates before the description for early', async () => {
    for (const value of [
      null,
      'x',
      {},
      { type: 'offer', src: 'one' },
      { type: 'offer', src: 'one', payload: {} },
    ])
      expect(readSignal(value)).toBeUndefined();
    expect(readSignal({ type: 'offer', src: 'a', payload: { session: 'x'.repeat(65) } })).toBeUndefined();
    expect(readSignal({ type: 'OFFER', src: 'a', username: '', payload: { session: 'x' } })).toMatchObject({
      type: 'offer',
      username: undefined,
    });
    const { rtc, dial } = world();
    await dial();
    await arrived();
    expect(rtc.connections.get('connection 1')?.candidates).toEqual([{ candidate: 'of connection 0' }]);
  });

  it('answers messages of sessions that it does not know with an error', () => {
    const { two } = world();
    const signal = readSignal({ type: 'message', src: 'one', payload: { session: 's', messages: ['x'] } });
    expect(() => signal && two.peers.receive(signal)).toThrow('has ended or was never opened');
  });
});
