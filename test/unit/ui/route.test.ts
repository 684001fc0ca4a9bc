import { describe, expect, it } from 'vitest';
import { fieldsHref, kiteHref, parseRoute, pathHref } from '../../../src/ui/route.js';
import { testIdentity } from '../../helpers/kite/keys.js';

describe('the address of the page', () => {
  it.each(['', '#', '#/', '#//'])('the address %j of the page selects all kites', (hash) => {
    expect(parseRoute(hash)).toEqual({ type: 'all' });
  });

  it('an address of the page selects the kites below a path', () => {
    expect(parseRoute('#/bob/prod/math')).toEqual({
      type: 'query',
      path: '/bob/prod/math',
      query: { username: 'bob', environment: 'prod', name: 'math' },
    });
  });

  it('an address of the page may have a constraint as the version', () => {
    expect(parseRoute('#/bob/prod/math/%3E%3D%201.0')).toMatchObject({
      type: 'query',
      query: { version: '>= 1.0' },
    });
  });

  it('an address of the page may have globs', () => {
    expect(parseRoute('#/bob/*/ma%3Fh')).toEqual({
      type: 'query',
      path: '/bob/*/ma?h',
      query: { username: 'bob', environment: '*', name: 'ma?h' },
    });
    expect(parseRoute('#/*/*')).toEqual({ type: 'all' });
    expect(parseRoute('#/*/*/*/*/*/*/ab*')).toMatchObject({ type: 'query', query: { id: 'ab*' } });
  });

  it('an address of the page selects exactly the fields of a kite, also if they look like globs', () => {
    expect(parseRoute(fieldsHref({ username: 'bob', environment: '*' }))).toMatchObject({
      type: 'query',
      query: { username: 'bob', environment: '\\*' },
    });
    const kite = testIdentity({ name: '*', environment: 'wh?t' });
    expect(parseRoute(kiteHref(kite))).toMatchObject({ type: 'kite', id: kite.id });
  });

  it('an address of the page selects one kite by its full path, or by its id alone', () => {
    const kite = testIdentity({ name: 'a b#?&%', region: 'eu' });
    expect(parseRoute(kiteHref(kite))).toMatchObject({ type: 'kite', id: kite.id });
    expect(parseRoute(`#///////${kite.id}`)).toMatchObject({ type: 'kite', id: kite.id });
  });

  it('an address of the page may contain a sign-in code', () => {
    expect(parseRoute('#sign-in=abc')).toEqual({ type: 'sign-in', code: 'abc' });
  });

  it.each([
    ['#//prod', /Empty username/],
    ['#/bob//math', /not set: environment/],
    ['#/a/b/c/not a version', /version/i],
    ['#/1/2/3/4/5/6/7/8', /more parts/],
  ])('an invalid address of the page is reported: %j', (hash, problem) => {
    expect(parseRoute(hash)).toMatchObject({
      type: 'invalid',
      problem: expect.stringMatching(problem) as string,
    });
  });

  it('an address of the page with an invalid encoding is parsed', () => {
    expect(parseRoute('#/100%')).toMatchObject({ type: 'query', path: '/100%' });
  });

  it('an address of the page is the same after it is formatted and parsed', () => {
    expect(parseRoute(pathHref('/bob/a b'))).toMatchObject({
      query: { username: 'bob', environment: 'a b' },
    });
  });
});
