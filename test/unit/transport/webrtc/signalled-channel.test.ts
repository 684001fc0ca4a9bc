import { describe, expect, it } from 'vitest';
import { parseSignal } from '../../../../src/lib/transport/webrtc/signals.js';
import { arrived, twoPages } from '../../../helpers/transport/two-pages.js';

const SECOND = 1000;

describe('a page session through Kontrol', () => {
  it('a signalled channel splits long messages into short signals, and keeps the order', async () => {
    const { dialRelayed, payloads } = twoPages();
    const { channel, accepted } = await dialRelayed();
    // Every odd chunk would end within a character.
    const long = `x${'👪'.repeat(500_000)}`;
    channel.send('before');
    channel.send(long);
    channel.send('after');
    expect((await accepted.inbox.count(3)).map((text) => text === long || text)).toEqual([
      'before',
      true,
      'after',
    ]);
    const longest = Math.max(...payloads.map((payload) => JSON.stringify(payload).length));
    expect(longest).toBeLessThan(100_000);
  });

  it('a signalled channel stays open without messages while its peer answers', async () => {
    const { dialRelayed, clock, one } = twoPages();
    const { channel, inbox, accepted } = await dialRelayed();
    for (let passed = 0; passed < 600; passed += 10) {
      clock.advance(10 * SECOND);
      await arrived();
    }
    expect([inbox.closes, accepted.inbox.closes]).toEqual([[], []]);
    channel.close();
    await inbox.closed();
    await accepted.inbox.closed();
    expect(one.peers.size).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it('a signalled channel closes if its peer disconnects silently', async () => {
    const { dialRelayed, clock, sides, one } = twoPages();
    const { inbox } = await dialRelayed();
    sides['two'] = undefined;
    clock.advance(30 * SECOND);
    expect(await inbox.closed()).toMatchObject({
      code: 1006,
      reason: expect.stringContaining('dst') as string,
    });
    expect(one.peers.size).toBe(0);
  });

  it('a signalled channel opens after five seconds if the dial has no timeout', async () => {
    const { rtc, dial, clock, two } = twoPages();
    rtc.reachable = false;
    const dialed = dial('two', { handshakeTimeout: 0 });
    await arrived();
    clock.advance(5 * SECOND);
    (await dialed).channel.send('here');
    await arrived();
    expect(two.accepted.at(-1)?.inbox.messages).toEqual(['here']);
  });

  it('a signalled channel is abandoned without a trace if the peer does not answer in time', async () => {
    const { rtc, dial, clock, one, two, sides, passed } = twoPages();
    rtc.reachable = false;
    sides['two'] = {
      ...two,
      peers: Object.assign(Object.create(two.peers), { receive: () => new Promise(() => {}) }),
    };
    const dialed = dial().catch((error: unknown) => error);
    await arrived();
    clock.advance(5 * SECOND);
    await arrived();
    expect(passed.at(-1)).toBe('message');
    clock.advance(5 * SECOND);
    expect(await dialed).toMatchObject({ code: 'timeout' });
    expect(one.peers.size).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it('a signalled channel is not opened by a page that closes', async () => {
    const { rtc, dial, one, passed } = twoPages();
    rtc.reachable = false;
    const dialed = dial().catch((error: unknown) => error);
    await arrived();
    one.peers.close();
    expect(await dialed).toMatchObject({ message: expect.stringContaining('closing') as string });
    await arrived();
    expect(passed).not.toContain('message');
    expect(one.peers.size).toBe(0);
  });

  it.each<[string, unknown, number]>([
    ['not a string', 7, 1003],
    ['malformed', 'hello', 1002],
    ['empty', '', 1002],
    ['longer than the limit', `.${'x'.repeat(101)}`, 1009],
  ])('a signalled channel closes on a chunk that is %s', async (_what, piece, code) => {
    const { dialRelayed, payloads, two } = twoPages({ limits: { messageBytes: 100 } });
    const { inbox, accepted } = await dialRelayed();
    const { session } = payloads.at(-1) as { session: string };
    await two.peers.receive(signal({ session, pieces: [piece] }));
    expect((await inbox.closed())?.code).toBe(code);
    expect((await accepted.inbox.closed())?.code).toBe(code);
    expect(accepted.inbox.messages).toEqual([]);
  });

  it('a signalled channel closes if more arrives before it took the previous chunks', async () => {
    const { dialRelayed, payloads, two } = twoPages();
    const { accepted } = await dialRelayed();
    const { session } = payloads.at(-1) as { session: string };
    accepted.channel.pause();
    void two.peers.receive(signal({ session, pieces: ['.a'] }));
    void two.peers.receive(signal({ session, pieces: ['.b'] }));
    expect((await accepted.inbox.closed())?.code).toBe(1008);
  });

  it('a signalled channel rejects messages of other pages', async () => {
    const { dialRelayed, payloads, two } = twoPages();
    const { accepted } = await dialRelayed();
    const { session } = payloads.at(-1) as { session: string };
    const foreign = parseSignal({ type: 'message', src: 'three', payload: { session, pieces: ['.hello'] } });
    expect(() => foreign && two.peers.receive(foreign)).toThrow('never opened');
    expect(accepted.inbox.messages).toEqual([]);
  });
});

function signal(payload: { readonly session: string; readonly pieces?: readonly unknown[] }) {
  const read = parseSignal({ type: 'message', src: 'one', username: 'user of one', payload });
  if (!read) throw new Error('This is not a signal');
  return read;
}
