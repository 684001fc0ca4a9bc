import { expect, it, onTestFinished } from 'vitest';
import { isKiteError, Kite } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { SINGLE_TRANSPORTS } from '../../helpers/transport/transports.js';

const MIB = 1024 * 1024;
const quiet = { kiteKey: false, env: {}, logger: silentLogger } as const;

it.each(SINGLE_TRANSPORTS)(
  'a client over %s whose queue is full loses the calls that exceed it, and no other',
  async (transport) => {
    const server = new Kite('slow', '1.0.0', { ...quiet, port: 0, limits: { callsPerConnection: 0 } });
    const client = new Kite('eager', '1.0.0', { ...quiet, limits: { sendQueueBytes: 8 * MIB } });
    onTestFinished(async () => {
      await client.close();
      await server.close();
    });
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    // The server reads nothing more while a call runs.
    server.handle('hold', () => released).disableAuthentication();
    server.handle<[string], number>('length', ({ args: [text] }) => text.length).disableAuthentication();
    await server.listen();
    const caller = client.newClient(server.url ?? '', { transport, timeout: 0 });
    await caller.dial();
    let drains = 0;
    caller.on('drain', () => drains++);
    const held = caller.tell('hold');
    const calls = Array.from({ length: 40 }, async () => {
      const text = 'x'.repeat(MIB);
      return caller.tell<number>('length', text).catch((error: unknown) => error);
    });
    expect(caller.backlog).toBeGreaterThan(MIB);
    expect(caller.backlog).toBeLessThanOrEqual(8 * MIB);
    release();
    await held;
    const results = await Promise.all(calls);
    const failed = results.filter((result) => isKiteError(result, 'sendError'));
    expect(results.filter((result) => result === MIB).length + failed.length).toBe(40);
    expect(failed.length).toBeGreaterThan(10);
    expect(failed.length).toBeLessThan(40);
    expect(await caller.tell('length', 'abc')).toBe(3);
    expect({ drains: drains > 0, backlog: caller.backlog }).toEqual({ drains: true, backlog: 0 });
  },
);
