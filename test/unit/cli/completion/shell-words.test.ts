import { describe, expect, it } from 'vitest';
import { shellWords } from '../../../../src/lib/cli/completion/shell-words.js';

describe('shellWords', () => {
  it.each([
    ['', ['']],
    ['a b', ['a', 'b']],
    ['a b ', ['a', 'b', '']],
    [`'a b' "c \\" d" e\\ f`, ['a b', 'c " d', 'e f']],
    [`a 'b c`, ['a', 'b c']],
    [`"a\\n"`, ['a\\n']],
  ])('shellWords splits the line %j', (line, expected) => {
    expect(shellWords(line)).toEqual(expected);
  });
});
