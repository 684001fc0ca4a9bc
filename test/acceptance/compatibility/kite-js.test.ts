import { Readable } from 'node:stream';
import kitejs from 'kite.js';
import { afterEach, describe, expect, it } from 'vitest';
import { Kite, type KiteOptions, type RemoteFunction, type Transport } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { freePort } from '../../helpers/process/free-port.js';

type Done = (error: unknown, result?: unknown) => void;

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step();
});

function makeKite(options: KiteOptions = {}): Kite {
  const kite = new Kite('math', '1.0.0', {
    port: 0,
    kiteKey: false,
    env: {},
    logger: silentLogger,
    ...options,
  });
  cleanup.push(() => kite.close());
  return kite;
}

describe.each(['raw WebSocket', 'SockJS'])('a client of kite.js over %s', (transport) => {
  const raw = transport === 'raw WebSocket';

  async function connect(kite: Kite, options: Partial<ConstructorParameters<typeof kitejs.Kite>[0]> = {}) {
    await kite.listen();
    const client = new kitejs.Kite({
      url: raw ? `${kite.url?.replace('http', 'ws')}/websocket` : (kite.url ?? ''),
      transportClass: raw ? kitejs.Kite.transport.WebSocket : kitejs.Kite.transport.SockJS,
      autoConnect: false,
      autoReconnect: false,
      logLevel: 0,
      ...options,
    });
    const open = new Promise<void>((resolve) => client.on('open', () => resolve()));
    client.connect();
    cleanup.push(() => client.disconnect());
    await open;
    return client;
  }

  it('a kite.js client gets results, whether its argument is in an array or bare', async () => {
    const kite = makeKite();
    kite.handle<[number]>('square', ({ args: [n] }) => n * n).disableAuthentication();
    const client = await connect(kite);
    expect(await client.tell('square', [4])).toBe(16);
    expect(await client.tell('square', 5)).toBe(25);
    expect(await client.tell('kite.ping')).toBe('pong');
  });

  it('a kite.js client gets errors with their type and message', async () => {
    const kite = makeKite();
    kite.handle('fail', () => Promise.reject(new Error('it failed'))).disableAuthentication();
    const client = await connect(kite);
    await expect(client.tell('fail', [])).rejects.toMatchObject({
      type: 'genericError',
      message: 'it failed',
    });
    await expect(client.tell('nosuch', [])).rejects.toMatchObject({
      type: 'methodNotFound',
      message: 'Method not found: nosuch',
    });
    kite.handle('closed', () => 1);
    await expect(client.tell('closed', [])).rejects.toMatchObject({ type: 'authenticationError' });
  });

  it('a kite.js client gets the items of a method that streams by its function, or as an array up to the limit', async () => {
    const kite = makeKite({ limits: { streamArrayItems: 1000 } });
    const ended: string[] = [];
    kite
      .handle<[number]>('tail', async function* ({ args: [to] }) {
        try {
          for (let line = 1; line <= to; line++) yield { line };
          return 'end of file';
        } finally {
          ended.push(`${to}`);
        }
      })
      .disableAuthentication();
    kite
      .handle('broken', async function* () {
        yield 1;
        throw new Error('it broke');
      })
      .disableAuthentication();
    const client = await connect(kite);
    const lines: unknown[] = [];
    // kite.js has no window: the function is called for each item.
    expect(await client.tell('tail', [300, (item: unknown) => lines.push(item)])).toBe('end of file');
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([300, { line: 1 }, { line: 300 }]);
    expect(await client.tell('tail', [2])).toEqual([{ line: 1 }, { line: 2 }]);
    await expect(client.tell('tail', [1e9])).rejects.toMatchObject({ code: 'streamTooLong' });
    expect(ended).toEqual(['300', '2', '1000000000']);
    const items: unknown[] = [];
    await expect(client.tell('broken', [(item: unknown) => items.push(item)])).rejects.toMatchObject({
      message: 'it broke',
    });
    expect(items).toEqual([1]);
    await expect(client.tell('broken', [])).rejects.toMatchObject({ message: 'it broke' });
  });

  it('a stream for a kite.js client ends when it disconnects', async () => {
    const kite = makeKite();
    let ended = (): void => undefined;
    const end = new Promise<void>((resolve) => (ended = resolve));
    kite
      .handle('endless', async function* ({ signal }) {
        try {
          for (let item = 0; !signal.aborted; item++) {
            yield item;
            await new Promise((resolve) => setImmediate(resolve));
          }
        } finally {
          ended();
        }
      })
      .disableAuthentication();
    const client = await connect(kite);
    await new Promise<void>(
      (resolve) => void client.tell('endless', [() => resolve()]).catch(() => undefined),
    );
    client.disconnect();
    await expect(end).resolves.toBeUndefined();
  });

  it('a kite.js client serves methods, and its callbacks can be called several times', async () => {
    const kite = makeKite();
    const greeted = new Promise((resolve) => {
      kite
        .handle('greet', async ({ client }) => {
          resolve(await client.tell('hello', 'server'));
          return null;
        })
        .disableAuthentication();
    });
    kite
      .handle<[number, RemoteFunction<[number]>]>('count', ({ args: [to, each] }) => {
        for (let i = 0; i < to; i++) each(i);
        return to;
      })
      .disableAuthentication();
    const client = await connect(kite, {
      api: { hello: (who: string, done: Done) => done(null, `hello ${who}`) },
    });
    const seen: unknown[] = [];
    expect(await client.tell('count', [3, (i: unknown) => seen.push(i)])).toBe(3);
    expect(seen).toEqual([0, 1, 2]);
    await client.tell('greet', []);
    expect(await greeted).toBe('hello server');
  });

  it('a kite.js client sends its identity and authenticates with a custom type', async () => {
    const kite = makeKite();
    kite.authenticate('secret', (key) => (key === 'sesame' ? 'ali' : ''));
    kite.handle('who', ({ username, kite: caller }) => [username, caller.name]);
    const client = await connect(kite, { name: 'page', auth: { type: 'secret', key: 'sesame' } });
    expect(await client.tell('who', [])).toEqual(['ali', 'page']);
  });
});

