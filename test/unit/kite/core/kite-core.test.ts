import { describe, expect, it } from 'vitest';
import type { ArgsSchema } from '../../../../src/lib/kite/serve/argument-schema.js';
import type { KiteDescription } from '../../../../src/lib/kite/serve/method-host.js';
import type { Request } from '../../../../src/lib/kite/serve/request.js';
import { connected, makeCore, memoryDialer, settled } from '../../../helpers/kite/cores.js';

describe('events of a kite', () => {
  it('a kite emits events when a peer connects, makes its first call, and disconnects', async () => {
    const server = makeCore();
    const seen: string[] = [];
    server.on('connect', () => seen.push('connect'));
    server.on('firstRequest', (peer) =>
      seen.push(`firstRequest of ${(peer as Request['client'] & { kite?: { name: string } }).kite?.name}`),
    );
    server.on('disconnect', () => seen.push('disconnect'));
    const client = makeCore({ dialer: memoryDialer(server).dialer }).newClient('memory:');
    await client.dial();
    await client.tell('kite.ping');
    await client.tell('kite.ping');
    client.close();
    await settled();
    expect(seen).toEqual(['connect', 'firstRequest of math', 'disconnect']);
  });
});

describe('kite.describe', () => {
  it('kite.describe returns the kite and its methods, sorted by name', async () => {
    const { server, client } = await connected();
    const jsonSchema = { type: 'array', maxItems: 1 };
    server
      .handle('b', { description: 'does b', jsonSchema }, () => 1)
      .throttle({ interval: 50, capacity: 2 });
    server.handle('a', () => 1).disableAuthentication();
    const { kite, methods } = await client.tell<KiteDescription>('kite.describe');
    expect(kite).toEqual(server.identity);
    expect(methods.slice(0, 2)).toEqual([
      { name: 'a', authenticated: false },
      {
        name: 'b',
        authenticated: true,
        throttle: { interval: 50, capacity: 2 },
        description: 'does b',
        jsonSchema,
      },
    ]);
    expect(methods.slice(2).map(({ name }) => name)).toEqual([
      'kite.describe',
      'kite.heartbeat',
      'kite.log',
      'kite.ping',
    ]);
  });

  it('kite.describe returns the JSON Schema of the program, and derives none from a validating schema', async () => {
    const { server, client } = await connected();
    const args: ArgsSchema<unknown[]> = {
      '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as unknown[] }) },
    };
    server.handle('a', { args }, () => 1);
    const { methods } = await client.tell<KiteDescription>('kite.describe');
    expect(methods[0]).toEqual({ name: 'a', authenticated: true });
  });

  it('kite.describe requires an authenticated caller', async () => {
    const { client } = await connected({}, { auth: null });
    await expect(client.tell('kite.describe')).rejects.toMatchObject({ type: 'authenticationError' });
  });
});
