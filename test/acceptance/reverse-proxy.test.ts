import { describe, expect, it } from 'vitest';
import type { Transport } from '../../src/lib/index.js';
import { startKontrol } from '../helpers/kontrol.js';
import { makeKite, startKite, startReverseProxy } from '../helpers/proxy.js';

const query = { username: 'bob', environment: 'prod', name: 'math' };

describe('a kite behind the reverse proxy', () => {
  it.each(['WebSocket', 'RawWebSocket', 'XHRPolling'] as const satisfies readonly Transport[])(
    'is found at Kontrol under its public URL, and called over %s as in front of it',
    async (transport) => {
      const { kontrol } = await startKontrol();
      const proxy = await startReverseProxy(kontrol);
      const math = await startKite(kontrol);
      const registration = await math.registerToProxy({ proxyUrl: proxy.url });
      expect(registration.url).toBe(`${new URL(proxy.url).origin}/proxy/${math.identity.id}`);
      const caller = await makeKite(kontrol);
      const [found] = await caller.getKites(query);
      expect(found?.url).toBe(registration.url);
      const client = found?.client({ transport });
      await client?.dial();
      expect(await client?.tell('square', 4)).toBe(16);
    },
  );
});
