import { expect, it, onTestFinished } from 'vitest';
import { isKiteError, Kite } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { SINGLE_TRANSPORTS } from '../../helpers/transport/transports.js';

const MIB = 1024 * 1024;
const quiet = { kiteKey: false, env: {}, logger: silentLogger } as const;

it.each(SINGLE_TRANSPORTS)(
  'a connection over %s that a kite has dialed counts towards its totalQueueBytes, and is closed if it has the longest queue',
  async (transport) => {
    const slow = new Kite('slow', '1.0.0', { ...quiet, port: 0, limits: { callsPerConnection: 0 } });
    const hub = new Kite('hub', '1.0.0', { ...quiet, port: 0, limits: { totalQueueBytes: 8 * MIB } });
    const other = new Kite('other', '1.0.0', quiet);
    onTestFinished(async () => {
      for (const kite of [other, hub, slow]) await kite.close({ drainTimeout: 0 });
    });
    // The server reads nothing more while a call runs.
    slow.handle('hold', () => new Promise(() => {})).disableAuthentication();
    slow.handle('length', () => 0).disableAuthentication();
    await slow.listen();
    await hub.listen();
    const accepted = other.newClient(hub.url ?? '');
    await accepted.dial();
    const caller = hub.newClient(slow.url ?? '', { transport, timeout: 0 });
    await caller.dial();
    const disconnected = new Promise<unknown[]>((resolve) =>
      caller.on('disconnect', (...why) => resolve(why)),
    );
    const held = caller.tell('hold').catch((error: unknown) => error);
    const calls = Array.from({ length: 40 }, async () =>
      caller.tell('length', 'x'.repeat(MIB)).catch((error: unknown) => error),
    );
    const [code, reason] = await disconnected;
    expect(code).toBe(1008);
    expect(reason).toContain('limits.totalQueueBytes');
    const failures = await Promise.all([held, ...calls]);
    expect(failures.every((error) => isKiteError(error, 'disconnect'))).toBe(true);
    // A connection with a short queue is not affected.
    await accepted.tell('kite.ping');
  },
);
