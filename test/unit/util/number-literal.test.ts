import { describe, expect, it } from 'vitest';
import { NumberLiteral } from '../../../src/lib/util/number-literal.js';

describe('NumberLiteral', () => {
  it.each(['', 'x', '01', '1.', '.5', '+1', '1e', 'NaN', 'Infinity', '1,2', '"1"', '1 ', '0x10'])(
    'NumberLiteral refuses %j, which is not a number in JSON',
    (text) => {
      expect(() => new NumberLiteral(text)).toThrow(`${JSON.stringify(text)} is not a number in JSON`);
    },
  );

  it('NumberLiteral has its text, and the closest number as its value', () => {
    const literal = new NumberLiteral('9007199254740993');
    expect(String(literal)).toBe('9007199254740993');
    expect(Number(literal)).toBe(9_007_199_254_740_992);
    expect(BigInt(literal.text)).toBe(9_007_199_254_740_993n);
  });

  it('JSON.stringify writes a NumberLiteral exactly, or refuses it', () => {
    const stringify = (): string => JSON.stringify([new NumberLiteral('1e400')]);
    if ('rawJSON' in JSON) expect(stringify()).toBe('[1e400]');
    else expect(stringify).toThrow('cannot write 1e400 exactly');
  });
});
