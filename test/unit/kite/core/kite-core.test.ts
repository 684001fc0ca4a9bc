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

  it('kite.describe returns the JSON Schema that a validating schema derives, unless the program sets one', async () => {
    const { server, client } = await connected();
    const plain: ArgsSchema<unknown[]> = {
      '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as unknown[] }) },
    };
    const jsonSchema = { type: 'array', maxItems: 1 };
    let derived = 0;
    const input = () => ({ type: 'array', minItems: ++derived });
    const deriving = { '~standard': { ...plain['~standard'], jsonSchema: { input } } };
    server.handle('a', { args: plain }, () => 1);
    server.handle('b', { args: deriving }, () => 1);
    server.handle('c', { args: deriving, jsonSchema }, () => 1);
    for (const _ of [1, 2]) {
      const { methods } = await client.tell<KiteDescription>('kite.describe');
      expect(methods.slice(0, 3)).toEqual([
        { name: 'a', authenticated: true },
        { name: 'b', authenticated: true, jsonSchema: { type: 'array', minItems: 1 } },
        { name: 'c', authenticated: true, jsonSchema },
      ]);
    }
  });

  it('kite.describe requires an authenticated caller', async () => {
    const { client } = await connected({}, { auth: null });
    await expect(client.tell('kite.describe')).rejects.toMatchObject({ type: 'authenticationError' });
  });
});

describe('methods of a kite', () => {
  it('methods adds handlers by name, with their options, and returns the methods', async () => {
    const { server, client } = await connected();
    const added = server.methods({
      square: ({ args: [n] }: Request<[number]>) => n * n,
      ['__proto__']: { description: 'has an odd name', handler: () => 'odd' },
    });
    expect(Object.keys(added)).toEqual(['square', '__proto__']);
    expect(Object.getPrototypeOf(added)).toBe(Object.prototype);
    expect(await client.tell('square', 4)).toBe(16);
    expect(await client.tell('__proto__')).toBe('odd');
    const described = server.describe().methods.find(({ name }) => name === '__proto__');
    expect(described?.description).toBe('has an odd name');
    added['square']?.disableAuthentication();
    expect(server.describe().methods.find(({ name }) => name === 'square')?.authenticated).toBe(false);
  });

  it.each([[4], [null], [undefined], [{}], [{ handler: 4 }], [{ description: 'has no handler' }]])(
    'methods rejects an entry without a handler with the name of the method: %j',
    (entry) => {
      const core = makeCore();
      expect(() => core.methods({ square: entry })).toThrow('The handler of "square" is not a function');
    },
  );
});
