import { expectTypeOf } from 'vitest';
import type { Kite } from 'kitectl';
import {
  defaultProxyLimits,
  type ProxiedKiteStatus,
  type ProxyLimits,
  type ProxyOptions,
  type ProxyStatus,
  ReverseProxy,
  type ReverseProxyOptions,
  TunnelProxy,
  type TunnelProxyOptions,
} from 'kitectl/proxy';

void (async () => {
  const reverse = new ReverseProxy({ port: 0, allowTargets: ['10.0.0.0/8'], limits: { lookups: 5 } });
  void new ReverseProxy({ kiteDomain: 'kites.example.com' });
  const tunnel = new TunnelProxy({ port: 0, allowOrigin: '*', publicHost: 'proxy.example.com' });
  for (const proxy of [reverse, tunnel]) {
    await proxy.listen();
    expectTypeOf(proxy.kite).toEqualTypeOf<Kite>();
    expectTypeOf(proxy.url).toEqualTypeOf<string>();
    expectTypeOf(proxy.status()).toEqualTypeOf<ProxyStatus>();
    expectTypeOf(proxy.status().kites).toEqualTypeOf<readonly ProxiedKiteStatus[]>();
    await proxy.close({ drainTimeout: 0 });
  }
  expectTypeOf(tunnel.waiting).toEqualTypeOf<number>();
  // @ts-expect-error Only a tunnel proxy has callers that wait for a tunnel.
  void reverse.waiting;
  // @ts-expect-error A tunnel proxy serves no pages of kites.
  void new TunnelProxy({ kiteDomain: 'kites.example.com' });
  // @ts-expect-error A tunnel proxy does not connect to targets.
  void new TunnelProxy({ allowTargets: ['10.0.0.0/8'] });
  // @ts-expect-error There is no such limit.
  void new ReverseProxy({ limits: { lookup: 5 } });
  // @ts-expect-error The URL of a proxy follows from its options.
  reverse.url = 'http://localhost';
});

expectTypeOf(defaultProxyLimits).toEqualTypeOf<ProxyLimits>();
expectTypeOf<ReverseProxyOptions>().toExtend<ProxyOptions>();
expectTypeOf<TunnelProxyOptions>().toExtend<ProxyOptions>();
expectTypeOf<ProxyStatus['name']>().toEqualTypeOf<'proxy' | 'tunnelproxy'>();
expectTypeOf<NonNullable<ReverseProxyOptions['resolve']>>().returns.resolves.toEqualTypeOf<
  readonly string[]
>();
