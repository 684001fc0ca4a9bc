import { randomUUID } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { Kite, type KiteOptions } from '../../../src/lib/index.js';
import type { Kontrol } from '../../../src/lib/kontrol.js';
import type { ProxyOptions } from '../../../src/lib/proxy/shared/proxy-options.js';
import { ReverseProxy, type ReverseProxyOptions } from '../../../src/lib/proxy/reverse/reverse-proxy.js';
import type { TunnelProxy } from '../../../src/lib/proxy/tunnel/tunnel-proxy.js';
import type { KiteIdentity } from '../../../src/lib/protocol/identity.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { testIdentity } from '../kite/keys.js';

/** A reverse proxy of Kontrol's own user on a free port. Closed when the test ends. */
export async function startReverseProxy(
  kontrol: Kontrol,
  options: Partial<ReverseProxyOptions> = {},
): Promise<ReverseProxy> {
  return started(new ReverseProxy({ ...(await proxyOptions(kontrol)), ...options }));
}

/** The options of proxies of Kontrol's own user in tests. */
export async function proxyOptions(kontrol: Kontrol): Promise<ProxyOptions> {
  return {
    kiteKey: await kontrol.newKiteKey('kontrol'),
    kontrolUrl: kontrol.url,
    environment: 'prod',
    region: 'eu',
    port: 0,
    env: {},
    logger: silentLogger,
  };
}

/** Returns the proxy once it listens. It is closed when the test ends. */
export async function started<Proxy extends ReverseProxy | TunnelProxy>(proxy: Proxy): Promise<Proxy> {
  await proxy.listen();
  onTestFinished(() => proxy.close({ drainTimeout: 100 }));
  return proxy;
}

/** A kite of bob's with a Kontrol, which does not listen yet. Closed when the test ends. */
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

/** A kite of bob's that listens. Closed when the test ends. */
export async function startKite(
  kontrol: Kontrol,
  options: Parameters<typeof makeKite>[1] = {},
): Promise<Kite> {
  const kite = await makeKite(kontrol, options);
  await kite.listen();
  return kite;
}

/** An HTTP server in the role of a kite. Closed when the test ends. */
export async function startBackend(
  answer: http.RequestListener = (_request, response) => response.end(),
  tls?: { readonly cert: string; readonly key: string },
): Promise<{ readonly server: http.Server; readonly url: string }> {
  const server = tls ? https.createServer(tls, answer) : http.createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // The server does not track upgraded connections.
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => sockets.add(socket));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { server, url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/kite` };
}

export interface RawRegistration {
  /** The public URL. */
  readonly url: string;
  readonly id: string;
  /** Closes the kite's connection, and resolves when it is closed. */
  leave(): Promise<void>;
}

/** Registers `url` with a proxy in wire format, with any identity. Rejects with the error of the proxy. */
export async function registerRaw(
  proxy: { readonly kite: Kite },
  url: unknown,
  {
    key,
    kite = {},
    headers = {},
  }: {
    readonly key: string | undefined;
    readonly kite?: Partial<KiteIdentity>;
    readonly headers?: Readonly<Record<string, string>>;
  },
): Promise<RawRegistration> {
  const identity = testIdentity({ id: randomUUID(), ...kite });
  const base = (proxy.kite.url ?? '').replace(/^http/, 'ws');
  const socket = new WebSocket(`${base}/000/${randomUUID()}/websocket`, { headers });
  onTestFinished(() => socket.terminate());
  const answer = await new Promise<{ error: unknown; result: unknown }>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => socket.send(JSON.stringify([registerMessage(identity, key, url)])));
    socket.on('message', (data: Buffer) => {
      if (data[0] === 0x61) resolve(answerIn((JSON.parse(data.toString().slice(1)) as string[])[0] ?? ''));
    });
  });
  if (answer.error !== null) throw answer.error;
  return {
    url: String(answer.result),
    id: identity.id,
    async leave() {
      const gone = new Promise<void>((resolve) => proxy.kite.once('disconnect', () => resolve()));
      socket.close();
      await gone;
    },
  };
}

/** The call `register(url)` with a kite key in wire format. */
export function registerMessage(kite: KiteIdentity, key: string | undefined, url: unknown): string {
  const authentication = key === undefined ? null : { type: 'kiteKey', key };
  return JSON.stringify({
    method: 'register',
    arguments: [{ kite, authentication, withArgs: [url], responseCallback: '[Function]' }],
    callbacks: { 0: [0, 'responseCallback'] },
  });
}

/** The answer to a call. */
export function answerIn(message: string): { readonly error: unknown; readonly result: unknown } {
  const { arguments: args } = JSON.parse(message) as { arguments: [{ error: unknown; result: unknown }] };
  return args[0];
}

/** Sends bytes to a proxy unchanged, and resolves with everything that arrives until the connection closes. */
export function sendRaw(proxy: { readonly kite: Kite }, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(proxy.kite.port ?? 0, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    onTestFinished(() => void socket.destroy());
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}
