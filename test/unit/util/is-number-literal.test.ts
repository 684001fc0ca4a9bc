import { expect, it } from 'vitest';
import { isNumberLiteral } from '../../../src/lib/util/is-number-literal.js';

it('isNumberLiteral recognizes a NumberLiteral of another copy of the library, and no other value', () => {
  const other = Object.defineProperty({ text: '1e400' }, Symbol.for('kitectl.NumberLiteral'), {
    value: true,
  });
  expect(isNumberLiteral(other)).toBe(true);
  for (const value of [null, undefined, 4, '4', {}, { text: '4' }, []])
    expect(isNumberLiteral(value)).toBe(false);
});
