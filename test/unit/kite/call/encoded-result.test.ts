import { expect, it, onTestFinished } from 'vitest';
import { Kite } from '../../../../src/lib/index.js';
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
