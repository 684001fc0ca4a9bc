import { describe, expect, it } from 'vitest';
import type { Registration } from '../../../../src/lib/kite/kontrol/registration.js';
import { MaintainedProxyRegistration } from '../../../../src/lib/kite/proxied/proxy-registration.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { makeCore, memoryDialer, settled } from '../../../helpers/kite/cores.js';

const PUBLIC = 'http://proxy/proxy/1';

/** A kite that registers with a proxy in memory, and with a Kontrol with the given answer. */
function registering(registerAtKontrol: () => Promise<Registration>) {
  const { dialer, ends } = memoryDialer(makeCore());
  const kite = makeCore({ dialer });
  const keptUp = new MaintainedProxyRegistration({
    name: 'proxy',
    candidates: () =>
      Promise.resolve([{ url: 'memory:', client: (options) => kite.newClient('memory:', options) }]),
    connectAt: (url, connect) => connect(url),
    register: () => Promise.resolve(PUBLIC),
    moved: undefined,
    registerAtKontrol,
    clock: kite.clock,
    logger: silentLogger,
  });
  return { keptUp, connections: ends };
}

describe('a registration with a proxy', () => {
  it('a registration with a proxy rejects if Kontrol permanently rejects the kite, which then leaves the proxy', async () => {
    const refusal = new KiteError('authenticationError', 'kiteKey: it was revoked');
    const { keptUp, connections } = registering(() => Promise.reject(refusal));
    await expect(keptUp.start()).rejects.toBe(refusal);
    await settled();
    expect(connections.map(({ near }) => near.closedWith?.code)).toEqual([3000]);
    keptUp.stop();
  });

  it('a registration with a proxy that is stopped during the call to Kontrol rejects, and leaves nothing behind', async () => {
    let refuse = (_error: Error): void => {};
    const { keptUp } = registering(() => new Promise((_resolve, reject) => (refuse = reject)));
    const started = keptUp.start();
    started.catch(() => undefined);
    await settled();
    keptUp.stop();
    refuse(new KiteError('disconnect', 'The kite is closing', { code: 'closed' }));
    await expect(started).rejects.toMatchObject({ type: 'disconnect', code: 'closed' });
    await settled();
  });

  it('a registration with a proxy is maintained at Kontrol until it is stopped', async () => {
    const calls: string[] = [];
    const registration: Registration = {
      url: PUBLIC,
      move: (url) => calls.push(url),
      stop: () => calls.push('stop'),
    };
    const { keptUp } = registering(() => Promise.resolve(registration));
    expect((await keptUp.start()).url).toBe(PUBLIC);
    keptUp.stop();
    await settled();
    expect(calls).toEqual(['stop']);
  });
});
