import { expect, it } from 'vitest';
import { NUMBER_LITERAL } from '../../../src/lib/util/number-literal-brand.js';

it('the mark of a NumberLiteral is the same in every copy of the library', () => {
  expect(Symbol.keyFor(NUMBER_LITERAL)).toBe('kitectl.NumberLiteral');
});
