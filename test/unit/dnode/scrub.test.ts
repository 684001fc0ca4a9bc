import { describe, expect, it } from 'vitest';
import { CallbackTable } from '../../../src/lib/dnode/callback-table.js';
import { ScrubError, scrub } from '../../../src/lib/dnode/scrub.js';
import { unscrub } from '../../../src/lib/dnode/unscrub.js';

const fn = (): void => {};

describe('scrubbing', () => {
  it.each([
    [[4], '[4]'],
    [['ü "quoted"'], '["ü \\"quoted\\""]'],
    [[undefined, { a: undefined }], '[null,{}]'],
    [[new Date(0)], '["1970-01-01T00:00:00.000Z"]'],
    [undefined, 'null'],
    [null, 'null'],
  ])('leaves what holds no function to JSON: %j', (value, json) => {
    expect(scrub(value, 128)).toEqual({ json, functions: undefined });
  });

  it('replaces functions wherever they stand and says where', () => {
    const value = [1, fn, { on: { tick: fn }, list: [fn] }];
    const { json, functions } = scrub(value, 128);
    expect(json).toBe('[1,"[Function]",{"on":{"tick":"[Function]"},"list":["[Function]"]}]');
    expect(functions?.map(({ path }) => path)).toEqual([[1], [2, 'on', 'tick'], [2, 'list', 0]]);
  });

  it('takes a function alone', () => {
    expect(scrub(fn, 128)).toEqual({ json: '"[Function]"', functions: [{ fn, path: [] }] });
  });

  it('refuses what contains itself, and says where', () => {
    const loop: { inner: { self?: unknown } } = { inner: {} };
    loop.inner.self = loop;
    expect(() => scrub([loop], 128)).toThrow(new ScrubError('It contains itself at 0.inner.self'));
  });

  it('takes the same object twice where it does not contain itself', () => {
    const twice = { a: 1 };
    expect(scrub([twice, twice], 128).json).toBe('[{"a":1},{"a":1}]');
  });

  it('refuses more levels than the limit', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 0 : [nested(depth - 1)]);
    expect(scrub(nested(10), 10).json).toBe(`${'['.repeat(10)}0${']'.repeat(10)}`);
    expect(() => scrub(nested(11), 10)).toThrow(ScrubError);
  });

  it('refuses what JSON cannot say', () => {
    expect(() => scrub([1n], 128)).toThrow(ScrubError);
  });
});

describe('unscrubbing', () => {
  function restore(root: unknown[], ...paths: unknown[][]): unknown[] {
    unscrub(
      root,
      paths.map((path, number) => ({ number, path })),
      (number) => `f${number}`,
    );
    return root;
  }

  it('follows the paths of Go and of JavaScript', () => {
    const message = () => [{ withArgs: [3, '[Function]'] }];
    const restored = [{ withArgs: [3, 'f0'] }];
    expect(restore(message(), [0, 'withArgs', 1])).toEqual(restored);
    expect(restore(message(), ['0', 'withArgs', '1'])).toEqual(restored);
  });

  it.each([
    [[]],
    [[5]],
    [[-1]],
    [[0.5]],
    [[4294967294]],
    [['4294967294']],
    [['00']],
    [[' 0']],
    [['length']],
    [[0, 'missing']],
    [[0, 'toString']],
    [[0, '__proto__']],
    [[0, '__proto__', 'polluted']],
    [[0, 'constructor', 'prototype', 'polluted']],
    [['__proto__', 'polluted']],
    [[0, 'a', 'deeper']],
    [[null]],
    [[{}]],
    [[true]],
    [[['0']]],
  ])('ignores a path that leads nowhere: %j', (path) => {
    expect(restore([{ a: 1 }], path)).toEqual([{ a: 1 }]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('does not put a function where JSON made a property named __proto__', () => {
    const root = JSON.parse('[{"__proto__":{"a":1}}]') as unknown[];
    expect(JSON.stringify(restore(root, [0, '__proto__'], [0, '__proto__', 'a']))).toBe(
      '[{"__proto__":{"a":1}}]',
    );
  });
});

describe('the callback table', () => {
  it('gives numbers that rise from 0 and are never used twice', () => {
    const table = new CallbackTable<object>();
    const first = table.add({});
    table.delete(first);
    expect([first, table.add({}), table.add({})]).toEqual([0, 1, 2]);
  });

  it('knows nothing of a number that was never given out, or is forgotten', () => {
    const table = new CallbackTable<object>();
    const entry = {};
    const number = table.add(entry);
    expect(table.get(number)).toBe(entry);
    table.delete(number);
    expect(table.get(number)).toBeUndefined();
    expect(table.get(99)).toBeUndefined();
  });

  it('keeps the number of a function that is handed over again', () => {
    const table = new CallbackTable<object>();
    expect(table.share(fn)).toBe(table.share(fn));
    expect(table.size).toBe(1);
    table.forget(fn);
    expect(table.size).toBe(0);
    expect(table.share(fn)).toBe(1);
  });
});
