import { describe, expect, it } from 'vitest';
import { parseArgument, parseLine, verbatim, withCallback } from '../../../../src/lib/cli/call/arguments.js';
import { parseIfJson, stringifyLiterals } from '../../../../src/lib/util/literal-json.js';
import { HOSTILE_NUMBERS } from '../../../helpers/hostile-numbers.js';

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

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
    ['0x10', '0x10'],
    ['9007199254740991', 9007199254740991],
  ])('parseArgument parses the argument %s', (text, expected) => {
    expect(parseArgument(text)).toEqual(expected);
  });

  it.each(HOSTILE_NUMBERS)('parseArgument keeps the number %s as it is written', (number) => {
    for (const text of [number, `[${number}]`, `{"id":${number}}`])
      expect(stringifyLiterals(parseArgument(text))).toBe(text);
  });

  it.each([
    ['{a:1}', 'expected a property name in double quotes or "}" at character 2, but found "a"'],
    ['[x', 'expected a value at character 2, but found "x"'],
    ['{"a":1', 'expected "," or "}" at character 7, but found the end'],
    ['"text', 'expected a closing double quote at character 6, but found the end'],
    ['""a""', 'expected the end at character 3, but found "a"'],
    [' {', 'expected a property name in double quotes or "}" at character 3, but found the end'],
  ])('parseArgument rejects %j: %s', (text, reason) => {
    expect(() => parseArgument(text)).toThrow(`The argument ${text} is not valid JSON: ${reason}.`);
  });

  it('parseArgument gives a hint for POSIX shells and PowerShell, and shows the beginning of a long word', () => {
    const failure = errorOf(() => parseArgument(`{${'a'.repeat(100)}`));
    expect(failure).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(`{${'a'.repeat(59)}… is not valid`) as string,
      hint: `Put JSON in single quotes: '{"a":1}'; in Windows PowerShell, escape its double quotes as well: '{\\"a\\":1}'. To send words as strings, use --string.`,
    });
  });
});

describe('parseLine', () => {
  it('parseLine parses an array as the list of arguments and any other value as the only argument', () => {
    expect(parseLine('[1,"a"]', 1)).toEqual([1, 'a']);
    expect(parseLine('{"a":1}', 1)).toEqual([{ a: 1 }]);
    expect(parseLine('[[1,2]]', 1)).toEqual([[1, 2]]);
    expect(parseLine(' 4\r', 1)).toEqual([4]);
  });

  it.each(HOSTILE_NUMBERS)('parseLine keeps the number %s as it is written', (number) => {
    expect(stringifyLiterals(parseLine(`[1,${number}]`, 1))).toBe(`[1,${number}]`);
  });

  it('parseLine reports the number of a line that is not JSON', () => {
    expect(() => parseLine('text', 17)).toThrow(
      'Line 17 of standard input is not valid JSON: expected a value at character 1, but found "t".',
    );
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

  it('withCallback does not replace a string that is sent as it is, nor change a number', () => {
    const number = parseIfJson('1e400')?.value;
    const [text, sent, last] = withCallback([verbatim('@callback'), { number }], fn);
    expect(JSON.stringify(text)).toBe('"@callback"');
    expect(stringifyLiterals(sent)).toBe('{"number":1e400}');
    expect(last).toBe(fn);
  });
});
