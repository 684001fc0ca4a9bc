import { expect, it } from 'vitest';
import { sharedFunction } from '../../../../src/lib/kite/callbacks/shared-function.js';

it('a shared function calls its function, and is released by name and with using', () => {
  const released: unknown[] = [];
  const add = (a: number, b: number): number => a + b;
  const first = sharedFunction(add, (fn) => released.push(fn));
  expect(first(1, 2)).toBe(3);
  first.release();
  let used: unknown;
  {
    using second = sharedFunction(add, (fn) => released.push(fn));
    used = second;
  }
  expect(released).toEqual([first, used]);
  expect(first).not.toBe(used);
});
