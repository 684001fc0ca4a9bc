import { onTestFinished } from 'vitest';
import type { Channel } from '../../../src/lib/transport/channel/channel.js';
import { defaultLimits, type Limits } from '../../../src/lib/kite/limits/kite-limits.js';
import { type PeerDialOptions, WebRtcPeers } from '../../../src/lib/transport/webrtc/webrtc-peers.js';
import type { RtcPlatform } from '../../../src/lib/transport/webrtc/rtc-platform.js';
import { parseSignal, type SignalType } from '../../../src/lib/transport/webrtc/signals.js';
import { settled } from '../kite/cores.js';
import { FakeRtc } from './fake-rtc.js';
import { ManualClock } from '../process/manual-clock.js';
import { Inbox } from './sockjs.js';

interface Side {
  readonly peers: WebRtcPeers;
  readonly accepted: {
    readonly channel: Channel;
    readonly inbox: Inbox;
    readonly username: string | undefined;
  }[];
}

interface WorldOptions {
  readonly limits?: Partial<Limits>;
  /** The WebRTC support of the calling side. Default: full. */
  readonly one?: RtcPlatform;
  /** The WebRTC support of the called side. Default: full. */
  readonly other?: RtcPlatform;
}

/** Two pages, `one` and `two`, and the signals that Kontrol relays between them. Both close when the test ends. */
export function twoPages({ limits, one: caller, other }: WorldOptions = {}) {
  const rtc = new FakeRtc();
  const clock = new ManualClock();
  const sides: Record<string, Side | undefined> = {};
  /** The types of the signals and their content. */
  const passed: string[] = [];
  const payloads: object[] = [];
  const state = { kontrol: true };
  const makeSide = (id: string, platform: RtcPlatform): Side => {
    const accepted: Side['accepted'] = [];
    const send = async (type: SignalType, dst: string, payload: object): Promise<unknown> => {
      await settled();
      if (!state.kontrol) throw new Error('Kontrol is gone');
      passed.push(type);
      payloads.push(payload);
      const signal = parseSignal(
        JSON.parse(JSON.stringify({ type, src: id, username: `user of ${id}`, payload })),
      );
      const side = sides[dst];
      if (!signal || !side) throw new Error('dst not registered');
      return type === 'message' ? await side.peers.receive(signal) : (side.peers.receive(signal), null);
    };
    const peers = new WebRtcPeers({
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
    const side = { peers, accepted };
    sides[id] = side;
    return side;
  };
  const one = makeSide('one', caller ?? rtc.platform);
  const two = makeSide('two', other ?? rtc.platform);
  onTestFinished(async () => {
    // One after the other: each hears the goodbye of the other page.
    for (const { peers } of [one, two]) {
      peers.close();
      await arrived();
    }
  });
  const dial = async (id = 'two', options: Partial<PeerDialOptions> = {}) => {
    const channel = await one.peers.dial(id, `webrtc://${id}`, { handshakeTimeout: 10_000, ...options });
    const inbox = new Inbox();
    channel.start(inbox);
    return { channel, inbox };
  };
  /** A session through Kontrol. */
  const dialRelayed = async () => {
    rtc.reachable = false;
    const dialed = dial();
    await arrived();
    [...rtc.connections.values()].at(-2)?.fail();
    const { channel, inbox } = await dialed;
    const accepted = two.accepted.at(-1);
    if (!accepted) throw new Error('Nobody has accepted');
    return { channel, inbox, accepted };
  };
  return { rtc, clock, passed, payloads, sides, state, one, two, dial, dialRelayed };
}

/** Waits until pending messages have arrived. */
export async function arrived(): Promise<void> {
  for (let hops = 0; hops < 20; hops++) await settled();
}
