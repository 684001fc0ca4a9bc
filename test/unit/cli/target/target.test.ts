import { describe, expect, it } from 'vitest';
import { resolveTarget } from '../../../../src/lib/cli/target/target.js';

describe('resolveTarget', () => {
  it('takes --to before KITE_TO', () => {
    expect(resolveTarget('http://a/kite', { KITE_TO: 'http://b/kite' })).toEqual({
      type: 'url',
      url: 'http://a/kite',
    });
    expect(resolveTarget(undefined, { KITE_TO: 'wss://b/kite?x=1' })).toEqual({
      type: 'url',
      url: 'wss://b/kite?x=1',
    });
  });

  it('takes what begins with a slash for a query, to be looked up', () => {
    expect(resolveTarget('/bob/prod/math', {})).toEqual({
      type: 'query',
      path: '/bob/prod/math',
      source: '--to',
    });
    expect(resolveTarget(undefined, { KITE_TO: '/bob' })).toMatchObject({ path: '/bob', source: 'KITE_TO' });
  });

  it('means the one kite of the person where nothing is said', () => {
    expect(resolveTarget(undefined, {})).toEqual({ type: 'mine' });
    expect(resolveTarget(undefined, { KITE_TO: '' })).toEqual({ type: 'mine' });
  });

  it.each([
    ['math', {}, '--to is not a URL: math'],
    [undefined, { KITE_TO: 'math' }, 'KITE_TO is not a URL: math'],
    ['localhost:3636', {}, '--to must begin with http'],
    ['ftp://h/kite', {}, '--to must begin with http'],
  ])('refuses %s and %o', (to, env, message) => {
    expect(() => resolveTarget(to, env)).toThrow(message);
  });

  it('refuses a password without repeating it', () => {
    expect(() => resolveTarget('http://me:secret@h/kite', {})).toThrow(
      /^(?!.*secret).*user name or password/,
    );
  });
});
