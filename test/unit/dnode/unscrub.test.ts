import { describe, expect, it } from 'vitest';
import { unscrub } from '../../../src/lib/dnode/unscrub.js';

describe('unscrubbing', () => {
  function restore(root: unknown[], ...paths: unknown[][]): unknown[] {
    unscrub(
      root,
      paths.map((path, number) => ({ number, path })),
      (number) => `f${number}`,
    );
    return root;
  }

  it('unscrub accepts the paths of Go and of JavaScript', () => {
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
  ])('unscrub ignores a path that does not exist: %j', (path) => {
    expect(restore([{ a: 1 }], path)).toEqual([{ a: 1 }]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('unscrub does not replace a property named __proto__ from JSON', () => {
    const root = JSON.parse('[{"__proto__":{"a":1}}]') as unknown[];
    expect(JSON.stringify(restore(root, [0, '__proto__'], [0, '__proto__', 'a']))).toBe(
      '[{"__proto__":{"a":1}}]',
    );
  });
});
