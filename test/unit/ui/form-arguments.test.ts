import { describe, expect, it } from 'vitest';
import { stringifyLiterals } from '../../../src/lib/util/literal-json.js';
import { HOSTILE_NUMBERS } from '../../helpers/hostile-numbers.js';
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

  it.each(HOSTILE_NUMBERS)('the arguments field keeps the number %s as it is written', (number) => {
    for (const typed of [number, `[${number}]`, `text\n{"id":${number}}`])
      expect(stringifyLiterals(parseArguments(typed).at(-1))).toBe(typed.split('\n').at(-1));
    expect(commandLine('square', `{"id": ${number}}`, '/bob')).toContain(`'{"id":${number}}'`);
  });

  it.each([
    [
      '{a:1}',
      'The argument is not valid JSON: expected a property name in double quotes or "}" at character 2, but found "a"',
    ],
    ['4\n[x', 'Argument 2 is not valid JSON: expected a value at character 2, but found "x"'],
    ['{\n  "a": tru\n}', 'Argument 1 is not valid JSON: expected a value at line 2, column 8, but found "t"'],
  ])('the arguments field rejects %j', (typed, message) => {
    expect(() => parseArguments(typed)).toThrow(
      `${message}. To send it as a string, put it in double quotes.`,
    );
    expect(commandLine('m', typed, '/bob')).toContain('kitectl call m');
  });
});

describe('the command line of a call', () => {
  it.each([
    ['', 'kitectl call square --to /bob/prod/math'],
    ['4', 'kitectl call square --to /bob/prod/math -- 4'],
    ['-4\nit is', "kitectl call square --to /bob/prod/math -- -4 'it is'"],
    ['"4"', `kitectl call square --to /bob/prod/math -- '"4"'`],
    [`it's\n$(reboot)`, `kitectl call square --to /bob/prod/math -- 'it'\\''s' '$(reboot)'`],
    ['@file\n-', `kitectl call square --to /bob/prod/math -- '"@file"' '"-"'`],
    ['"{a:1}"', `kitectl call square --to /bob/prod/math -- '"{a:1}"'`],
    ['{a:1}', `kitectl call square --to /bob/prod/math -- '{a:1}'`],
    ['{"a": 1}', `kitectl call square --to /bob/prod/math -- '{"a":1}'`],
  ])('the command line of a call quotes what a shell would interpret: %j', (typed, line) => {
    expect(commandLine('square', typed, '/bob/prod/math')).toBe(line);
  });

  it('the command line of a call quotes method and path', () => {
    expect(commandLine('a;b', '', '/bob/prod/it is')).toBe("kitectl call 'a;b' --to '/bob/prod/it is'");
  });
});
