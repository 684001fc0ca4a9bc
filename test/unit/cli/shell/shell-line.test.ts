import { describe, expect, it } from 'vitest';
import { stringifyLiterals } from '../../../../src/lib/util/literal-json.js';
import { HOSTILE_NUMBERS } from '../../../helpers/hostile-numbers.js';
import { parseShellLine, type ShellLine } from '../../../../src/lib/cli/shell/shell-line.js';

/** Returns a line with the values of its arguments. */
function withValues(line: ShellLine): unknown {
  if (line.type !== 'call') return line;
  return { ...line, args: line.args.map((source) => (source.type === 'value' ? source.value : source)) };
}

function bytesOf(path: string): unknown {
  return { type: 'file', file: path, content: 'bytes', word: `@bytes:${path}` };
}

function text(value: string): unknown {
  return { type: 'text', value };
}

describe('a line of the shell', () => {
  it.each<[string, string, unknown[]]>([
    ['square 4', 'square', [4]],
    ['  square\t4 ', 'square', [4]],
    ['nothing', 'nothing', []],
    ['echo text true -4 null', 'echo', ['text', true, -4, null]],
    ['echo {"a": [1, 2], "b": "x } y"} text', 'echo', [{ a: [1, 2], b: 'x } y' }, 'text']],
    ['echo [1, "two words", {"a": "\\" ]"}]', 'echo', [[1, 'two words', { a: '" ]' }]]],
    ['echo "two words" "4"', 'echo', ['two words', '4']],
    ["echo 'two words' '4' '{\"a\": 1}'", 'echo', ['two words', 4, { a: 1 }]],
    ["echo '[x' it's", 'echo', ['[x', "it's"]],
    ['echo "a""b"', 'echo', ['a', 'b']],
    ['kite.ping', 'kite.ping', []],
    ['.methodX 1', '.methodX', [1]],
    ['echo @path - \'@bytes:x\' "@bytes:x"', 'echo', ['@path', '-', '@bytes:x', '@bytes:x']],
    ['echo @callback @@callback @@bob @', 'echo', ['@callback', text('@callback'), text('@bob'), '@']],
    ['echo @bytes:a @@bytes:a', 'echo', [bytesOf('a'), text('@bytes:a')]],
  ])('the line %j calls the method %s', (line, method, args) => {
    expect(withValues(parseShellLine(line))).toEqual({ type: 'call', method, args });
  });

  it.each(HOSTILE_NUMBERS)('the line of a call has the number %s as it is written', (number) => {
    const line = parseShellLine(`echo ${number} '${number}' {"id": ${number}} [${number}] "${number}"`);
    expect(stringifyLiterals(withValues(line))).toBe(
      `{"type":"call","method":"echo","args":[${number},${number},{"id":${number}},[${number}],"${number}"]}`,
    );
  });

  it.each(['', '   ', '# a comment', '  #'])('the line %j does nothing', (line) => {
    expect(parseShellLine(line)).toEqual({ type: 'nothing' });
  });

  it('the line of a dot command is handled by the shell', () => {
    expect(parseShellLine(' .exit ')).toEqual({ type: 'command', name: '.exit' });
  });

  it.each([
    ['echo "open', 'Unterminated argument'],
    ["echo 'open", 'Unterminated argument'],
    ['echo {"a": [1', 'Unterminated argument'],
    [
      'echo {a:1}',
      'The argument {a:1} is not valid JSON: expected a property name in double quotes or "}" at character 2',
    ],
    ['echo @stream:-', '@stream:- cannot be used in the shell, which reads its lines from standard input.'],
    ['echo @bytes:', '@bytes: has no path.'],
    ['echo [1}', 'The argument [1} is not valid JSON: expected "," or "]" at character 3, but found "}".'],
  ])('the line %j is an error', (line, message) => {
    expect(() => parseShellLine(line)).toThrow(message);
  });
});
