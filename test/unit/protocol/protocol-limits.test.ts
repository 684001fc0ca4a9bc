import { describe, expect, it } from 'vitest';
import {
  CONSTRAINT_LENGTH,
  CONSTRAINT_PARTS,
  GLOBS_LENGTH,
  QUOTED_LENGTH,
  VERSION_LENGTH,
} from '../../../src/lib/protocol/protocol-limits.js';
import { parseQueryPath, validateQuery } from '../../../src/lib/protocol/query.js';
import { parseVersion } from '../../../src/lib/protocol/version.js';
import { parseVersionConstraint } from '../../../src/lib/protocol/version-constraint.js';

describe('the limits of the protocol', () => {
  it('the limits of the protocol bound the length of a version', () => {
    const version = (length: number): string => `1.0.0-${'a'.repeat(length - '1.0.0-'.length)}`;
    expect(parseVersion(version(VERSION_LENGTH))).toBeDefined();
    expect(parseVersion(version(VERSION_LENGTH + 1))).toBeUndefined();
  });

  it('the limits of the protocol bound the length and the parts of a version constraint', () => {
    const parts = (count: number): string => Array.from({ length: count }, () => '>= 1.0').join(',');
    expect(parseVersionConstraint(parts(CONSTRAINT_PARTS))).toBeTypeOf('function');
    expect(() => parseVersionConstraint(parts(CONSTRAINT_PARTS + 1))).toThrow('parts');
    const padded = (length: number): string => '1.0.0'.padEnd(length);
    expect(parseVersionConstraint(padded(CONSTRAINT_LENGTH))).toBeTypeOf('function');
    expect(() => parseVersionConstraint(padded(CONSTRAINT_LENGTH + 1))).toThrow('characters');
  });

  it('the limits of the protocol bound the length of all globs of a query together', () => {
    const glob = `*${'a'.repeat(GLOBS_LENGTH / 2 - 1)}`;
    const text = 'a'.repeat(GLOBS_LENGTH + 1);
    expect(() => validateQuery({ username: glob, environment: text, name: glob })).not.toThrow();
    expect(() => validateQuery({ username: glob, environment: glob, name: '?' })).toThrow('globs are longer');
    expect(() => validateQuery({ id: `${glob}${glob}*` })).toThrow('globs are longer');
  });

  it("the limits of the protocol bound the quote of a peer's text in an error", () => {
    const path = `/${'x/'.repeat(1000)}`;
    expect(() => parseQueryPath(path)).toThrow(JSON.stringify(path.slice(0, QUOTED_LENGTH)));
  });
});
