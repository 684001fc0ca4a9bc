import { describe, expect, it } from 'vitest';
import { formatPath, ValueError } from '../../../src/lib/dnode/value-tags.js';

describe('the path of a value', () => {
  it.each([
    [[], ''],
    [[0, 'when'], '[0].when'],
    [['a b', 1, '$x', ''], '["a b"][1].$x[""]'],
  ])('a path is formatted as in JavaScript: %j', (path, text) => {
    expect(formatPath(path)).toBe(text);
  });

  it('a value that cannot be sent is an error of its own kind', () => {
    expect(new ValueError('x')).toMatchObject({ name: 'ValueError', message: 'x' });
  });
});
