import { describe, expect, it } from 'vitest';
import { parseOutput } from '../../../../src/lib/cli/serve/shell-methods.js';

describe('what a command printed', () => {
  it.each([
    ['16\n', 16],
    ['{"a":[1]}\n\n', { a: [1] }],
    ['two\nlines\n', 'two\nlines'],
    ['"text"', 'text'],
    ['text\r\n', 'text'],
    ['', null],
    ['\n', null],
    ['null\n', null],
  ])('%j is the result %j', (printed, result) => {
    expect(parseOutput(printed)).toEqual(result);
  });
});
