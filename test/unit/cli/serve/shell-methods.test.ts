import { describe, expect, it } from 'vitest';
import { resultOf } from '../../../../src/lib/cli/serve/shell-methods.js';

describe('the output of a command', () => {
  it.each([
    ['16\n', 16],
    ['{"a":[1]}\n\n', { a: [1] }],
    ['two\nlines\n', 'two\nlines'],
    ['"text"', 'text'],
    ['text\r\n', 'text'],
    ['', null],
    ['\n', null],
    ['null\n', null],
  ])('the output %j is the result %j', (printed, result) => {
    expect(resultOf(printed)).toEqual(result);
  });
});
