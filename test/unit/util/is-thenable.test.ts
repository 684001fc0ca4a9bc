import { expect, it } from 'vitest';
import { isThenable } from '../../../src/lib/util/is-thenable.js';

/* oxlint-disable unicorn/no-thenable -- what a program may return */
it.each([
  [Promise.resolve(), true],
  [{ then: () => undefined }, true],
  [Object.assign(() => undefined, { then: () => undefined }), true],
  [{ then: 1 }, false],
  [{}, false],
  [() => undefined, false],
  ['then', false],
  [null, false],
  [undefined, false],
])('isThenable of the value %# is %#', (value, expected) => {
  expect(isThenable(value)).toBe(expected);
});