describe.each([
  ['raw WebSocket', 'RawWebSocket'],
  ['SockJS over WebSocket', 'WebSocket'],
  ['SockJS over XHR polling', 'XHRPolling'],
] as const)('a server of kite.js over %s', (name, transport) => {
  async function connect(api: Record<string, (...args: never[]) => void>, options: KiteOptions = {}) {
    const port = await freePort();
    const server = new kitejs.KiteServer({
      name: 'theirs',
      auth: false,
      logLevel: 0,
      prefix: name === 'raw WebSocket' ? '' : '/kite',
      serverClass:
        name === 'raw WebSocket' ? kitejs.KiteServer.transport.WebSocket : kitejs.KiteServer.transport.SockJS,
      api: api as Record<string, (...args: unknown[]) => void>,
    });
    server.listen(port);
    cleanup.push(() => server.close());
    const kite = makeKite(options);
    const url = name === 'raw WebSocket' ? `ws://127.0.0.1:${port}/` : `http://127.0.0.1:${port}/kite`;
    const client = kite.newClient(url, {
      transport: transport satisfies Transport,
      backoff: { initial: 10 },
    });
    // It has no event for listening.
    await client.dialForever();
    return { kite, client };
  }

  it('a kite.js server answers calls with results and with its own errors', async () => {
    const { client } = await connect({
      square: (n: number, done: Done) => done(null, n * n),
      fail: (done: Done) => done({ message: 'it failed', name: 'Odd' }),
      failPlain: (done: Done) => done('plain text'),
      failOdd: (done: Done) => done({ odd: true }),
    });
    expect(await client.tell('square', 4)).toBe(16);
    expect(await client.tell('kite.ping')).toBe('pong');
    await expect(client.tell('fail')).rejects.toMatchObject({ type: 'genericError', message: 'it failed' });
    await expect(client.tell('failPlain')).rejects.toMatchObject({
      type: 'genericError',
      message: 'plain text',
    });
    await expect(client.tell('failOdd')).rejects.toMatchObject({
      type: 'genericError',
      message: '{"odd":true}',
    });
  });

  it('a method of a kite.js server has a result and no items, and gets no streams', async () => {
    const { client } = await connect({ square: (n: number, done: Done) => done(null, n * n) });
    const stream = client.callStream('square', [4]);
    const items: unknown[] = [];
    for await (const item of stream) items.push(item);
    expect([items, await stream.result]).toEqual([[], 16]);
    const numbers = Readable.from([1, 2]);
    await expect(client.call('square', [numbers])).rejects.toMatchObject({
      type: 'argumentError',
      message: 'args[0]: a stream cannot be sent to this peer',
    });
    expect(numbers.destroyed).toBe(true);
    expect(await client.tell('square', 5)).toBe(25);
  });

  it('a kite.js server does not answer an unknown method, so that the deadline ends the call', async () => {
    const { client } = await connect({});
    await expect(client.tellWithTimeout(50, 'nosuch')).rejects.toMatchObject({ type: 'timeout' });
    expect(await client.tell('kite.ping')).toBe('pong');
  });

  it('a kite.js server calls callbacks several times, with each argument in an object', async () => {
    const { client } = await connect({
      count: (to: number, each: (i: number) => void, done: Done) => {
        for (let i = 0; i < to; i++) each(i);
        done(null, to);
      },
    });
    const seen: unknown[] = [];
    expect(await client.tell('count', 3, (i: unknown) => seen.push(i))).toBe(3);
    expect(seen).toEqual([{ error: 0 }, { error: 1 }, { error: 2 }]);
  });
});
