import { describe, expect, it } from 'vitest';
import { parseSignal } from '../../../../src/lib/transport/webrtc/signals.js';
import { arrived, twoPages } from '../../../helpers/transport/two-pages.js';

const SECOND = 1000;

describe('a session through Kontrol', () => {
  it('carries what is long in signals that are not, and keeps the order', async () => {
    const { dialRelayed, payloads } = twoPages();
    const { channel, accepted } = await dialRelayed();
    // Every odd piece would end inside of a character.
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

  it('stays for as long as the other page is there, though nothing is said', async () => {
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

  it('ends where the other page has gone without a word', async () => {
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

  it('comes about after five seconds where nothing bounds the call', async () => {
    const { rtc, dial, clock, two } = twoPages();
    rtc.reachable = false;
    const dialled = dial('two', { handshakeTimeout: 0 });
    await arrived();
    clock.advance(5 * SECOND);
    (await dialled).channel.send('here');
    await arrived();
    expect(two.accepted.at(-1)?.inbox.messages).toEqual(['here']);
  });

  it('is given up, and nothing of it kept, where the other page does not answer in time', async () => {
    const { rtc, dial, clock, one, two, sides, passed } = twoPages();
    rtc.reachable = false;
    sides['two'] = {
      ...two,
      peers: Object.assign(Object.create(two.peers), { receive: () => new Promise(() => {}) }),
    };
    const dialled = dial().catch((error: unknown) => error);
    await arrived();
    clock.advance(5 * SECOND);
    await arrived();
    expect(passed.at(-1)).toBe('message');
    clock.advance(5 * SECOND);
    expect(await dialled).toMatchObject({ code: 'timeout' });
    expect(one.peers.size).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it('is not begun by a page that closes', async () => {
    const { rtc, dial, one, passed } = twoPages();
    rtc.reachable = false;
    const dialled = dial().catch((error: unknown) => error);
    await arrived();
    one.peers.close();
    expect(await dialled).toMatchObject({ message: expect.stringContaining('closing') as string });
    await arrived();
    expect(passed).not.toContain('message');
    expect(one.peers.size).toBe(0);
  });

  it.each<[string, unknown, number]>([
    ['no text', 7, 1003],
    ['no piece', 'hello', 1002],
    ['empty', '', 1002],
    ['longer than the limit', `.${'x'.repeat(101)}`, 1009],
  ])('ends with a piece that is %s', async (_what, piece, code) => {
    const { dialRelayed, payloads, two } = twoPages({ limits: { messageBytes: 100 } });
    const { inbox, accepted } = await dialRelayed();
    const { session } = payloads.at(-1) as { session: string };
    await two.peers.receive(signal({ session, pieces: [piece] }));
    expect((await inbox.closed())?.code).toBe(code);
    expect((await accepted.inbox.closed())?.code).toBe(code);
    expect(accepted.inbox.messages).toEqual([]);
  });

  it('ends where more comes before what came was taken', async () => {
    const { dialRelayed, payloads, two } = twoPages();
    const { accepted } = await dialRelayed();
    const { session } = payloads.at(-1) as { session: string };
    accepted.channel.pause();
    void two.peers.receive(signal({ session, pieces: ['.a'] }));
    void two.peers.receive(signal({ session, pieces: ['.b'] }));
    expect((await accepted.inbox.closed())?.code).toBe(1008);
  });

  it('is nobody else’s: a message of another page for it is refused', async () => {
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
  if (!read) throw new Error('This is no signal');
  return read;
}
