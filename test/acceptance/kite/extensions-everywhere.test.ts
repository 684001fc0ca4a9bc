import { describe, expect, it, onTestFinished } from 'vitest';
import { type Client, Kite, type RemoteFunction, type Request } from '../../../src/lib/index.js';
import type { Connection } from '../../../src/lib/kite/call/connection.js';
import type { AnyPeer } from '../../../src/lib/kite/call/peer.js';
import { PageKite } from '../../../src/lib/kite/page/page-kite.js';
import { SPOKEN_EXTENSIONS } from '../../../src/lib/protocol/extensions.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { Cli } from '../../helpers/cli/cli-harness.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { makeKite, startKite, startReverseProxy } from '../../helpers/proxy/proxy.js';
import { startTunnelProxy } from '../../helpers/proxy/tunnel.js';
import { SINGLE_TRANSPORTS } from '../../helpers/transport/transports.js';
import { asPage } from '../../helpers/wire/wire-recordings.js';

const spoken = new Set(SPOKEN_EXTENSIONS);
const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
const metadata = { tenant: 'a' };

/** Adds a method that runs until its signal aborts. Returns its requests, and the next abort. */
function addMethods(kite: Kite) {
  const requests: Request[] = [];
  let aborted: (request: Request) => void;
  const abort = new Promise<Request>((resolve) => (aborted = resolve));
  kite
    .handle('endless', (request) => {
      requests.push(request);
      request.signal.addEventListener('abort', () => aborted(request));
      return new Promise((resolve) => request.signal.addEventListener('abort', resolve));
    })
    .disableAuthentication();
  kite.handle('note', (request) => void requests.push(request)).disableAuthentication();
  kite
    .handle<[RemoteFunction]>('ask', async ({ args: [ask] }) => [
      await ask(1),
      await ask(2).catch((error: unknown) => (error as Error).message),
    ])
    .disableAuthentication();
  kite.handle('open', () => (value: unknown) => ({ value })).disableAuthentication();
  kite.handle('drain', ({ client }) => (client as Connection).announceDraining()).disableAuthentication();
  kite.handle('back', ({ client }) => client.call('note', [], { metadata, trace })).disableAuthentication();
  addDouble(kite).disableAuthentication();
  kite.handle('doubleBack', ({ client }) => doubled(client, 300)).disableAuthentication();
  return { requests, abort };
}

/** Adds a method that gets a stream and returns one. */
function addDouble(kite: Pick<Kite, 'handle'>) {
  return kite.handle<[AsyncIterable<number>]>('double', async function* ({ args: [items] }) {
    for await (const item of items) yield 2 * item;
    return 'end';
  });
}

/** Streams as many numbers to the method of a peer and back. Returns what was wrong. */
async function doubled(peer: Pick<AnyPeer, 'stream'>, count: number): Promise<string[]> {
  const wrong: string[] = [];
  const numbers = async function* (): AsyncGenerator<number> {
    for (let number = 1; number <= count; number++) yield number;
  };
  const stream = peer.stream<number>('double', numbers());
  let read = 0;
  for await (const item of stream) if (item !== 2 * ++read) wrong.push(`${item} instead of ${2 * read}`);
  if (read !== count) wrong.push(`${read} items`);
  if ((await stream.result) !== 'end') wrong.push('another result');
  return wrong;
}

/** Uses streams in both directions. One is in the first call of the connection. Returns what was wrong. */
async function useStreams(client: Pick<AnyPeer, 'stream' | 'tell'>): Promise<unknown> {
  return [...(await doubled(client, 300)), ...(await client.tell<string[]>('doubleBack'))];
}

/** Uses every extension in both directions. The first call is the first message of the connection. */
async function useEverything(
  client: Pick<Client, 'call' | 'tell' | 'extensions' | 'once'>,
  { requests, abort }: ReturnType<typeof addMethods>,
): Promise<void> {
  await client.call('note', [], { timeout: 60_000, metadata, trace });
  expect(requests[0]).toMatchObject({ metadata, trace });
  expect(requests[0]?.timeLeft).toBeGreaterThan(0);
  expect([client.extensions, requests[0]?.client.extensions]).toEqual([spoken, spoken]);
  const controller = new AbortController();
  const call = client.call('endless', [], { signal: controller.signal });
  const rejected = expect(call).rejects.toThrow('aborted');
  await expect.poll(() => requests.length).toBe(2);
  controller.abort();
  await rejected;
  expect((await abort).signal.reason).toMatchObject({ type: 'canceled' });
  await client.tell('back');
  const ask = (value: unknown): Promise<unknown> =>
    value === 1 ? Promise.resolve(['one', new Date(0)]) : Promise.reject(new Error(`not ${String(value)}`));
  expect(await client.tell('ask', ask)).toEqual([['one', new Date(0)], 'not 2']);
  const open = await client.tell<RemoteFunction>('open');
  expect(await open(3)).toEqual({ value: 3 });
  open.release();
  await expect(Promise.resolve(open(4))).rejects.toMatchObject({ code: 'callbackEnded' });
  const draining = new Promise<void>((resolve) => client.once('draining', resolve));
  await client.tell('drain');
  await draining;
  await expect(client.tell('note')).rejects.toMatchObject({ code: 'draining' });
}

/** Ways from a caller to a kite, by the name of what is between them. */
const ROUTES: Readonly<
  Record<
    string,
    (kontrol: Awaited<ReturnType<typeof startKontrol>>['kontrol'], kite: Kite) => Promise<string>
  >
