import { generateKeyPairSync } from 'node:crypto';
import { Kite, type KiteOptions, type RemoteFunction } from '../../dist/lib/index.js';
import { makeKiteKey } from '../kite-key.js';
import { AbortTime, FileSource, now } from './file-source.js';
import type { ClientPeer, Connection, ServerPeer } from './peer.js';

interface Methods {
  square(n: number): number;
  echo(value: unknown): unknown;
  count(times: number, each: RemoteFunction): number;
  items(count: number): AsyncIterable<number>;
  download(): AsyncIterable<Uint8Array>;
  produced(): number;
  endless(): void;
  abortTime(): number;
}

function makeServer(options: KiteOptions, allowAnyone: boolean): ServerPeer {
  return {
    async listen() {
      const kite = new Kite('bench', '1.0.0', { port: 0, env: {}, ...options });
      const file = new FileSource();
      const abort = new AbortTime();
      const methods = [
        kite.handle<[number], number>('square', ({ args: [n] }) => n * n),
        kite.handle<[unknown]>('echo', ({ args: [value] }) => value),
        kite.handle<[number, RemoteFunction], number>('count', ({ args: [times, each] }) => {
          for (let i = 0; i < times; i++) each(i);
          return times;
        }),
        kite.handle<[number]>('items', async function* ({ args: [count] }) {
          for (let i = 0; i < count; i++) yield i;
        }),
        kite.handle('download', () => file.parts()),
        kite.handle('produced', () => file.produced),
        kite.handle('endless', ({ signal }) => abort.wait(signal)),
        kite.handle('abortTime', () => abort.time),
      ];
      if (allowAnyone) for (const method of methods) method.disableAuthentication();
      await kite.listen();
      return kite.url ?? '';
    },
  };
}

function makeClient(options: KiteOptions, kiteKey?: string): ClientPeer {
  const kite = new Kite('caller', '1.0.0', { env: {}, ...options });
  return {
    async connect(url): Promise<Connection> {
      const client = kite.newClient<Methods>(url, kiteKey ? { auth: { type: 'kiteKey', key: kiteKey } } : {});
      await client.dial();
      return {
        square: (n) => client.tell('square', n),
        hasBytes: true,
        echo: (value) => client.tell('echo', value),
        async count(times, each) {
          await client.tell('count', times, each);
        },
        streams: {
          async items(count, each) {
            for await (const _ of client.stream('items', count)) each();
          },
          async download(each) {
            for await (const part of client.stream('download')) await each(part);
          },
          produced: () => client.tell('produced'),
        },
        async abort() {
          const controller = new AbortController();
          const call = client.call('endless', [], { signal: controller.signal });
          // The handler has begun before that of a later call.
          await client.tell('square', 4);
          const start = now();
          controller.abort();
          await call.catch(() => undefined);
          return (await client.tell('abortTime')) - start;
        },
        close: () =>
          new Promise((resolve) => {
            client.on('disconnect', () => resolve());
            client.close();
          }),
      };
    },
  };
}

/** Over SockJS WebSocket, the default of kites, without authentication. */
export const server = makeServer({ kiteKey: false }, true);
export const client = makeClient({ kiteKey: false });

/** The same with a kite key in every call, which the server verifies. */
export function authenticated(keyPem: string): { server: ServerPeer; client: ClientPeer } {
  const kiteKey = makeKiteKey(keyPem);
  return { server: makeServer({ kiteKey }, false), client: makeClient({ kiteKey }, kiteKey) };
}

export function newKeyPem(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
}
