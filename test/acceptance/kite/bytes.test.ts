import { randomBytes } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite, type RemoteFunction } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { type Caller, callFrom, FROM } from '../../helpers/kite/callers.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { makeKite, startKite, startReverseProxy } from '../../helpers/proxy/proxy.js';
import { startTunnelProxy } from '../../helpers/proxy/tunnel.js';
import { SINGLE_TRANSPORTS } from '../../helpers/transport/transports.js';
import { startCounter, startRecorder } from '../../helpers/transport/web-socket-recorder.js';

const MIB = 1024 * 1024;
const large = Uint8Array.from(randomBytes(MIB));
/** More than a chunk of a socket. */
const medium = large.slice(0, 70_000);
const WEB_SOCKETS = SINGLE_TRANSPORTS.filter((name) => name !== 'XHRPolling');

function addMethods(kite: Kite): Kite {
  kite.handle('each', ({ args }) => args).disableAuthentication();
  kite.handle<[Uint8Array], number>('size', ({ args: [bytes] }) => bytes.length).disableAuthentication();
  kite
    .handle<[RemoteFunction<[unknown]>, unknown]>('back', ({ args: [call, value] }) => {
      call({ deep: [value] });
      return null;
    })
    .disableAuthentication();
  kite
    .handle<[AsyncIterable<unknown>]>('repeat', async function* ({ args: [items] }) {
      yield* items;
      return medium;
    })
    .disableAuthentication();
  return kite;
}

async function startEchoKite(): Promise<Kite> {
  const kite = new Kite('math', '1.0.0', { port: 0, kiteKey: false, env: {}, logger: silentLogger });
  onTestFinished(() => kite.close({ drainTimeout: 0 }));
  await addMethods(kite).listen();
  return kite;
}

/** Comparing a MiB with `toEqual` takes seconds. */
async function echoLarge(client: Caller): Promise<void> {
  const [answer = medium] = await client.tell<Uint8Array[]>('each', large);
  expect(Buffer.compare(answer, large)).toBe(0);
}

