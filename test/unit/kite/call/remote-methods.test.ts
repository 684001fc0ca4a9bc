import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { remoteMethods } from '../../../../src/lib/kite/call/remote-methods.js';
import { connected } from '../../../helpers/kite/cores.js';

type Methods = Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>;

/** The methods of a peer that returns what it is called with, and the calls. */
function recording(): { methods: Methods; calls: unknown[][] } {
  const calls: unknown[][] = [];
  const tell = (method: string, args: unknown[]): Promise<unknown> => {
    calls.push([method, ...args]);
    return Promise.resolve([method, ...args]);
  };
  return { methods: remoteMethods(tell) as Methods, calls };
}

describe('the methods of a client', () => {
  it('a method of a client calls the peer, also with dots in its name, and from a handler', async () => {
    const { server, client } = await connected();
    server.handle('square', ({ args: [n] }) => Number(n) ** 2);
    expect(await client.method['square']?.(4)).toBe(16);
    expect(await client.method['kite.ping']?.()).toBe('pong');
    await expect(client.method['cube']?.(4)).rejects.toMatchObject({ type: 'methodNotFound' });
    expect(client.method).toBe(client.method);
    server.handle('back', async (request) => await request.client.method['kite.ping']?.());
    expect(await client.method['back']?.()).toBe('pong');
  });

  it('a method of a client rejects like tell after the client was closed', async () => {
    const { client } = await connected();
    client.close();
    await expect(client.method['square']?.(4)).rejects.toMatchObject({ type: 'disconnect' });
  });

  it('every name but those of the language calls a method, also those of Object and Function', async () => {
    const { methods, calls } = recording();
    const names = ['constructor', '__proto__', 'hasOwnProperty', 'call', 'bind', 'name', 'length', '', 'a.b'];
    for (const name of names) expect(await methods[name]?.(1)).toEqual([name, 1]);
    expect(calls).toHaveLength(names.length);
    console.log(`names that call a method: ${names.length}`);
  });

  it('nothing that the language or a tool does with the methods calls one of them', async () => {
    const { methods, calls } = recording();
    const uses: readonly (() => unknown)[] = [
      () => Promise.resolve(methods),
      () => JSON.stringify({ methods }),
      () => inspect(methods),
      () => inspect(methods, { showProxy: true }),
      () => Object.keys(methods),
      () => ({ ...methods }),
      () => methods instanceof Promise,
      () => Object.prototype.toString.call(methods),
      () => expect(methods).toEqual({}),
      () => 'square' in methods,
    ];
    for (const use of uses) await use();
    for (const use of [() => `${methods as unknown as number}`, () => [...(methods as unknown as [])]])
      expect(use).toThrow(TypeError);
    expect(Object.values(Object.getOwnPropertyDescriptors(Symbol)).length).toBeGreaterThan(10);
    for (const symbol of Object.values(Object.getOwnPropertyDescriptors(Symbol)))
      if (typeof symbol.value === 'symbol') expect(Reflect.get(methods, symbol.value)).toBeUndefined();
    expect(calls).toEqual([]);
    console.log(`uses that call no method: ${uses.length + 2}`);
  });

  it('a method of a client cannot be replaced', () => {
    const { methods } = recording();
    expect(() => Object.assign(methods, { square: 4 })).toThrow(TypeError);
    expect(() => Object.defineProperty(methods, 'square', { value: 4 })).toThrow(TypeError);
    expect(() => Reflect.setPrototypeOf(methods, {})).not.toThrow();
    expect(Object.getPrototypeOf(methods)).toBeNull();
  });
});
