import { NUMBER_LITERAL } from './number-literal-brand.js';
import type { NumberLiteral } from './number-literal.js';

/**
 * Whether `value` is a NumberLiteral. Also true for one of another copy of this library. It is not in the file of the class, so
 * that pages do not load that.
 */
export function isNumberLiteral(value: unknown): value is NumberLiteral {
  return typeof value === 'object' && value !== null && NUMBER_LITERAL in value;
}
