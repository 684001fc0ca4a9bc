import { describe, expect, it } from 'vitest';
import { parseArgument, parseLine, withCallback } from '../../../../src/lib/cli/call/arguments.js';

describe('parseArgument', () => {
  it.each<[string, unknown]>([
    ['4.5', 4.5],
    ['-4', -4],
    ['true', true],
    ['null', null],
    ['{"a":1}', { a: 1 }],
    ['[1,2]', [1, 2]],
    ['"4"', '4'],
    ['text', 'text'],
    ['', ''],
    ['{a:1}', '{a:1}'],
    ['0x10', '0x10'],
    ['9007199254740991', 9007199254740991],
  ])('parseArgument parses the argument %s', (text, expected) => {
    expect(parseArgument(text)).toEqual(expected);
  });

  it.each(['12345678901234567890', '1e400'])('parseArgument rejects %s, whose value would change', (text) => {
    expect(() => parseArgument(text)).toThrow(`The number ${text} cannot be sent exactly.`);
  });
});

describe('parseLine', () => {
  it('parseLine parses an array as the list of arguments and any other value as the only argument', () => {
    expect(parseLine('[1,"a"]', 1)).toEqual([1, 'a']);
    expect(parseLine('{"a":1}', 1)).toEqual([{ a: 1 }]);
    expect(parseLine('[[1,2]]', 1)).toEqual([[1, 2]]);
    expect(parseLine(' 4\r', 1)).toEqual([4]);
  });

  it('parseLine reports the number of a line that is not JSON', () => {
    expect(() => parseLine('text', 17)).toThrow('Line 17 of standard input is not valid JSON');
  });
});

describe('withCallback', () => {
  const fn = (): void => {};

  it('withCallback appends the function if no argument is @callback', () => {
    expect(withCallback([1], fn)).toEqual([1, fn]);
  });

  it('withCallback replaces each argument @callback with the function', () => {
    expect(withCallback(['@callback', { on: ['@callback'] }, 'x'], fn)).toEqual([fn, { on: [fn] }, 'x']);
  });
});
