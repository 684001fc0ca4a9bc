import { describe, expect, it, onTestFinished } from 'vitest';
import type { Client } from '../../../src/lib/kite/call/client.js';
import { PINGED_KITES, PINGS_AT_ONCE } from '../../../src/ui/page-limits.js';
import { PING_INTERVAL, type PingState, Pinger } from '../../../src/ui/pinger.js';
import { settled } from '../../helpers/kite/cores.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';

class FakeClient {
  readonly url: string;
  closed = false;
  pings = 0;
  answer: () => Promise<unknown> = () => Promise.resolve('pong');

  constructor(url = 'http://127.0.0.1:1/kite') {
    this.url = url;
  }

  dial(): Promise<void> {
    return Promise.resolve();
  }

  call(): Promise<unknown> {
    this.pings++;
    return this.answer();
  }

  close(): void {
    this.closed = true;
  }
}

function world(make: (id: string) => FakeClient = () => new FakeClient()) {
  const clock = new ManualClock();
  const made: FakeClient[] = [];
  const reported: [string, PingState][] = [];
  let now = 0;
  const pinger = new Pinger({
    clock,
    now: () => (now += 2),
    client: (id) => {
      const client = make(id);
      made.push(client);
      return client as unknown as Client;
    },
    pinged: (id, pinged) => reported.push([id, pinged]),
  });
  onTestFinished(() => pinger.close());
  return { clock, made, reported, pinger };
}

async function arrived(): Promise<void> {
  for (let hops = 0; hops < 10; hops++) await settled();
}

describe('Pinger', () => {
  it('Pinger pings over one connection, and closes it when the kite scrolls out of view', async () => {
    const { clock, made, reported, pinger } = world();
    pinger.watch('a');
    await arrived();
    expect(reported).toEqual([['a', { type: 'answered', ms: 2 }]]);
    clock.advance(PING_INTERVAL);
    await arrived();
    expect(made.map(({ pings }) => pings)).toEqual([2]);
    pinger.unwatch('a');
    expect(made[0]?.closed).toBe(true);
    clock.advance(10 * PING_INTERVAL);
    await arrived();
    expect(reported).toHaveLength(2);
  });

  it('Pinger reports the error, and retries with a new connection', async () => {
    const { clock, made, reported, pinger } = world(() => {
      const client = new FakeClient();
      client.answer = () => Promise.reject(new Error('it is broken'));
      return client;
    });
    pinger.watch('a');
    await arrived();
    expect(reported).toEqual([['a', { type: 'failed', problem: 'it is broken' }]]);
    expect(made[0]?.closed).toBe(true);
    clock.advance(PING_INTERVAL);
    await arrived();
    expect(made).toHaveLength(2);
  });

  it('Pinger sends at most PINGS_AT_ONCE pings at a time', async () => {
    const answers: (() => void)[] = [];
    const { made, pinger } = world(() => {
      const client = new FakeClient();
      client.answer = () => new Promise((resolve) => answers.push(() => resolve('pong')));
      return client;
    });
    for (let n = 0; n <= 2 * PINGS_AT_ONCE; n++) pinger.watch(String(n));
    await arrived();
    expect(made).toHaveLength(PINGS_AT_ONCE);
    answers[0]?.();
    await arrived();
    expect(made).toHaveLength(PINGS_AT_ONCE + 1);
  });

  it('Pinger pings at most PINGED_KITES kites', async () => {
    const { made, pinger } = world();
    for (let n = 0; n <= PINGED_KITES; n++) pinger.watch(String(n));
    for (let round = 0; round < PINGED_KITES / PINGS_AT_ONCE; round++) await arrived();
    expect(made).toHaveLength(PINGED_KITES);
  });

  it('Pinger does not dial pages in other browsers', async () => {
    const { reported, made, pinger } = world(() => new FakeClient('webrtc://some-id'));
    pinger.watch('a');
    await arrived();
    expect(reported).toEqual([['a', { type: 'page' }]]);
    expect(made[0]?.pings).toBe(0);
  });

  it('Pinger pauses while the page is hidden', async () => {
    const { clock, made, pinger } = world();
    pinger.watch('a');
    await arrived();
    pinger.pause(true);
    clock.advance(10 * PING_INTERVAL);
    await arrived();
    expect(made[0]?.pings).toBe(1);
    pinger.pause(false);
    await arrived();
    expect(made[0]?.pings).toBe(2);
  });

  it('Pinger reports nothing about a kite that was removed during the ping', async () => {
    let answer = (): void => {};
    const { reported, pinger } = world(() => {
      const client = new FakeClient();
      client.answer = () => new Promise((resolve) => (answer = () => resolve('pong')));
      return client;
    });
    pinger.watch('a');
    await arrived();
    pinger.unwatch('a');
    answer();
    await arrived();
    expect(reported).toEqual([]);
  });
});
