import { describe, expect, it } from 'vitest';
import { commandLine, parseArguments } from '../../../src/ui/form-arguments.js';

describe('the arguments field', () => {
  it.each<[string, string, unknown[]]>([
    ['nothing', '  \n ', []],
    ['a number', '4', [4]],
    ['null', 'null', [null]],
    ['a string', 'hello world', ['hello world']],
    ['a quoted string', '"4"', ['4']],
    ['one argument per line', '4\nhello\n{"a":1}', [4, 'hello', { a: 1 }]],
    ['null and false on lines', 'x\nnull\nfalse', ['x', null, false]],
    ['a list as one argument', '[1, 2]', [[1, 2]]],
    ['JSON on several lines as one argument', '{\n  "a": [\n    1\n  ]\n}', [{ a: [1] }]],
    ['empty lines', '\n1\n\n2\n', [1, 2]],
  ])('the arguments field parses %s', (_what, typed, args) => {
    expect(parseArguments(typed)).toEqual(args);
  });
});

describe('the command line of a call', () => {
  it.each([
    ['', 'kitectl call square --to /bob/prod/math'],
    ['4', 'kitectl call square --to /bob/prod/math -- 4'],
    ['-4\nit is', "kitectl call square --to /bob/prod/math -- -4 'it is'"],
    ['"4"', `kitectl call square --to /bob/prod/math -- '"4"'`],
    [`it's\n$(reboot)`, `kitectl call square --to /bob/prod/math -- 'it'\\''s' '$(reboot)'`],
    ['{"a": 1}', `kitectl call square --to /bob/prod/math -- '{"a":1}'`],
  ])('the command line of a call quotes what a shell would interpret: %j', (typed, line) => {
    expect(commandLine('square', typed, '/bob/prod/math')).toBe(line);
  });

  it('the command line of a call quotes method and path', () => {
    expect(commandLine('a;b', '', '/bob/prod/it is')).toBe("kitectl call 'a;b' --to '/bob/prod/it is'");
  });
});
