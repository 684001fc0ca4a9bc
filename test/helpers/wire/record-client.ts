import type { Kite, RemoteFunction } from '../../../src/lib/index.js';
import type { Client, Transport } from '../../../src/lib/kite/call/client.js';
import type { PageKite } from '../../../src/lib/kite/page/page-kite.js';
import { OldPeer } from './old-peer.js';

/** A kite in Node or in a page. */
export type CallingKite = Pick<Kite | PageKite, 'newClient' | 'close' | 'identity'> & {
  handle(name: string, handler: (request: { readonly args: unknown[] }) => unknown): unknown;
};

/**
 * Makes a client call and be called in every form that the protocol of 2014 has, by a peer that knows no extensions. Returns what
 * the client has sent. The version of the library that `kite` comes from can be any.
 */
export async function recordClient(kite: CallingKite, transport: Transport): Promise<string[]> {
  const peer = await OldPeer.listen();
  addMethods(kite);
  const client: Client = kite.newClient(peer.url, {
    transport,
    auth: { type: 'kiteKey', key: 'key-of-"bob"-\u2028' },
    trustRemote: true,
  });
  try {
    await client.dial();
    await makeCalls(client);
    const closed = new Promise<void>((resolve) => client.on('disconnect', () => resolve()));
    client.close();
    await closed;
    await kite.close();
    // A client of a socket has sent its close frame; the peer may not have read it yet.
    if (transport.endsWith('WebSocket'))
      while (!peer.received.at(-1)?.startsWith('close'))
        await new Promise((resolve) => setImmediate(resolve));
    return peer.received;
  } finally {
    await peer.close();
  }
}

function addMethods(kite: CallingKite): void {
  kite.handle('hello', ({ args: [who] }) => `hello ${String(who)}`);
  kite.handle('failing', ({ args: [number] }) => {
    throw new Error(`not with ${String(number)}`);
  });
  kite.handle('giving', ({ args: [number, each] }) => {
    (each as RemoteFunction)(number, [() => number]);
    return { stop: () => number, list: [number] };
  });
}

async function makeCalls(client: Client): Promise<void> {
  await client.tell('square', 4);
  await client.tell('square', 4.5, {
    text: 'quotes " and \\ and \u2028 and \ud83d\ude00',
    list: [null, true, []],
  });
  await client.tell('fail').catch(() => undefined);
  await client.call('each', [1, () => undefined, { on: { end: () => undefined } }], {
    callbacks: 'connection',
  });
  await client.call('each', [() => undefined], { callbacks: 'call' });
  const { add } = await client.tell<{ add: RemoteFunction }>('give');
  add(1, () => undefined);
  await client.tellWithTimeout(0, 'square', 5);
  await Promise.all([
    client.tell('square', 6),
    client.tell('square', 7),
    client.tell('fail').catch(() => undefined),
  ]);
  await client.tellWithTimeout(5, 'silent').catch(() => undefined);
  const controller = new AbortController();
  const aborted = client.call('silent', [], { signal: controller.signal }).catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort();
  await aborted;
  await client.call('square', [8], { timeout: 60_000, signal: new AbortController().signal });
  client.auth = null;
  await client.tell('ask');
}
