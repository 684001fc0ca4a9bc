import { describe, expect, it } from 'vitest';
import { parseRoute } from '../../../src/ui/route.js';
import { arrange, takeRows, type Row, type View } from '../../../src/ui/kite-rows.js';
import { testIdentity } from '../../helpers/kite/keys.js';

function row(changes: Record<string, string>): Row {
  const kite = testIdentity(changes);
  return { kite, url: `http://${kite.hostname}:3636/kite`, registeredAt: 0, silentSince: undefined };
}

const ROWS = [
  row({ name: 'math', username: 'bob', environment: 'prod', version: '1.10.0', id: '1' }),
  row({ name: 'math', username: 'bob', environment: 'prod', version: '1.9.0', id: '2', hostname: 'Host-B' }),
  row({ name: 'greeter', username: 'alice', environment: 'staging', id: '3', region: 'us' }),
];

function idsBy(changes: Partial<View>): unknown {
  const view: View = { route: { type: 'all' }, search: '', grouping: 'none', ...changes };
  return arrange(ROWS, view).map(({ heading, rows }) => [heading, rows.map(({ kite }) => kite.id)]);
}

describe('the rows of the table', () => {
  it('the rows of the table are sorted by name, and by the numbers of their versions', () => {
    expect(idsBy({})).toEqual([['', ['3', '2', '1']]]);
  });

  it('the rows of the table contain each word of the search, regardless of case', () => {
    expect(idsBy({ search: 'MATH host-b' })).toEqual([['', ['2']]]);
    expect(idsBy({ search: '/bob/prod' })).toEqual([['', ['2', '1']]]);
    expect(idsBy({ search: 'http://host-b:3636' })).toEqual([['', ['2']]]);
    expect(idsBy({ search: 'math nowhere' })).toEqual([]);
  });

  it('the rows of the table are those below the path in the address', () => {
    expect(idsBy({ route: parseRoute('#/alice') })).toEqual([['', ['3']]]);
    expect(idsBy({ route: parseRoute('#/bob/prod/math/%3E%3D%201.10') })).toEqual([['', ['1']]]);
  });

  it('the rows of the table are those that match the globs in the address', () => {
    expect(idsBy({ route: parseRoute('#/b*/*/math/*/*/Host-?') })).toEqual([['', ['2']]]);
    expect(idsBy({ route: parseRoute('#/*/*/*/1.*') })).toEqual([['', ['3', '2', '1']]]);
  });

  it('the rows of the table contain each glob of the search', () => {
    expect(idsBy({ search: '/b*/*/math' })).toEqual([['', ['2', '1']]]);
    expect(idsBy({ search: 'host-? 1.*' })).toEqual([['', ['2']]]);
    expect(idsBy({ search: '*nowhere*' })).toEqual([]);
  });

  it('the rows of the table are limited in number across groups', () => {
    const groups = arrange(ROWS, { route: { type: 'all' }, search: '', grouping: 'name' });
    const shown = (most: number): unknown => takeRows(groups, most).map(({ rows }) => rows.length);
    expect([shown(0), shown(1), shown(2), shown(3), shown(9)]).toEqual([[], [1], [1, 1], [1, 2], [1, 2]]);
  });

  it('the rows of the table are empty if the address is invalid', () => {
    expect(idsBy({ route: parseRoute('#/bob//math') })).toEqual([]);
  });

  it.each([
    ['username', ['alice', 'bob']],
    ['environment', ['prod', 'staging']],
    ['name', ['greeter', 'math']],
  ] as const)('the rows of the table are grouped by %s', (grouping, headings) => {
    expect(
      arrange(ROWS, { route: { type: 'all' }, search: '', grouping }).map(({ heading }) => heading),
    ).toEqual(headings);
  });
});
