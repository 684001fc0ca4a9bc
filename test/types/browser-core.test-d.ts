import { expectTypeOf } from 'vitest';
import * as core from 'kitectl/browser/core';
import {
  type Client,
  Kite,
  type ClientOptions,
  type KiteOptions,
  type Transport,
} from 'kitectl/browser/core';

interface Bank {
  square(n: number): number;
}

const kite = new Kite('page', '1.0.0', { transport: 'RawWebSocket', limits: { callsPerConnection: 5 } });

// Calls, in both directions, as with `kitectl/browser`.
{
  const client = kite.newClient<Bank>('https://bank.example.com/kite', { transport: 'WebSocket' });
  expectTypeOf(client).toEqualTypeOf<Client<Bank>>();
  expectTypeOf(client.tell('square', 4)).toEqualTypeOf<Promise<number>>();
  new Kite<Bank>('page', '1.0.0').handle('square', ({ args }) => {
    expectTypeOf(args).toEqualTypeOf<[n: number]>();
    return 4;
  });
}

// What only `kitectl/browser` has.
{
  const transports: Record<Transport, true> = { WebSocket: true, RawWebSocket: true };
  void transports;
  expectTypeOf(kite).not.toHaveProperty('kontrol');
  expectTypeOf<ClientOptions>().not.toHaveProperty('renewToken');
  expectTypeOf<KiteOptions>().not.toHaveProperty('port');
  expectTypeOf(core).not.toHaveProperty('defaultLimits');
  // @ts-expect-error There is no XHR polling.
  void (() => new Kite('page', '1.0.0', { transport: 'XHRPolling' }));
  // @ts-expect-error There is no fallback.
  void (() => kite.newClient('https://bank.example.com/kite', { transport: 'auto' }));
}
