import { describe, expect, it } from 'vitest';
import { kitePath, validateIdentity } from '../../../src/lib/protocol/identity.js';
import { parseQueryPath } from '../../../src/lib/protocol/query.js';
import { testIdentity } from '../../helpers/kite/keys.js';

describe('the path of a kite', () => {
  it('the path of a kite contains all seven fields, in the order of queries', () => {
    const identity = testIdentity();
    expect(kitePath(identity)).toBe(`/alice/prod/math/1.0.0/eu/vm/${identity.id}`);
    expect(parseQueryPath(kitePath(identity))).toEqual(identity);
  });
});

describe('validateIdentity', () => {
  it('validateIdentity accepts a complete identity', () => {
    expect(() => validateIdentity(testIdentity())).not.toThrow();
  });

  it.each(['name', 'username', 'id', 'environment', 'region', 'version', 'hostname'] as const)(
    'validateIdentity rejects an empty %s, and one with a slash',
    (field) => {
      expect(() => validateIdentity(testIdentity({ [field]: '' }))).toThrow(`The kite's ${field} is empty`);
      expect(() => validateIdentity(testIdentity({ [field]: 'a/b' }))).toThrow(
        `The kite's ${field} contains "/"`,
      );
    },
  );
});
