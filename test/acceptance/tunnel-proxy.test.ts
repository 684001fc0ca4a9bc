import { describe, expect, it, onTestFinished } from 'vitest';
import type { Transport } from '../../src/lib/index.js';
import type { Kontrol } from '../../src/lib/kontrol/index.js';
import { TunnelProxy, type TunnelProxyOptions } from '../../src/lib/proxy/tunnel/tunnel-proxy.js';
import { silentLogger } from '../../src/lib/util/logger.js';
import { startKontrol } from '../helpers/kontrol.js';
import { makeKite } from '../helpers/proxy.js';

async function startTunnelProxy(
  kontrol: Kontrol,
  options: Partial<TunnelProxyOptions> = {},
): Promise<TunnelProxy> {
  const proxy = new TunnelProxy({
    kiteKey: await kontrol.newKiteKey('kontrol'),
    kontrolUrl: kontrol.url,
    environment: 'prod',
    region: 'eu',
    port: 0,
    env: {},
    logger: silentLogger,
    ...options,
  });
  await proxy.listen();
  onTestFinished(() => proxy.close({ drainTimeout: 100 }));
  return proxy;
}

const query = { username: 'bob', environment: 'prod', name: 'math' };

describe('a kite behind the tunnel proxy', () => {
  it.each(['WebSocket', 'RawWebSocket', 'XHRPolling'] as const satisfies readonly Transport[])(
    'is found at Kontrol under its public URL, and called over %s as in front of it',
    async (transport) => {
      const { kontrol } = await startKontrol();
      const proxy = await startTunnelProxy(kontrol);
      const math = await makeKite(kontrol);
      const registration = await math.registerToTunnel({ proxyUrl: proxy.url });
      expect(registration.url).toBe(`${new URL(proxy.url).origin}/proxy?kiteID=${math.identity.id}`);
      const caller = await makeKite(kontrol);
      const [found] = await caller.getKites(query);
      expect(found?.url).toBe(registration.url);
      const client = found?.client({ transport });
      await client?.dial();
      expect(await client?.tell('square', 4)).toBe(16);
    },
  );
});
