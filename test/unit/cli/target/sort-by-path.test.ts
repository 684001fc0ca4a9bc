import { expect, it } from 'vitest';
import { sortByPath } from '../../../../src/lib/cli/target/sort-by-path.js';
import { testIdentity } from '../../../helpers/kite/keys.js';

it('kites are sorted by their paths, and the list that was given is not changed', () => {
  const kites = ['math', 'echo', 'time'].map((name) => ({ kite: testIdentity({ name }) }));
  expect(sortByPath(kites).map(({ kite }) => kite.name)).toEqual(['echo', 'math', 'time']);
  expect(kites.map(({ kite }) => kite.name)).toEqual(['math', 'echo', 'time']);
});
