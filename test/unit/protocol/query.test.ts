import { describe, expect, it } from 'vitest';
import { isKiteError } from '../../../src/lib/protocol/errors.js';
import { kitePath } from '../../../src/lib/protocol/identity.js';
import {
  formatQueryPath,
  parseQuery,
  parseQueryPath,
  QueryError,
  queryMatcher,
  validateQuery,
} from '../../../src/lib/protocol/query.js';
import { testIdentity } from '../../helpers/kite/keys.js';

const id = testIdentity().id;

function failure(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('a query as a path', () => {
  it.each([
    ['/user', { username: 'user' }],
    ['user/prod', { username: 'user', environment: 'prod' }],
    ['/user/prod/math', { username: 'user', environment: 'prod', name: 'math' }],
    ['/user/prod/math/', { username: 'user', environment: 'prod', name: 'math' }],
    [
      '/user/prod/math/>= 1.0, < 2.0',
      { username: 'user', environment: 'prod', name: 'math', version: '>= 1.0, < 2.0' },
    ],
    [
      ' /user/prod/math/~> 1.2/eu ',
      { username: 'user', environment: 'prod', name: 'math', version: '~> 1.2', region: 'eu' },
    ],
    ['/user//math', { username: 'user', name: 'math' }],
    [`///////${id}`, { id }],
    ['/', {}],
    ['', {}],
    ['/__proto__', { username: '__proto__' }],
  ])('the query path %j is parsed', (path, query) => {
    expect(parseQueryPath(path)).toEqual(query);
  });

  it('the full path of a kite is parsed as a query for that kite', () => {
    const identity = testIdentity();
    expect(parseQueryPath(kitePath(identity))).toEqual(identity);
  });

  it.each([
    {},
    { username: 'user' },
    { username: 'user', environment: 'prod', name: 'math', version: '>= 1.0, < 2.0', region: 'eu' },
    { id },
    { username: 'user', name: 'math' },
    testIdentity(),
  ])('the query path %j is the same after it is parsed and formatted', (query) => {
    expect(parseQueryPath(formatQueryPath(query))).toEqual(query);
  });

  it('the path of a query omits unset fields at its end', () => {
    expect(formatQueryPath({ username: 'user', environment: 'prod' })).toBe('/user/prod');
    expect(formatQueryPath({})).toBe('/');
  });

  it('a query path with more parts than a kite has is rejected', () => {
    expect(() => parseQueryPath('/a/b/c/1.0.0/e/f/g/h')).toThrow(
      /more parts than \/username\/environment\/name/,
    );
  });
});

describe('a query from a peer', () => {
  it('a query from a peer may have empty, null and missing fields as unset, and ignores unknown ones', () => {
    const query = { username: 'u', environment: '', name: null, version: undefined, force: true, who: {} };
    expect(parseQuery(query)).toEqual({ username: 'u' });
  });

  it.each([null, undefined, 'user', 4, [], ['user'], true])(
    'a query from a peer is rejected if it is %j',
    (value) => {
      expect(() => parseQuery(value)).toThrow(QueryError);
    },
  );

  it('a query from a peer is rejected with the name of a field that is not a string', () => {
    expect(failure(() => parseQuery({ username: 'u', region: 5 }))).toMatchObject({ field: 'region' });
  });

  it('a query from a peer does not use inherited properties', () => {
    expect(parseQuery(Object.create({ username: 'u' }))).toEqual({});
  });
});

describe('validateQuery', () => {
  it.each([
    [{ username: 'u' }],
    [{ username: 'u', environment: 'e', name: 'n', version: '~> 1.0' }],
    [{ id }],
    [testIdentity()],
  ])('validateQuery accepts the query %j', (query) => {
    expect(() => validateQuery(query)).not.toThrow();
  });

  // The messages of the Go implementation.
  it.each([
    [{}, 'username', 'Empty username field'],
    [{ environment: 'prod' }, 'username', 'Empty username field'],
    [{ name: 'math', id }, 'username', 'Empty username field'],
    [{ username: 'u', name: 'math' }, 'environment', 'Invalid query. Query option is not set: environment'],
    [
      { username: 'u', environment: 'e', version: '1.0.0' },
      'name',
      'Invalid query. Query option is not set: name',
    ],
    [{ username: 'u', id }, 'environment', 'Invalid query. Query option is not set: environment'],
    [{ username: 'a/b' }, 'username', 'Invalid query. Query option contains "/": username'],
  ])('validateQuery rejects the query %j and names the field', (query, field, message) => {
    const error = failure(() => validateQuery(query));
    expect(isKiteError(error, 'genericError')).toBe(true);
    expect(error).toMatchObject({ field, message });
  });

  it.each(['*/*/*/*', 'bob/*/math', 'b?b', 'bob/prod/math/1.*', 'bob/prod/math/*/eu', 'bob/prod/math/1.?.0'])(
    'validateQuery accepts the globs in %j',
    (path) => {
      expect(() => validateQuery(parseQueryPath(`/${path}`))).not.toThrow();
    },
  );

  it.each(['>= 1.*', '1.*, < 2.0', '~> ?'])(
    'validateQuery rejects the version %j, which is neither a glob nor a constraint',
    (version) => {
      const error = failure(() => validateQuery({ username: 'u', environment: 'e', name: 'n', version }));
      expect(error).toMatchObject({ field: 'version' });
    },
  );

  it('validateQuery rejects a version that is neither a version nor a constraint', () => {
    const error = failure(() =>
      validateQuery({ username: 'u', environment: 'e', name: 'n', version: 'newest' }),
    );
    expect(error).toMatchObject({ field: 'version' });
    expect(error).toBeInstanceOf(QueryError);
  });
});

describe('matching', () => {
  const base = { username: 'alice', environment: 'prod', name: 'math' };

  it.each([
    [{ username: 'alice' }, true],
    [{ username: 'bob' }, false],
    [{ id }, true],
    [{ id: 'other' }, false],
    [base, true],
    [{ ...base, name: 'mat' }, false],
    [{ ...base, version: '1.0.0' }, true],
    [{ ...base, version: '1.0' }, true],
    [{ ...base, version: '1.0.1' }, false],
    [{ ...base, version: '>= 1.0, < 2.0' }, true],
    [{ ...base, version: '>= 2.0' }, false],
    [{ ...base, version: '>= 1.0', region: 'eu' }, true],
    [{ ...base, version: '>= 1.0', region: 'us' }, false],
    [{ ...base, version: '>= 1.0', region: 'eu', hostname: 'vm', id }, true],
    [{ ...base, version: '>= 1.0', region: 'eu', hostname: 'vm', id: 'other' }, false],
    [{ username: '*' }, true],
    [{ username: 'a*', environment: '*', name: 'm?th' }, true],
    [{ username: 'alice', environment: '*', name: 'text' }, false],
    [{ ...base, version: '*' }, true],
    [{ ...base, version: '1.*' }, true],
    [{ ...base, version: '2.*' }, false],
    [{ ...base, version: '?.0.0', region: '*', hostname: 'v*' }, true],
    [{ ...base, version: '>= 1.0', region: 'e*' }, true],
    [{ ...base, version: '>= 2.0', region: 'e*' }, false],
    [{ id: `${id.slice(0, 8)}*` }, true],
    [{ ...base, name: 'mat\\*' }, false],
  ])('the query %j matches the kite: %s', (query, matches) => {
    expect(queryMatcher(query)(testIdentity())).toBe(matches);
  });

  it('the version * matches all versions, also prereleases, which no constraint without one matches', () => {
    const query = (version: string) => queryMatcher({ ...base, version });
    const versions = ['1.0.0', '2.1.0', '1.1.0-beta', 'latest'];
    const matching = (version: string) =>
      versions.filter((of) => query(version)(testIdentity({ version: of })));
    expect(matching('*')).toEqual(versions);
    expect(matching('1.*')).toEqual(['1.0.0', '1.1.0-beta']);
    expect(matching('>= 0')).toEqual(['1.0.0', '2.1.0']);
  });

  it('a query matches what looks like a glob in a kite as text', () => {
    const odd = testIdentity({ name: '*' });
    expect(queryMatcher(base)(odd)).toBe(false);
    expect(queryMatcher({ ...base, name: '\\*' })(odd)).toBe(true);
    expect(queryMatcher(odd)(odd)).toBe(true);
  });

  it.each(['', 'x', 'latest', '1.x', '__proto__', '1'.repeat(300)])(
    'a kite of version %j is found without a version, and by no constraint',
    (version) => {
      const kite = testIdentity({ version });
      expect(queryMatcher(base)(kite)).toBe(true);
      expect(queryMatcher({ ...base, version: '>= 0.0.0' })(kite)).toBe(false);
      expect(queryMatcher({ ...base, version: '!= 9.9.9' })(kite)).toBe(false);
    },
  );

  it('an invalid query matches no kite', () => {
    expect(() => queryMatcher({})).toThrow('Empty username field');
  });
});
