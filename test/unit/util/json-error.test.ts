import { describe, expect, it } from 'vitest';
import { describeJsonError, findJsonError } from '../../../src/lib/util/json-error.js';
import { seededRandom } from '../../helpers/process/random.js';

describe('describeJsonError', () => {
  it.each([
    ['{a:1}', 'expected a property name in double quotes or "}" at character 2, but found "a"'],
    ['[x', 'expected a value at character 2, but found "x"'],
    ['{"a":1', 'expected "," or "}" at character 7, but found the end'],
    ['"abc', 'expected a closing double quote at character 5, but found the end'],
    ['{"a" 1}', 'expected ":" at character 6, but found "1"'],
    ['[1,]', 'expected a value at character 4, but found "]"'],
    ['{"a":1,}', 'expected a property name in double quotes at character 8, but found "}"'],
    ['["\\x"]', 'expected a valid escape sequence at character 3, but found "\\\\"'],
    ['[1]x', 'expected the end at character 4, but found "x"'],
    ['{\n  "a": tru\n}', 'expected a value at line 2, column 8, but found "t"'],
  ])('describeJsonError describes the error in %j: %s', (text, description) => {
    expect(describeJsonError(text)).toBe(description);
  });
});

describe('findJsonError', () => {
  it('findJsonError finds an error in exactly those of 20,000 random texts that JSON.parse rejects', () => {
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '1',
      '-',
      '0',
      '.5',
      'e3',
      'true',
      ' ',
      '\n',
      '\\u12',
      'x',
    ];
    const random = seededRandom(1);
    const upTo = (max: number): number => Math.floor(random() * max);
    let valid = 0;
    for (let round = 0; round < 20_000; round++) {
      const text = Array.from({ length: 1 + upTo(7) }, () => pieces[upTo(pieces.length)]).join('');
      const rejected = !isJson(text);
      if (!rejected) valid++;
      expect([text, findJsonError(text) !== undefined]).toEqual([text, rejected]);
    }
    expect(valid).toBeGreaterThan(100);
  });

  it('findJsonError finds an error after a hundred thousand levels of nesting', () => {
    expect(findJsonError(`${'['.repeat(100_000)}x`)).toEqual({ at: 100_000, expected: 'a value' });
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
