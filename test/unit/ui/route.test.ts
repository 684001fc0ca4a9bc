import { describe, expect, it } from 'vitest';
import { kiteHref, parseRoute, pathHref } from '../../../src/ui/route.js';
import { testIdentity } from '../../helpers/kite/keys.js';

describe('the address of the page', () => {
  it.each(['', '#', '#/', '#//'])('asks for all kites where it is %j', (hash) => {
    expect(parseRoute(hash)).toEqual({ type: 'all' });
  });

  it('asks for the kites below a path', () => {
    expect(parseRoute('#/bob/prod/math')).toEqual({
      type: 'query',
      path: '/bob/prod/math',
      query: { username: 'bob', environment: 'prod', name: 'math' },
    });
  });

  it('takes a constraint in the place of the version', () => {
    expect(parseRoute('#/bob/prod/math/%3E%3D%201.0')).toMatchObject({
      type: 'query',
      query: { version: '>= 1.0' },
    });
  });

  it('asks for one kite by its whole path, or by its id alone', () => {
    const kite = testIdentity({ name: 'a b#?&%', region: 'eu' });
    expect(parseRoute(kiteHref(kite))).toMatchObject({ type: 'kite', id: kite.id });
    expect(parseRoute(`#///////${kite.id}`)).toMatchObject({ type: 'kite', id: kite.id });
  });

  it('carries a code to sign in with', () => {
    expect(parseRoute('#sign-in=abc')).toEqual({ type: 'sign-in', code: 'abc' });
  });

  it.each([
    ['#//prod', /Empty username/],
    ['#/bob//math', /not set: environment/],
    ['#/a/b/c/not a version', /version/i],
    ['#/1/2/3/4/5/6/7/8', /more parts/],
  ])('says what is wrong with %j', (hash, problem) => {
    expect(parseRoute(hash)).toMatchObject({
      type: 'invalid',
      problem: expect.stringMatching(problem) as string,
    });
  });

  it('is read although it is no good encoding', () => {
    expect(parseRoute('#/100%')).toMatchObject({ type: 'query', path: '/100%' });
  });

  it('is made of a path and read back', () => {
    expect(parseRoute(pathHref('/bob/a b'))).toMatchObject({
      query: { username: 'bob', environment: 'a b' },
    });
  });
});
