import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { noProxy } from '../../../src/lib/transport/handshake/forward-proxy.js';
import { Kite, type KiteOptions } from '../../../src/lib/index.js';
import type { Kontrol } from '../../../src/lib/kontrol.js';
import { TunnelProxy, type TunnelProxyOptions } from '../../../src/lib/proxy/tunnel/tunnel-proxy.js';
import { dial } from '../../../src/lib/transport/dial/dial.js';
import type { NodeDialOptions } from '../../../src/lib/transport/handshake/node-dial-options.js';
import type { Channel } from '../../../src/lib/transport/channel/channel.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { defaultLimits, type Limits } from '../../../src/lib/kite/limits/kite-limits.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { proxyOptions, started } from './proxy.js';
import { Inbox } from '../transport/sockjs.js';

/** A tunnel proxy of Kontrol's own user on a free port. Closed when the test ends. */
export async function startTunnelProxy(
  kontrol: Kontrol,
  options: Partial<TunnelProxyOptions> = {},
): Promise<TunnelProxy> {
  return started(new TunnelProxy({ ...(await proxyOptions(kontrol)), ...options }));
}

/** A channel with an inbox on it, closed when the test ends. */
export async function open(
  url: string,
  {
    limits,
    ...options
  }: Partial<Omit<NodeDialOptions, 'limits'>> & { readonly limits?: Partial<Limits> } = {},
): Promise<{ readonly channel: Channel; readonly inbox: Inbox }> {
  const channel = await dial(url, {
    transport: 'WebSocket',
    handshakeTimeout: 10_000,
    clock: systemClock,
    findProxy: noProxy,
    ...options,
    limits: { ...defaultLimits, ...limits },
  });
  onTestFinished(() => channel.close());
  const inbox = new Inbox();
  channel.start(inbox);
  return { channel, inbox };
}

/** A call of `kite.tunnel` that a passive kite got from the tunnel proxy. */
export interface TunnelRequest {
  /** The URL to dial. */
  readonly url: string;
  /** Answers `kite.tunnel`. */
  answer(error?: unknown): void;
}

/** A kite that has registered with a tunnel proxy and dials only when the test requests it. */
export interface PassiveKite {
  readonly kite: Kite;
  /** The public URL. */
  readonly url: string;
  /** The next call of `kite.tunnel`. */
  nextRequest(): Promise<TunnelRequest>;
  /** Closes its connection to the proxy. */
  leave(): void;
}

export async function passiveKite(
  kontrol: Kontrol,
  proxy: TunnelProxy,
  { username = 'bob', ...options }: KiteOptions = {},
): Promise<PassiveKite> {
  const key = await kontrol.newKiteKey(username);
  const kite = new Kite('passive', '1.0.0', {
    kiteKey: key,
    environment: 'prod',
    region: 'eu',
    env: {},
    logger: silentLogger,
    ...options,
  });
  onTestFinished(() => kite.close({ drainTimeout: 0 }));
  const calls: TunnelRequest[] = [];
  const waiting: ((tunnelRequest: TunnelRequest) => void)[] = [];
  kite.handle<[{ url: string }]>('kite.tunnel', ({ args: [{ url }] }) => {
    return new Promise((resolve, reject) => {
      const tunnelRequest = {
        url,
        answer: (error?: unknown) => (error === undefined ? resolve(null) : reject(error)),
      };
      const next = waiting.shift();
      if (next) next(tunnelRequest);
      else calls.push(tunnelRequest);
    });
  });
  const client = kite.newClient(proxy.kite.url ?? '', {
    auth: { type: 'kiteKey', key },
    trustRemote: ['kite.tunnel'],
  });
  await client.dial();
  const url = await client.tell<string>('register', '');
  return {
    kite,
    url,
    nextRequest: () => {
      const tunnelRequest = calls.shift();
      return tunnelRequest ? Promise.resolve(tunnelRequest) : new Promise((resolve) => waiting.push(resolve));
    },
    leave: () => client.close(),
  };
}

/** The URL of a new session below a public URL for any transport: `…/proxy/042/<session>/<transport>?kiteID=…`. */
export function sessionUrl(publicUrl: string, transport: string, session: string = randomUUID()): string {
  return publicUrl.replace('/proxy?', `/proxy/042/${session}/${transport}?`);
}
