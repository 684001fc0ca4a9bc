import { BrandedError, kindOf } from '../errors/branded-error.js';
import { compareVersions, parseVersion, type Version } from './version.js';
import { CONSTRAINT_LENGTH, CONSTRAINT_PARTS, QUOTED_LENGTH } from './protocol-limits.js';

/** Whether a version is one of those that are asked for. */
export type VersionConstraint = (version: Version) => boolean;

const PART = /^\s*(~>|[<>!]=|[<>=]|)\s*(.*?)\s*$/;

/** What a constraint may be, for messages. */
const FORMS = '1.0.0, >= 1.0, < 2.0, ~> 1.2 or != 1.1, with commas between them for "and"';

/** A constraint that cannot be understood. */
export class VersionConstraintError extends BrandedError {
  constructor(message: string) {
    super('VersionConstraintError', message);
  }
}

export function isVersionConstraintError(error: unknown): error is VersionConstraintError {
  return kindOf(error) === 'VersionConstraintError';
}

/**
 * Reads a version constraint in the grammar of hashicorp/go-version: `>= 1.0, < 2.0`, `~> 1.2`, `!= 1.1`, `1.0.0`.
 *
 * Prereleases match only what names one: `>= 1.0` lets `1.1.0` through and not `1.1.0-beta`; `>= 1.1.0-alpha` lets
 * `1.1.0-beta` and `1.2.0` through, and not `1.2.0-beta`.
 *
 * @throws VersionConstraintError
 */
export function parseVersionConstraint(text: string): VersionConstraint {
  const parts = text.split(',');
  if (text.length > CONSTRAINT_LENGTH || parts.length > CONSTRAINT_PARTS) {
    const bounds = `${CONSTRAINT_LENGTH} characters or ${CONSTRAINT_PARTS} parts`;
    throw new VersionConstraintError(`The version constraint has more than ${bounds}`);
  }
  const passes = parts.map((part) => {
    const match = PART.exec(part);
    const check = CHECKS[match?.[1] ?? ''];
    const limit = parseVersion(match?.[2] ?? '');
    if (!check || !limit) {
      const shown = JSON.stringify(text.slice(0, QUOTED_LENGTH));
      throw new VersionConstraintError(
        `${shown} is not a version or version constraint. Use one of ${FORMS}`,
      );
    }
    return (version: Version) => check(version, limit);
  });
  return (version) => passes.every((pass) => pass(version));
}

const CHECKS: Readonly<Record<string, (version: Version, limit: Version) => boolean>> = {
  '': (version, limit) => compareVersions(version, limit) === 0,
  '=': (version, limit) => compareVersions(version, limit) === 0,
  '!=': (version, limit) => compareVersions(version, limit) !== 0,
  '>': (version, limit) => comparable(version, limit) && compareVersions(version, limit) > 0,
  '<': (version, limit) => comparable(version, limit) && compareVersions(version, limit) < 0,
  '>=': (version, limit) => comparable(version, limit) && compareVersions(version, limit) >= 0,
  '<=': (version, limit) => comparable(version, limit) && compareVersions(version, limit) <= 0,
  '~>': isPessimisticMatch,
};

/** A prerelease is compared only with another prerelease of the same version. */
function comparable(version: Version, limit: Version): boolean {
  if (version.prerelease === '') return true;
  return limit.prerelease !== '' && sameSegments(version, limit);
}

function sameSegments(a: Version, b: Version): boolean {
  return (
    a.segments.length === b.segments.length &&
    a.segments.every((segment, index) => segment === b.segments[index])
  );
}

/** `~> 1.2` is at least 1.2 and below 2; `~> 1.2.3` is at least 1.2.3 and below 1.3; `~> 1` is at least 1. */
function isPessimisticMatch(version: Version, limit: Version): boolean {
  if (!comparable(version, limit) || (limit.prerelease !== '' && version.prerelease === '')) return false;
  if (compareVersions(version, limit) < 0 || limit.written > version.segments.length) return false;
  return limit.segments
    .slice(0, limit.written - 1)
    .every((segment, index) => segment === version.segments[index]);
}
