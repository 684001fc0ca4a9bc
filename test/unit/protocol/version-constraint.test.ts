import { describe, expect, it } from 'vitest';
import {
  parseVersionConstraint,
  VersionConstraintError,
} from '../../../src/lib/protocol/version-constraint.js';
import { named, parsedVersion } from '../../helpers/kite/versions.js';

describe('a version constraint', () => {
  const versions = ['0.9.0', '1.0.0', '1.0.7', '1.1.0-beta', '1.1.0', '1.2.3', '2.0.0', '10.0.0'];

  it.each([
    ['1.0.0', ['1.0.0']],
    ['1.0', ['1.0.0']],
    ['= 1.0', ['1.0.0']],
    ['=v1.0.0', ['1.0.0']],
    ['!= 1.0', ['0.9.0', '1.0.7', '1.1.0-beta', '1.1.0', '1.2.3', '2.0.0', '10.0.0']],
    ['> 1.0', ['1.0.7', '1.1.0', '1.2.3', '2.0.0', '10.0.0']],
    ['>= 1.0', ['1.0.0', '1.0.7', '1.1.0', '1.2.3', '2.0.0', '10.0.0']],
    ['>=1', ['1.0.0', '1.0.7', '1.1.0', '1.2.3', '2.0.0', '10.0.0']],
    ['< 1.1', ['0.9.0', '1.0.0', '1.0.7']],
    ['<= 1.1', ['0.9.0', '1.0.0', '1.0.7', '1.1.0']],
    ['>= 1.0, < 2.0', ['1.0.0', '1.0.7', '1.1.0', '1.2.3']],
    [' >= 1.0 ,<2.0,  != 1.1 ', ['1.0.0', '1.0.7', '1.2.3']],
    ['> 2.0, < 1.0', []],
    ['~> 1', ['1.0.0', '1.0.7', '1.1.0', '1.2.3', '2.0.0', '10.0.0']],
    ['~> 1.0', ['1.0.0', '1.0.7', '1.1.0', '1.2.3']],
    ['~> 1.1', ['1.1.0', '1.2.3']],
    ['~> 1.0.0', ['1.0.0', '1.0.7']],
    ['~> 1.0.7', ['1.0.7']],
    ['1.1.0-beta', ['1.1.0-beta']],
    ['>= 1.1.0-alpha', ['1.1.0-beta', '1.1.0', '1.2.3', '2.0.0', '10.0.0']],
    ['~> 1.1.0-alpha', ['1.1.0-beta']],
  ])('the version constraint %j matches %j', (constraint, passing) => {
    const check = parseVersionConstraint(constraint);
    expect(versions.filter((text) => check(parsedVersion(text)))).toEqual(passing);
  });

  // The test cases of the Go library with more than three segments or prerelease versions.
  it.each([
    ['~> 1.0.7', '1.0.7.5', true],
    ['~> 1.0.7', '1.0.6.99', false],
    ['~> 1.0.9.5', '1.0.9.5', true],
    ['~> 1.0.9.5', '1.0.9.4', false],
    ['~> 1.0.9.5', '1.0.9.6', true],
    ['~> 1.0.9.5', '1.0.9.5.1', true],
    ['~> 1.0.9.5', '1.0.9', false],
    ['~> 1.0.9.0', '1.0.9', false],
    ['~> 2.0', '2.1.0-beta', false],
    ['~> 2.1.0-a', '2.1.0-beta', true],
    ['~> 2.1.0-a', '2.1.0', false],
    ['~> 2.1.0-a', '2.2.0', false],
    ['> 2.0', '2.1.0-beta', false],
    ['>= 2.1.0-a', '2.1.0-beta', true],
    ['>= 2.1.0-a', '2.1.1-beta', false],
    ['>= 2.1.0-a', '2.1.1', true],
    ['<= 2.1.0-a', '2.0.0', true],
    ['= 1.0.0', '1.0.0+build.5', true],
    ['= 1.2beta', '1.2.0-beta', true],
  ])('the version constraint %j matches %j: %s', (constraint, candidate, passes) => {
    expect(parseVersionConstraint(constraint)(parsedVersion(candidate))).toBe(passes);
  });

  it.each(
    named([
      '',
      ' ',
      ',',
      '>= 1.0,',
      '>=',
      '>= 1.x',
      '=> 1.0',
      '== 1.0',
      '>> 1.0',
      '! 1.0',
      '~ 1.0',
      '^1.0',
      '1.0 || 2.0',
      '>= 1.0 < 2.0',
      'latest',
      '1..0',
      '.1',
      '1.0.0\n2.0.0',
      '11387778780781445675529500000000000000000',
      `${'>= 1.0,'.repeat(20)}< 2`,
      `>=${' '.repeat(100_000)}x`,
      '1'.repeat(100_000),
    ]),
  )('the malformed version constraint %s is rejected', (_name, constraint) => {
    expect(() => parseVersionConstraint(constraint)).toThrow(VersionConstraintError);
  });

  it('the error of a malformed version constraint has its value and the accepted syntax', () => {
    expect(() => parseVersionConstraint('latest')).toThrow(/"latest" is not a version .*~> 1\.2/);
  });
});
