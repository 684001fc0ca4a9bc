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
  ])('%j is read', (path, query) => {
    expect(parseQueryPath(path)).toEqual(query);
  });

  it('reads the full path of a kite as a query for that kite', () => {
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
  ])('%j reads back from the path it is written as', (query) => {
    expect(parseQueryPath(formatQueryPath(query))).toEqual(query);
  });

  it('leaves out the end that is not set', () => {
    expect(formatQueryPath({ username: 'user', environment: 'prod' })).toBe('/user/prod');
    expect(formatQueryPath({})).toBe('/');
  });

  it('refuses more parts than a kite has', () => {
    expect(() => parseQueryPath('/a/b/c/1.0.0/e/f/g/h')).toThrow(
      /more parts than \/username\/environment\/name/,
    );
  });
});

describe('a query from a peer', () => {
  it('takes empty, null and missing fields as not set, and ignores others', () => {
    const query = { username: 'u', environment: '', name: null, version: undefined, force: true, who: {} };
    expect(parseQuery(query)).toEqual({ username: 'u' });
  });

  it.each([null, undefined, 'user', 4, [], ['user'], true])('refuses %j', (value) => {
    expect(() => parseQuery(value)).toThrow(QueryError);
  });

  it('refuses a field that is no text, and names it', () => {
    expect(failure(() => parseQuery({ username: 'u', region: 5 }))).toMatchObject({ field: 'region' });
  });

  it('does not look at the prototype', () => {
    expect(parseQuery(Object.create({ username: 'u' }))).toEqual({});
  });
});

describe('validateQuery', () => {
  it.each([
    [{ username: 'u' }],
    [{ username: 'u', environment: 'e', name: 'n', version: '~> 1.0' }],
    [{ id }],
    [testIdentity()],
  ])('accepts %j', (query) => {
    expect(() => validateQuery(query)).not.toThrow();
  });

  // The messages are those that the reference sends.
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
  ])('refuses %j and names the field', (query, field, message) => {
    const error = failure(() => validateQuery(query));
    expect(isKiteError(error, 'genericError')).toBe(true);
    expect(error).toMatchObject({ field, message });
  });

  it('refuses a version that is neither a version nor a constraint', () => {
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
  ])('%j asks for the kite: %s', (query, matches) => {
    expect(queryMatcher(query)(testIdentity())).toBe(matches);
  });

  it.each(['', 'x', 'latest', '1.x', '__proto__', '1'.repeat(300)])(
    'a kite of version %j is found without a version, and by none',
    (version) => {
      const kite = testIdentity({ version });
      expect(queryMatcher(base)(kite)).toBe(true);
      expect(queryMatcher({ ...base, version: '>= 0.0.0' })(kite)).toBe(false);
      expect(queryMatcher({ ...base, version: '!= 9.9.9' })(kite)).toBe(false);
    },
  );

  it('does not match by a query that is not valid', () => {
    expect(() => queryMatcher({})).toThrow('Empty username field');
  });
});
