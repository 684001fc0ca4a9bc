import { describe, expect, it } from 'vitest';
import { compareVersions, parseVersion } from '../../../src/lib/protocol/version.js';
import { named, parsedVersion } from '../../helpers/kite/versions.js';

describe('compareVersions', () => {
  it('compareVersions sorts versions in the order of semver', () => {
    const ordered = [
      '0.1',
      '1.0.0-1',
      '1.0.0-2',
      '1.0.0-10',
      '1.0.0-1a',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.0.1',
      '1.0.1',
      '1.2',
      '1.10',
      '2',
    ];
    for (const [index, text] of ordered.entries()) {
      for (const [other, otherText] of ordered.entries()) {
        expect(
          Math.sign(compareVersions(parsedVersion(text), parsedVersion(otherText))),
          `${text} and ${otherText}`,
        ).toBe(Math.sign(index - other));
      }
    }
  });
});

describe('parseVersion', () => {
  it.each(
    named(['', 'x', '1.x', '1.0.0-', '1.0.0+', '-1.0', '1.0.0 beta', 'v', `1.0.0-${'a.'.repeat(50_000)}`]),
  )('parseVersion rejects the malformed version %s', (_name, text) => {
    expect(parseVersion(text)).toBeUndefined();
  });
});
