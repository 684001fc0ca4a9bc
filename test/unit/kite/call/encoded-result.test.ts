import { expect, it, onTestFinished } from 'vitest';
import { Kite, type RemoteFunction } from '../../../../src/lib/index.js';
import { EncodedResult } from '../../../../src/lib/kite/call/encoded-result.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { ALL_TRANSPORTS } from '../../../helpers/transport/transports.js';

it('a caller receives the pieces of an encoded result as one value, over each transport', async () => {
  const kite = new Kite('server', '1.0.0', { port: 0, kiteKey: false, env: {}, logger: silentLogger });
  onTestFinished(() => kite.close());
  const value = { list: ['"\\', '\u2028€😀', null, 1.5], more: 'x'.repeat(100_000) };
  kite
    .handle('encoded', () => {
      const result = new EncodedResult();
      for (const piece of JSON.stringify(value).match(/.{1,1000}/gs) ?? []) result.add(piece);
      return result;
    })
    .disableAuthentication();
  await kite.listen();
  for (const transport of ALL_TRANSPORTS) {
    const client = kite.newClient(kite.url ?? '', { transport });
    await client.dial();
    expect(await client.tell('encoded')).toEqual(value);
    client.close();
  }
});

it('callbacks receive the shared pieces of encoded results, in order with other calls, over each transport', async () => {
  const kite = new Kite('server', '1.0.0', { port: 0, kiteKey: false, env: {}, logger: silentLogger });
  onTestFinished(() => kite.close());
  const shared = new EncodedResult();
  shared.add('{"text":"\u2028\\"\\\\"');
  const event = (number: number): EncodedResult => {
    const result = new EncodedResult();
    result.pieces.push(...shared.pieces);
    result.add(`,"number":${number}}`);
    return result;
  };
  kite
    .handle<[RemoteFunction, RemoteFunction]>('watch', async ({ args: callbacks }) => {
      for (const callback of callbacks) {
        for (let number = 0; number < 3; number++) void callback(event(number));
        void callback('plain');
      }
      // The answer of an event can be read.
      return [await callbacks[0](event(3)), await callbacks[1]('last')];
    })
    .disableAuthentication();
  await kite.listen();
  const told = [0, 1, 2].map((number) => ({ error: null, result: { text: '\u2028"\\', number } }));
  const last = { ...told[0], result: { ...told[0]?.result, number: 3 } };
  for (const transport of ALL_TRANSPORTS) {
    const client = kite.newClient(kite.url ?? '', { transport });
    await client.dial();
    const received: [unknown[], unknown[]] = [[], []];
    const callbacks = received.map((list) => (value: unknown) => list.push(value));
    expect(await client.tell('watch', ...callbacks)).toEqual([5, 5]);
    expect(received).toEqual([
      [...told, 'plain', last],
      [...told, 'plain', 'last'],
    ]);
    client.close();
  }
});
