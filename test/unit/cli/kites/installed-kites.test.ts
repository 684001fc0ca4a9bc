import { describe, expect, it } from 'vitest';
import { findMatching, newest } from '../../../../src/lib/cli/kites/installed-kites.js';

const exits = (exitCode: number): Error => expect.objectContaining({ exitCode }) as Error;

describe('the name of an installed kite', () => {
  const one = { domain: 'github.com', user: 'bob', repo: 'math.kite', version: '1.0.0' };
  const two = { ...one, version: '1.10.0' };
  const old = { ...one, version: '1.9.0' };
  const other = { domain: 'npm', user: '_', repo: 'math', version: '1.0.0' };
  const installed = [one, two, old, other];

  it.each([
    ['math', installed],
    ['math/1.10.0', [two]],
    ['math.kite', [one, two, old]],
    ['github.com/bob/math', [one, two, old]],
    ['github.com/bob/math.kite/1.9.0', [old]],
    ['npm/_/math', [other]],
  ])('a name finds an installed kite: %s', (text, locations) => {
    expect(findMatching(text, installed)).toEqual(locations);
  });

  it.each(['../../x', '..', 'math/..', '/etc', 'a/b/c/d/e', '.', '', 'math/./1.0.0', 'math\u0000'])(
    'a name of an installed kite is rejected: %j',
    (text) => {
      expect(() => findMatching(text, installed)).toThrow(exits(2));
    },
  );

  it('a name of a kite that is not installed is not found', () => {
    expect(() => findMatching('nobody', installed)).toThrow(exits(5));
  });

  it('a name without a version finds the newest version of the kite', () => {
    expect(newest([one, two, old])).toBe(two);
    expect(newest(installed)).toBeUndefined();
  });
});
