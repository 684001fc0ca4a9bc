import { onTestFinished } from 'vitest';
import { FramedPageChannel } from '../../../src/lib/transport/page/framed-page-channel.js';
import type { RawPageChannel } from '../../../src/lib/transport/page/raw-page-channel.js';
import type { PageSocket } from '../../../src/lib/transport/page/page-platform.js';
import { ClientHeartbeat } from '../../../src/lib/transport/sockjs/client-heartbeat.js';
import { defaultLimits, type Limits } from '../../../src/lib/kite/limits/kite-limits.js';
import { settled } from '../kite/cores.js';
import { ManualClock } from '../process/manual-clock.js';
import { Inbox } from './sockjs.js';

export type Listener = (event: { data: unknown; code: number; reason: string }) => void;

/** A browser WebSocket without a network. */
export class FakeSocket implements PageSocket {
  readyState = 1;
  bufferedAmount = 0;
  binaryType = 'blob';
  readonly sent: string[] = [];
  readonly sentBytes: Uint8Array[] = [];
  readonly closes: [code: number | undefined, reason: string | undefined][] = [];
  readonly #listeners: [string, Listener][] = [];

  send(data: string | Uint8Array): void {
    if (typeof data === 'string') this.sent.push(data);
    else this.sentBytes.push(data);
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

export async function openPageChannel(
  Channel: typeof RawPageChannel | typeof FramedPageChannel,
  limits: Partial<Limits> = {},
) {
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
  onTestFinished(() => {
    channel.close();
    socket.happens('close', {});
  });
  await settled();
  return { socket, clock, channel, inbox };
}