> = {
  nothing: (_kontrol, kite) => Promise.resolve(kite.url ?? ''),
  'a reverse proxy': async (kontrol, kite) => {
    const { url: proxyUrl } = await startReverseProxy(kontrol);
    return (await kite.registerToProxy({ proxyUrl })).url;
  },
  'a tunnel proxy': async (kontrol, kite) => {
    const { url: proxyUrl } = await startTunnelProxy(kontrol);
    return (await kite.registerToTunnel({ proxyUrl })).url;
  },
};

describe.each(SINGLE_TRANSPORTS)('extensions over %s', (transport) => {
  it.each(Object.keys(ROUTES))(
    `extensions over ${transport} work between two kites with %s between them`,
    async (name) => {
      const { kontrol } = await startKontrol();
      const kite = await startKite(kontrol);
      const methods = addMethods(kite);
      const url = (await ROUTES[name]?.(kontrol, kite)) ?? '';
      const caller = await makeKite(kontrol, { trustRemote: ['note'] });
      const notes: Request[] = [];
      caller.handle('note', (request) => void notes.push(request));
      const client = caller.newClient(url, { transport });
      await client.dial();
      await useEverything(client, methods);
      expect(notes[0]).toMatchObject({ metadata, trace });
    },
  );

  it.each(Object.keys(ROUTES))(
    `streams over ${transport} go both ways between two kites and their callers with %s between them, in the first call`,
    async (name) => {
      const { kontrol } = await startKontrol();
      const kite = await startKite(kontrol);
      addMethods(kite);
      const url = (await ROUTES[name]?.(kontrol, kite)) ?? '';
      const caller = await makeKite(kontrol, { trustRemote: ['double'] });
      addDouble(caller);
      const client = caller.newClient(url, { transport });
      await client.dial();
      expect(await useStreams(client)).toEqual([]);
    },
  );

  it(`streams over ${transport} go both ways between a page and a kite, in the first call`, async () => {
    const kite = new Kite('math', '1.0.0', { port: 0, kiteKey: false, env: {}, logger: silentLogger });
    onTestFinished(() => kite.close({ drainTimeout: 0 }));
    addMethods(kite);
    await kite.listen();
    await asPage(async () => {
      const page = new PageKite('page', '1.0.0', { logger: silentLogger });
      onTestFinished(() => page.close());
      addDouble(page);
      const client = page.newClient(kite.url ?? '', { transport });
      await client.dial();
      expect(await useStreams(client)).toEqual([]);
    });
  });

  it(`extensions over ${transport} work between a page and a kite`, async () => {
    const kite = new Kite('math', '1.0.0', { port: 0, kiteKey: false, env: {}, logger: silentLogger });
    onTestFinished(() => kite.close({ drainTimeout: 0 }));
    const methods = addMethods(kite);
    await kite.listen();
    await asPage(async () => {
      const page = new PageKite('page', '1.0.0', { logger: silentLogger });
      onTestFinished(() => page.close());
      const notes: Request[] = [];
      page.handle('note', (request) => void notes.push(request));
      const client = page.newClient(kite.url ?? '', { transport });
      await client.dial();
      await useEverything(client, methods);
      expect(notes[0]).toMatchObject({ metadata, trace });
    });
  });
});

describe('extensions of Kontrol', () => {
  it('Kontrol and its callers know the extensions of each other', async () => {
    const { kontrol } = await startKontrol();
    const kite = await makeKite(kontrol);
    const client = kite.newClient(kontrol.url, {
      auth: { type: 'kiteKey', key: await kontrol.newKiteKey('bob') },
    });
    await client.dial();
    await client.tell('getKites', { query: { username: 'bob' } }).catch(() => undefined);
    expect(client.extensions).toEqual(spoken);
    client.close();
  });
});

describe('the timeout of a command', () => {
  it('kitectl call sends a timeout that the user has set, and not the default one', async () => {
    const cli = await Cli.create();
    onTestFinished(() => cli.remove());
    const kite = new Kite('math', '1.0.0', { port: 0, kiteKey: false, env: {}, logger: silentLogger });
    onTestFinished(() => kite.close({ drainTimeout: 0 }));
    kite.handle('left', ({ timeLeft = null }) => timeLeft).disableAuthentication();
    await kite.listen();
    const call = ['call', 'left', '--to', kite.url ?? ''];
    expect((await cli.run(call)).stdout).toBe('null\n');
    expect(Number((await cli.run([...call, '--timeout', '900s'])).stdout)).toBeGreaterThan(800_000);
  });
});

describe('the end of a command', () => {
  it.each(['websocket', 'raw', 'xhr'])(
    'Ctrl-C during kitectl call over %s reaches the signal of the handler',
    async (transport) => {
      const cli = await Cli.create();
      onTestFinished(() => cli.remove());
      const kite = new Kite('math', '1.0.0', { port: 0, kiteKey: false, env: {}, logger: silentLogger });
      onTestFinished(() => kite.close({ drainTimeout: 0 }));
      const { requests, abort } = addMethods(kite);
      await kite.listen();
      const running = cli.start(['call', 'endless', '--to', kite.url ?? '', '--transport', transport]);
      await expect.poll(() => requests.length).toBe(1);
      running.child.kill('SIGINT');
      expect((await abort).signal.reason).toMatchObject({ type: 'canceled' });
      expect((await running.outcome).code).toBe(130);
    },
  );
});
