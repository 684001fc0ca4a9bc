import { describe, expect, it } from 'vitest';
import { type Kite, KiteError, type RemoteFunction, type Request } from '../../../src/lib/index.js';
import type { Connection } from '../../../src/lib/kite/call/connection.js';
import { type Extension, SPOKEN_EXTENSIONS } from '../../../src/lib/protocol/extensions.js';
import { type Caller, callFrom, FROM } from '../../helpers/kite/callers.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { startKite } from '../../helpers/proxy/proxy.js';
import { startTunnelProxy } from '../../helpers/proxy/tunnel.js';
import { SINGLE_TRANSPORTS } from '../../helpers/transport/transports.js';
import {
  dnodeMessages,
  type RecordedMessage,
  startRecorder,
} from '../../helpers/transport/web-socket-recorder.js';

/** What the handlers of a kite have seen. */
class Seen {
  readonly requests: Request[] = [];
  /** Resolves when a request begins. */
  readonly begun: Promise<void>;
  /** Resolves with its reason when the signal of a request aborts. */
  readonly aborted: Promise<unknown>;
  #begin: () => void = () => undefined;
  #abort: (reason: unknown) => void = () => undefined;

  constructor() {
    this.aborted = new Promise((resolve) => (this.#abort = resolve));
    this.begun = new Promise((resolve) => (this.#begin = resolve));
  }

  add(request: Request): void {
    this.requests.push(request);
    request.signal.addEventListener('abort', () => this.#abort(request.signal.reason));
    this.#begin();
  }
}

/** Adds the methods of the first calls, without authentication. */
function addMethods(kite: Kite, seen: () => Seen): void {
  const methods: Record<string, (request: Request) => unknown> = {
    note: () => null,
    endless: ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)),
    count: async function* () {
      yield 'one';
      yield 'two';
      return 'end';
    },
    collect: async ({ args }) => {
      const items: unknown[] = [];
      for await (const item of args[0] as AsyncIterable<unknown>) items.push(item);
      return items.join();
    },
    first: ({ args }) => args[0],
    drain: ({ client }) => (client as Connection).announceDraining(),
    ask: ({ args }) => (args[0] as RemoteFunction)('name?'),
    busy: () => {
      throw new KiteError('busy', 'try again later', { cause: new Error('no worker'), data: { after: 30 } });
    },
  };
  for (const [name, handler] of Object.entries(methods))
    kite
      .handle(name, (request) => {
        seen().add(request);
        return handler(request);
      })
      .disableAuthentication();
}

interface FirstCall {
  readonly name: string;
  readonly extensions: readonly Extension[];
  /** Makes one call, and checks what arrives at both ends. */
  readonly make: (client: Caller, seen: Seen) => Promise<void>;
  /** How many messages the caller and the kite send. */
  readonly messages: readonly [caller: number, kite: number];
}

const bytes = new Uint8Array(5000).fill(7);
const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };

const FIRST_CALLS: readonly FirstCall[] = [
  {
    name: 'a call that is canceled',
    extensions: ['cancel'],
    messages: [2, 0],
    make: async (client, seen) => {
      const controller = new AbortController();
      const call = client.call('endless', [], { signal: controller.signal });
      const rejected = expect(call).rejects.toThrow('aborted');
      await seen.begun;
      controller.abort();
      await rejected;
      expect(await seen.aborted).toMatchObject({ type: 'canceled' });
    },
  },
  {
    name: 'a call with a deadline, a trace and metadata',
    extensions: ['deadline', 'trace', 'metadata'],
    messages: [1, 1],
    make: async (client, { requests }) => {
      await client.call('note', [], { timeout: 60_000, trace, metadata: { tenant: 'a' } });
      expect(requests[0]).toMatchObject({ trace, metadata: { tenant: 'a' } });
      expect(requests[0]?.timeLeft).toBeGreaterThan(0);
    },
  },
  {
    name: 'a stream as the result',
    extensions: ['stream'],
    messages: [1, 2],
    make: async (client) => {
      const stream = client.stream('count');
      const items: unknown[] = [];
      for await (const item of stream) items.push(item);
      expect([items, await stream.result]).toEqual([['one', 'two'], 'end']);
    },
  },
  {
    name: 'a stream as an argument, after a ping',
    extensions: ['stream'],
    // The caller sends a ping, the call, the items and their end; the kite answers both and begins the stream.
    messages: [4, 3],
    make: async (client) => {
      expect(await client.call('collect', [ReadableStream.from(['one', 'two'])])).toBe('one,two');
    },
  },
  {
    name: 'a call with bytes, after a ping',
    extensions: ['bytes'],
    messages: [2, 2],
    make: async (client) => expect(await client.tell('first', { bytes })).toEqual({ bytes }),
  },
  {
    name: 'a call with values, after a ping',
    extensions: ['values'],
    messages: [2, 2],
    make: async (client) => {
      const values = new Map<string, unknown>([
        ['due', new Date(0)],
        ['n', 12345678901234567890n],
      ]);
      expect(await client.tell('first', values)).toEqual(values);
    },
  },
  {
    name: 'a call during which the kite announces its end',
    extensions: ['draining'],
    messages: [1, 2],
    make: async (client) => {
      await client.tell('drain');
      await expect(client.tell('note')).rejects.toMatchObject({ code: 'draining' });
    },
  },
  {
    name: 'a call whose function returns something',
    extensions: ['callbackResults'],
    messages: [2, 2],
    make: async (client) =>
      expect(await client.tell('ask', (question: string) => [question, 'bob'])).toEqual(['name?', 'bob']),
  },
  {
    name: 'a call whose error has details',
    extensions: ['errors'],
    messages: [1, 1],
    make: async (client) => {
      await expect(client.tell('busy')).rejects.toMatchObject({
        type: 'busy',
        data: { after: 30 },
        cause: expect.objectContaining({ message: 'no worker' }) as Error,
      });
    },
  },
];

/**
 * The credit for a stream, whose number of messages depends on the speed of the connection, and the release of functions by the
 * garbage collector.
 */
const CREDIT_OR_RELEASE = /"method":"kite\.(credit|release)"|^\{"method":\d+,"arguments":\[\d+\]/;

/** Returns how many messages each side has sent, and how many of them have a list of extensions. */
function count(recorded: readonly RecordedMessage[]) {
  const sides = (['client', 'server'] as const).map((side) =>
    recorded
      .filter(({ from }) => from === side)
      .flatMap(dnodeMessages)
      .filter((text) => !CREDIT_OR_RELEASE.test(text)),
  );
  const lists = sides.map((texts) => texts.filter((text) => text.includes('"extensions":[')).length);
  return { messages: sides.map((texts) => texts.length), lists };
}

interface Route {
  readonly url: string;
  /** The messages on each hop, as the caller and the kite send them. */
  readonly hops: () => readonly (readonly RecordedMessage[])[];
}

/** Ways from a caller to a kite, by what is between them. */
const ROUTES: Readonly<
  Record<string, (kite: Kite, kontrol: Awaited<ReturnType<typeof startKontrol>>['kontrol']) => Promise<Route>>
> = {
  nothing: async (kite) => {
    const { url, messages } = await startRecorder(kite.port ?? 0);
    return { url, hops: () => [messages] };
  },
  // It knows the frames of 2014 only, on both of its hops.
  'a tunnel of kitectl 0.1': async (kite, kontrol) => {
    const proxy = await startTunnelProxy(kontrol);
    const { url: proxyUrl, messages } = await startRecorder(Number(new URL(proxy.url).port), {
      extensions: 'dropped',
    });
    const url = new URL((await kite.registerToTunnel({ proxyUrl })).url);
    url.port = new URL(proxyUrl).port;
    return {
      url: url.href,
      hops: () => [
        messages.filter(({ path }) => path.startsWith('/proxy')),
        // The kite is the client of this hop.
        messages
          .filter(({ path }) => path.startsWith('/tunnel'))
          .map((message) => ({ ...message, from: message.from === 'client' ? 'server' : 'client' })),
      ],
    };
  },
};

describe('the first call of a connection', () => {
  it('every extension is tested in the first call of a connection', () => {
    const tested = new Set(FIRST_CALLS.flatMap(({ extensions }) => extensions));
    expect(SPOKEN_EXTENSIONS.filter((name) => !tested.has(name))).toEqual([]);
    const routes = Object.keys(ROUTES).length * SINGLE_TRANSPORTS.length * FROM.length;
    console.log(`first calls: ${FIRST_CALLS.length} of ${tested.size} extensions, on ${routes} routes`);
  });

  describe.each(SINGLE_TRANSPORTS)('over %s', (transport) => {
    describe.each(Object.keys(ROUTES))('with %s between', (between) => {
      it.each(FROM)(
        `a first call over ${transport} from %s with ${between} between it and the kite uses each extension with no message more`,
        async (from) => {
          const { kontrol } = await startKontrol();
          const kite = await startKite(kontrol);
          let seen = new Seen();
          addMethods(kite, () => seen);
          const route = await ROUTES[between]?.(kite, kontrol);
          if (!route) throw new Error(between);
          for (const { name, make, messages } of FIRST_CALLS) {
            seen = new Seen();
            const before = route.hops().map((hop) => hop.length);
            await callFrom(from, route.url, transport, async (client) => {
              await make(client, seen);
            });
            const hops = route.hops().map((hop, index) => hop.slice(before[index]));
            for (const hop of hops)
              expect([name, count(hop)]).toEqual([name, { messages, lists: [1, messages[1] === 0 ? 0 : 1] }]);
            expect([name, hops.flat().some(({ isBinary }) => isBinary)]).toEqual([
              name,
              name.includes('bytes') && between === 'nothing' && transport !== 'XHRPolling',
            ]);
          }
        },
      );
    });
  });
});
