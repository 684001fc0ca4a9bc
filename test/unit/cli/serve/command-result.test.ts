import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  commandResult,
  outputLines,
  resultTypes,
  type WholeResultType,
} from '../../../../src/lib/cli/serve/command-result.js';
import { stringifyLiterals } from '../../../../src/lib/util/literal-json.js';
import { HOSTILE_NUMBERS } from '../../../helpers/hostile-numbers.js';

const resultOf = (output: string | Buffer, type: WholeResultType): unknown =>
  commandResult(Buffer.from(output as string), type, 'm');

describe('commandResult', () => {
  it.each([
    ['16\n', 16],
    ['{"a":[1]}\n\n', { a: [1] }],
    ['\uFEFF{"a":1}', { a: 1 }],
    ['two\nlines\n', 'two\nlines'],
    ['[INFO] ready\n', '[INFO] ready'],
    ['"text"', 'text'],
    ['text\r\n', 'text'],
    ['', null],
    ['\n', null],
    ['null\n', null],
  ])('commandResult returns for "auto" and the output %j the value %j', (output, result) => {
    expect(resultOf(output, 'auto')).toEqual(result);
  });

  it.each(HOSTILE_NUMBERS)('commandResult keeps the number %s for each type of result', (number) => {
    const types = resultTypes.filter((type) => type !== 'lines');
    const results = types.map((type) => stringifyLiterals(resultOf(`${number}\n`, type)));
    const bytes = Buffer.from(`${number}\n`).toString('base64');
    expect(results).toEqual([number, number, `"${number}"`, `"${bytes}"`]);
  });

  it.each([
    ['text', '', ''],
    ['text', '4\n', '4'],
    ['text', ' {a:1}\n\n', ' {a:1}\n'],
    ['text', '\uFEFFx', '\uFEFFx'],
    ['json', ' [4] \n', [4]],
    ['json', 'null', null],
  ] as const)('commandResult returns for "%s" and the output %j the value %j', (type, output, result) => {
    expect(resultOf(output, type)).toEqual(result);
  });

  it('commandResult returns bytes that are not UTF-8 in base64', () => {
    expect(resultOf(Buffer.from([0xff, 0, 0x0a]), 'bytes')).toBe('/wAK');
  });

  it.each([
    ['json', '', 'expected a value at character 1, but found the end'],
    ['json', '{"a":1', 'expected "," or "}" at character 7, but found the end'],
    ['json', 'text', 'expected a value at character 1, but found "t"'],
  ] as const)('commandResult rejects for "%s" the output %j: %s', (type, output, reason) => {
    expect(() => resultOf(output, type)).toThrow(`m: the output of the command is not valid JSON: ${reason}`);
  });

  it.each(['auto', 'json', 'text'] as const)(
    'commandResult rejects for "%s" output that is not UTF-8, and names --result bytes',
    (type) => {
      expect(() => resultOf(Buffer.from([0xff]), type)).toThrow(/not valid UTF-8; .*--result bytes/);
    },
  );
});

/** The lines of an output that arrives in these pieces. */
async function linesOf(pieces: readonly (string | Uint8Array)[], maxLength = 100): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of outputLines(
    Readable.from(pieces.map((piece) => Buffer.from(piece))),
    maxLength,
    'm',
  ))
    lines.push(line);
  return lines;
}

describe('outputLines', () => {
  it.each([
    [[], []],
    [[''], []],
    [['\n'], ['']],
    [['a\r\n\nb'], ['a', '', 'b']],
    [
      ['a', 'b\nc', '\n'],
      ['ab', 'c'],
    ],
    [[Buffer.from([0xc3]), Buffer.from([0xa4, 0x0a])], ['ä']],
  ])('outputLines yields for the output %j the lines %j', async (pieces, lines) => {
    expect(await linesOf(pieces)).toEqual(lines);
  });

  it('outputLines rejects output that is not UTF-8, and lines that are too long', async () => {
    await expect(linesOf([Buffer.from([0x61, 0xff])])).rejects.toThrow('is not valid UTF-8');
    await expect(linesOf([Buffer.from([0xc3])])).rejects.toThrow('is not valid UTF-8');
    await expect(linesOf(['a\n', 'x'.repeat(101)])).rejects.toThrow('has a line of more than 100 characters');
  });
});
