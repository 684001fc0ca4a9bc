import { describe, expect, it } from 'vitest';
import { kitePath, parsePath, validateIdentity } from '../../../src/lib/protocol/identity.js';
import { testIdentity } from '../../helpers/kite/keys.js';

describe('the path of a kite', () => {
  it('reads back', () => {
    const identity = testIdentity();
    expect(kitePath(identity)).toBe(`/alice/prod/math/1.0.0/eu/vm/${identity.id}`);
    expect(parsePath(kitePath(identity))).toEqual(identity);
  });

  it.each(['', '/', 'alice/prod/math/1.0.0/eu/vm/id', '/alice/prod/math', '/a/b/c/d/e/f/g/h'])(
    'is not %j',
    (path) => {
      expect(() => parsePath(path)).toThrow(/is no kite path: it must be \/username\/environment\/name/);
    },
  );

  it('has no empty part', () => {
    expect(() => parsePath('/alice/prod/math/1.0.0//vm/id')).toThrow("The kite's region is empty");
  });
});

describe('validateIdentity', () => {
  it('accepts a whole identity', () => {
    expect(() => validateIdentity(testIdentity())).not.toThrow();
  });

  it.each(['name', 'username', 'id', 'environment', 'region', 'version', 'hostname'] as const)(
    'refuses an empty %s, and one with a slash',
    (field) => {
      expect(() => validateIdentity(testIdentity({ [field]: '' }))).toThrow(`The kite's ${field} is empty`);
      expect(() => validateIdentity(testIdentity({ [field]: 'a/b' }))).toThrow(
        `The kite's ${field} contains "/"`,
      );
    },
  );
});
