import { describe, expect, it } from 'vitest';
import { parseShellLine } from '../../../../src/lib/cli/shell/shell-line.js';

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
  ])('the line %j calls the method %s', (line, method, args) => {
    expect(parseShellLine(line)).toEqual({ type: 'call', method, args });
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
    ['echo {a:1}', 'Invalid JSON'],
    ['echo [1}', 'Invalid JSON'],
    ['echo 9007199254740993', 'cannot be sent exactly'],
  ])('the line %j is an error', (line, message) => {
    expect(() => parseShellLine(line)).toThrow(message);
  });
});
