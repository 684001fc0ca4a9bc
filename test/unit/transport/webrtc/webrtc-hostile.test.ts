import { describe, expect, it } from 'vitest';
import { readSignal, type Signal } from '../../../../src/lib/transport/webrtc/signals.js';
import { arrived, twoPages } from '../../../helpers/two-pages.js';

function signal(type: string, payload: object, src = 'one'): Signal {
  const read = readSignal({ type, src, username: 'bob', payload });
  if (!read) throw new Error('This is no signal');
  return read;
}

describe('a page whom another means harm', () => {
  it('tries no more addresses for a session than it may', async () => {
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
    ['no text', { toString: () => 'connection 0' }],
    ['too long', 'x'.repeat(65_537)],
    ['not understood', 'connection 17'],
    ['missing', undefined],
  ])('refuses an offer whose description is %s, and keeps nothing of it', async (_what, sdp) => {
    const { two, passed, clock } = twoPages();
    two.peers.receive(signal('offer', { session: 's', sdp }));
    await arrived();
    expect(passed).toEqual(['leave']);
    expect(two.peers.size).toBe(0);
    expect(two.accepted).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  it('gives no page all of its room', async () => {
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

  it('lets go, after a minute, of what was begun and not ended', async () => {
    const { rtc, two, clock } = twoPages();
    rtc.reachable = false;
    rtc.connect();
    two.peers.receive(signal('offer', { session: 's', sdp: 'connection 0' }));
    await arrived();
    clock.advance(60_000);
    expect(two.peers.size).toBe(0);
    expect(rtc.connections.get('connection 1')?.connectionState).toBe('closed');
  });

  it('does nothing about signals of sessions that it does not know', async () => {
    const { two, passed } = twoPages();
    for (const type of ['answer', 'candidate', 'leave', 'nonsense'])
      expect(two.peers.receive(signal(type, { session: 's', sdp: 'x', candidate: {} }))).toBeNull();
    await arrived();
    expect(passed).toEqual([]);
    expect(two.peers.size).toBe(0);
  });

  it('goes on with a session whose other page says that it cannot, later than it should', async () => {
    const { dialRelayed, payloads, two } = twoPages();
    const { channel, accepted } = await dialRelayed();
    const { session } = payloads.at(-1) as { session: string };
    two.peers.receive(signal('leave', { session, code: 3000, reason: 'x' }));
    channel.send('still here');
    await arrived();
    expect(accepted.inbox.messages).toEqual(['still here']);
  });
});
