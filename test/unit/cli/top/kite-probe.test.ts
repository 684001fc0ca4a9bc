import { describe, expect, it } from 'vitest';
import { KiteProbe, type KiteProbeOptions } from '../../../../src/lib/cli/top/kite-probe.js';
import { testIdentity } from '../../../helpers/kite/keys.js';

type FakeClient = ReturnType<KiteProbeOptions['newClient']>;

/** A kite with the given answers. */
function probeOf(
  answers: Readonly<Record<string, () => unknown>>,
  dial: () => Promise<void> = async () => {},
  stay = true,
) {
  const timeouts: number[] = [];
  const calls: string[] = [];
  const client = {
    connected: true,
    closed: false,
    dial,
    async tell(method: string) {
      calls.push(method);
      const answer = answers[method];
      if (!answer) throw new Error(`Method not found: ${method}`);
      return answer();
    },
    close() {
      client.closed = true;
    },
  };
  let now = 0;
  const probe = new KiteProbe({
    kite: testIdentity(),
    url: 'http://h/kite',
    newClient: (timeout) => {
      timeouts.push(timeout);
      return client as unknown as FakeClient;
    },
    stay,
    now: () => (now += 5),
  });
  return { probe, calls, client, timeouts };
}

const pong = { 'kite.ping': () => 'pong' };

describe('a probe', () => {
  it('a probe has no values before its first answer', () => {
    expect(probeOf(pong).probe.row).toMatchObject({ asked: false, responds: null, latency: null });
  });

  it('a probe measures latency, and reads the system information of the kite', async () => {
    const info = { loadAverage: [1.5, 1, 1], processors: 4, memoryUsage: 1, totalMemoryLimit: 2 };
    const { probe } = probeOf({ ...pong, 'kite.systemInfo': () => info });
    await probe.measure(2000);
    expect(probe.row).toMatchObject({
      responds: true,
      latency: 5,
      load: 1.5,
      processors: 4,
      memoryUsage: 1,
      memoryTotal: 2,
    });
  });

  it.each([null, 'text', 4, { loadAverage: 'x', processors: {}, memoryUsage: null }])(
    'a probe ignores the malformed answer %j',
    async (answer) => {
      const { probe } = probeOf({ ...pong, 'kite.systemInfo': () => answer });
      await probe.measure(2000);
      expect(probe.row).toMatchObject({ responds: true, load: null, processors: null, memoryUsage: null });
    },
  );

  it('a probe requests unsupported system information only once per connection', async () => {
    const { probe, calls, client } = probeOf(pong);
    await probe.measure(2000);
    await probe.measure(2000);
    expect(calls).toEqual(['kite.ping', 'kite.systemInfo', 'kite.ping']);
    client.connected = false;
    await probe.measure(2000);
    expect(calls.slice(3)).toEqual(['kite.ping', 'kite.systemInfo']);
  });

  it('a probe reports that a kite does not answer, and when it does again', async () => {
    let up = false;
    const { probe } = probeOf(pong, () => (up ? Promise.resolve() : Promise.reject(new Error('refused'))));
    await probe.measure(2000);
    expect(probe.row).toMatchObject({ asked: true, responds: false, latency: null });
    up = true;
    await probe.measure(2000);
    expect(probe.row).toMatchObject({ responds: true });
  });

  it('a probe does not send a request before the previous answer', async () => {
    let answer: (value: string) => void = () => {};
    const { probe, calls } = probeOf({
      'kite.ping': () => new Promise<string>((resolve) => (answer = resolve)),
    });
    const first = probe.measure(2000);
    await Promise.resolve();
    const second = probe.measure(2000);
    await Promise.resolve();
    answer('pong');
    await Promise.all([first, second]);
    expect(calls.filter((method) => method === 'kite.ping')).toHaveLength(1);
  });

  it('a probe that does not stay connected opens a connection for each measurement, within the remaining time', async () => {
    const { probe, client, timeouts } = probeOf(pong, undefined, false);
    await probe.measure(2000);
    expect(client.closed).toBe(true);
    await probe.measure(500);
    expect(timeouts).toEqual([2000, 500]);
  });
});
