import type { NumberLiteral } from './number-literal.js';

/** Marks the numbers of every copy of this library. JSON cannot contain it. */
export const NUMBER_LITERAL = Symbol.for('kitectl.NumberLiteral');

/**
 * Whether `value` is a NumberLiteral. Also true for one of another copy of this library. It is not in the file of the class, so
 * that pages do not load that.
 */
export function isNumberLiteral(value: unknown): value is NumberLiteral {
  return typeof value === 'object' && value !== null && NUMBER_LITERAL in value;
}