/** Sends bytes in every place where values can be, and compares what arrives. */
async function sendEverywhere(client: Caller): Promise<void> {
  const some = new Uint8Array(2000).map((_, index) => index);
  const floats = new Float64Array(500).fill(1.5);
  const nested = {
    a: [some, new Map([[some, new Set([medium])]])],
    few: Uint8Array.of(1),
    none: new Uint8Array(0),
  };
  expect(await client.tell('each', nested)).toEqual([nested]);
  const views = [floats, floats.buffer, new DataView(floats.buffer, 8, 800), Buffer.from(some)];
  const received = await client.tell<Uint8Array[]>('each', ...views);
  expect(received.map((value) => Object.getPrototypeOf(value) === Uint8Array.prototype)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(received[0]).toEqual(new Uint8Array(floats.buffer));
  expect(received[2]).toEqual(new Uint8Array(floats.buffer, 8, 800));
  // The numbers can be read where they are.
  const { buffer, byteOffset } = received[0] as Uint8Array;
  expect(new Float64Array(buffer, byteOffset, 500)).toEqual(floats);
  const called = new Promise((resolve) => void client.tell('back', resolve, some));
  expect(await called).toEqual({ deep: [some] });
  const items: unknown[] = [];
  const stream = client.callStream('repeat', [ReadableStream.from([some, { medium }, some.subarray(0, 9)])]);
  for await (const item of stream) items.push(item);
  expect(items).toEqual([some, { medium }, some.subarray(0, 9)]);
  expect(await stream.result).toEqual(medium);
}

describe.each(SINGLE_TRANSPORTS)('bytes over %s', (transport) => {
  it.each(FROM)(`bytes over ${transport} from %s arrive in every place where values can be`, async (from) => {
    const kite = await startEchoKite();
    await callFrom(from, kite.url ?? '', transport, sendEverywhere);
  });

  it.each(FROM)(`bytes over ${transport} from %s are those at the time of the call`, async (from) => {
    const kite = await startEchoKite();
    await callFrom(from, kite.url ?? '', transport, async (client) => {
      await client.tell('kite.ping');
      // More than a socket accepts at once. Base64 is made before a call returns.
      const bytes = new Uint8Array((transport === 'XHRPolling' ? 1 : 8) * MIB);
      const calls = [1, 2, 3].map((fill) => client.tell<Uint8Array[]>('each', bytes.fill(fill)));
      bytes.fill(9);
      for (const [index, answer] of (await Promise.all(calls)).entries())
        expect(answer[0]?.every((byte) => byte === index + 1)).toBe(true);
    });
  });
});

describe.each(WEB_SOCKETS)('a first call with bytes over %s', (transport) => {
  it.each(FROM)(
    `a first call with bytes over ${transport} from %s is one ping and one binary message`,
    async (from) => {
      const kite = await startEchoKite();
      const { url, messages } = await startRecorder(kite.port ?? 0);
      await callFrom(from, url, transport, async (client) => {
        await echoLarge(client);
      });
      const calls = messages.filter(({ data }) => !data.toString().startsWith('o'));
      expect(calls.map(({ from: sender, isBinary }) => `${sender}: ${isBinary ? 'binary' : 'text'}`)).toEqual(
        ['client: text', 'server: text', 'client: binary', 'server: binary'],
      );
      expect(calls[0]?.data.toString()).toContain('kite.ping');
    },
  );

  it.each(FROM)(
    `bytes over ${transport} from %s are base64 where a proxy has dropped the extensions of the hop`,
    async (from) => {
      const kite = await startEchoKite();
      const { url, messages } = await startRecorder(kite.port ?? 0, { extensions: 'dropped' });
      await callFrom(from, url, transport, sendEverywhere);
      expect(messages.filter(({ isBinary }) => isBinary)).toEqual([]);
    },
  );

  it.each(FROM)(`1 MiB over ${transport} from %s takes at most 1.01 MiB at the socket`, async (from) => {
    const kite = await startEchoKite();
    const counter = await startCounter(kite.port ?? 0);
    await callFrom(from, `http://127.0.0.1:${counter.port}/kite`, transport, async (client) => {
      await echoLarge(client);
    });
    console.log(
      `1 MiB over ${transport} from ${from}: ${counter.sent()} bytes and ${counter.received()} back`,
    );
    for (const bytes of [counter.sent(), counter.received()]) {
      expect(bytes).toBeGreaterThan(MIB);
      expect(bytes).toBeLessThan(1.01 * MIB);
    }
  });
});

describe('bytes through proxies', () => {
  it.each(WEB_SOCKETS)('bytes over %s pass a reverse proxy as they are', async (transport) => {
    const { kontrol } = await startKontrol();
    const kite = addMethods(await startKite(kontrol));
    const { url: proxyUrl } = await startReverseProxy(kontrol);
    const counter = await startCounter(Number(new URL(proxyUrl ?? '').port));
    const { url } = await kite.registerToProxy({ proxyUrl });
    const through = new URL(url);
    through.port = `${counter.port}`;
    const client = (await makeKite(kontrol)).newClient(through.href, { transport });
    await client.dial();
    await echoLarge(client);
    for (const bytes of [counter.sent(), counter.received()]) expect(bytes).toBeLessThan(1.01 * MIB);
    await sendEverywhere(client);
  });

  it.each(SINGLE_TRANSPORTS)('bytes over %s pass a tunnel', async (transport) => {
    const { kontrol } = await startKontrol();
    const kite = addMethods(await startKite(kontrol));
    const { url: proxyUrl } = await startTunnelProxy(kontrol);
    const { url } = await kite.registerToTunnel({ proxyUrl });
    const counter = await startCounter(Number(new URL(url).port));
    const through = new URL(url);
    through.port = `${counter.port}`;
    const client = (await makeKite(kontrol)).newClient(through.href, { transport });
    await client.dial();
    await echoLarge(client);
    // XHR carries base64.
    const most = (transport === 'XHRPolling' ? 1.4 : 1.01) * MIB;
    for (const bytes of [counter.sent(), counter.received()]) expect(bytes).toBeLessThan(most);
    await sendEverywhere(client);
  });
});
