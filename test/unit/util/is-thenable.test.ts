import { expect, it } from 'vitest';
import { isThenable } from '../../../src/lib/util/is-thenable.js';

it('isThenable is true for promises and other objects that await waits for', () => {
  for (const value of [Promise.resolve(1), { then: () => undefined }]) expect(isThenable(value)).toBe(true);
});

it('isThenable is false for values that are what they are', () => {
  for (const value of [undefined, null, 4, 'then', {}, { then: 4 }, [], () => undefined])
    expect(isThenable(value)).toBe(false);
});
