import { onTestFinished } from 'vitest';
import { Kite, type KiteOptions } from '../../src/lib/index.js';
import type { Kontrol } from '../../src/lib/kontrol/index.js';
import { ReverseProxy, type ReverseProxyOptions } from '../../src/lib/proxy/reverse/reverse-proxy.js';
import { silentLogger } from '../../src/lib/util/logger.js';

/** A reverse proxy of Kontrol's own user on a free port. Closed when the test ends. */
export async function startReverseProxy(
  kontrol: Kontrol,
  options: Partial<ReverseProxyOptions> = {},
): Promise<ReverseProxy> {
  const proxy = new ReverseProxy({
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

/** A kite of bob's that knows Kontrol, and does not listen yet. Closed when the test ends. */
export async function makeKite(
  kontrol: Kontrol,
  { username = 'bob', name = 'math', ...options }: KiteOptions & { readonly name?: string } = {},
): Promise<Kite> {
  const kite = new Kite(name, '1.0.0', {
    port: 0,
    kiteKey: await kontrol.newKiteKey(username),
    kontrolUrl: kontrol.url,
    environment: 'prod',
    region: 'eu',
    env: {},
    logger: silentLogger,
    ...options,
  });
  kite.handle<[number], number>('square', ({ args: [n] }) => n * n);
  kite.handle<unknown[]>('echo', ({ args }) => args);
  onTestFinished(() => kite.close({ drainTimeout: 100 }));
  return kite;
}

/** The same, listening. */
export async function startKite(
  kontrol: Kontrol,
  options: Parameters<typeof makeKite>[1] = {},
): Promise<Kite> {
  const kite = await makeKite(kontrol, options);
  await kite.listen();
  return kite;
}
