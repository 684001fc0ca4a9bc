/** Marks the numbers of every copy of this library. JSON cannot contain it. */
export const NUMBER_LITERAL = Symbol.for('kitectl.NumberLiteral');
