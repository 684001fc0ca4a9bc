import { describe, expect, it } from 'vitest';
import { IDENTITY_FIELDS, type KiteIdentity } from '../../../src/lib/protocol/identity.js';
import {
  exactQuery,
  formatQueryPath,
  parseQueryPath,
  searchMatcher,
} from '../../../src/lib/protocol/query.js';
import { readWireQuery, toWireQuery } from '../../../src/lib/protocol/wire-query.js';
import { type Dice, makeDice, seedOfRun } from '../../helpers/fuzz/fuzz-run.js';
import { testIdentity } from '../../helpers/kite/keys.js';

const { id } = testIdentity();

describe('a query on the wire', () => {
  it.each([
    ['/bob/prod/math', { query: { username: 'bob', environment: 'prod', name: 'math' } }],
    ['/bob/prod/*', { query: { username: 'bob', environment: 'prod' } }],
    ['/bob/*/*/*', { query: { username: 'bob' } }],
    ['/*', { query: {} }],
    [`/*/*/*/*/*/*/${id}`, { query: { id }, glob: { ...parseQueryPath('/*/*/*/*/*/*'), id } }],
    ['/bob/prod/\\*', { query: { username: 'bob', environment: 'prod', name: '*' } }],
    [
      '/bob/*/math',
      { query: { username: 'bob' }, glob: { username: 'bob', environment: '*', name: 'math' } },
    ],
    ['/b?b/prod', { query: {}, glob: { username: 'b?b', environment: 'prod' } }],
    [
      '/bob/prod/math/>= 1.0/eu-*',
      {
        query: { username: 'bob', environment: 'prod', name: 'math', version: '>= 1.0' },
        glob: { username: 'bob', environment: 'prod', name: 'math', version: '>= 1.0', region: 'eu-*' },
      },
    ],
    [
      '/wh\\?/prod/m*',
      {
        query: { username: 'wh?', environment: 'prod' },
        glob: { username: 'wh\\?', environment: 'prod', name: 'm*' },
      },
    ],
  ])('the query %j on the wire names globs only apart from its fields', (path, wire) => {
    expect(toWireQuery(parseQueryPath(path))).toEqual(wire);
  });

  it('a query on the wire without globs means its fields as they are, also with wildcards', () => {
    const fields = { username: 'bob', environment: '*', name: 'wh?t' };
    const query = readWireQuery({ query: fields });
    expect(query).toEqual(exactQuery(fields));
    expect(searchMatcher(query)(testIdentity({ ...fields }))).toBe(true);
    expect(searchMatcher(query)(testIdentity({ ...fields, environment: 'prod' }))).toBe(false);
    expect(toWireQuery(query)).toEqual({ query: fields });
  });

  it('what a query on the wire matches at a Kontrol that does not know globs includes all of its kites', () => {
    const seed = seedOfRun('wire queries');
    let matched = 0;
    for (let index = 0; index < 5000; index++) {
      const dice = makeDice(seed, index);
      const kite = randomKite(dice);
      const query = randomQuery(dice);
      const wire = toWireQuery(query);
      const matches = searchMatcher(query)(kite);
      expect([query, searchMatcher(readWireQuery({ ...wire }))(kite)]).toEqual([query, matches]);
      if (!matches) continue;
      matched++;
      expect([query, searchMatcher(readWireQuery({ query: wire.query }))(kite)]).toEqual([query, true]);
    }
    console.log(`wire queries: 5,000, of which ${matched} match`);
    expect(matched).toBeGreaterThan(100);
  });

  it('a query on the wire is rejected if a field is not a string', () => {
    expect(() => toWireQuery({ username: 5 } as never)).toThrow('Query option is not a string: username');
    expect(() => readWireQuery({ query: {}, glob: 'bob' })).toThrow('It must be an object');
  });
});

function randomKite(dice: Dice): KiteIdentity {
  const fields = IDENTITY_FIELDS.map((field) => [field, dice.pick(['a', 'ab', '*', 'b'])]);
  return {
    ...testIdentity(),
    ...Object.fromEntries(fields),
    version: dice.pick(['1.0.0', '1.1.0', '2.0.0-beta']),
  };
}

function randomQuery(dice: Dice) {
  const count = 1 + dice.below(IDENTITY_FIELDS.length);
  const fields = IDENTITY_FIELDS.slice(0, count).map((field) => {
    const values =
      field === 'version' ? ['*', '>= 1.0', '1.*', '1.0'] : ['a', 'a*', '*', '?', '\\*', '*b', '*'];
    return [field, dice.pick(values)];
  });
  return parseQueryPath(formatQueryPath(Object.fromEntries(fields)));
}
