import { BrandedError, kindOf } from '../errors/branded-error.js';
import { compareVersions, parseVersion, type Version } from './version.js';
import { CONSTRAINT_LENGTH, CONSTRAINT_PARTS, QUOTED_LENGTH } from './protocol-limits.js';

/** Returns whether a version satisfies a constraint. */
export type VersionConstraint = (version: Version) => boolean;

const CONSTRAINT_PART = /^\s*(~>|[<>!]=|[<>=]|)\s*(.*?)\s*$/;

/** Examples of constraints, for messages. */
const CONSTRAINT_FORMS = '1.0.0, >= 1.0, < 2.0, ~> 1.2 or != 1.1, with commas between them for "and"';

/** An invalid version constraint. */
export class VersionConstraintError extends BrandedError {
  constructor(message: string) {
    super('VersionConstraintError', message);
  }
}

export function isVersionConstraintError(error: unknown): error is VersionConstraintError {
  return kindOf(error) === 'VersionConstraintError';
}

/**
 * Parses a version constraint in the grammar of hashicorp/go-version: `>= 1.0, < 2.0`, `~> 1.2`, `!= 1.1`, `1.0.0`.
 *
 * Prereleases match only constraints with a prerelease of the same version: `>= 1.0` matches `1.1.0` but not `1.1.0-beta`;
 * `>= 1.1.0-alpha` matches `1.1.0-beta` and `1.2.0`, but not `1.2.0-beta`.
 *
 * @throws VersionConstraintError
 */
export function parseVersionConstraint(text: string): VersionConstraint {
  const parts = text.split(',');
  if (text.length > CONSTRAINT_LENGTH || parts.length > CONSTRAINT_PARTS) {
    const limits = `${CONSTRAINT_LENGTH} characters or ${CONSTRAINT_PARTS} parts`;
    throw new VersionConstraintError(`The version constraint has more than ${limits}`);
  }
  const checks = parts.map((part) => {
    const match = CONSTRAINT_PART.exec(part);
    const check = CHECKS[match?.[1] ?? ''];
    const limit = parseVersion(match?.[2] ?? '');
    if (!check || !limit) {
      const quoted = JSON.stringify(text.slice(0, QUOTED_LENGTH));
      throw new VersionConstraintError(
        `${quoted} is not a version or version constraint. Use one of ${CONSTRAINT_FORMS}`,
      );
    }
    return (version: Version) => check(version, limit);
  });
  return (version) => checks.every((satisfies) => satisfies(version));
}

const CHECKS: Readonly<Record<string, (version: Version, limit: Version) => boolean>> = {
  '': (version, limit) => compareVersions(version, limit) === 0,
  '=': (version, limit) => compareVersions(version, limit) === 0,
  '!=': (version, limit) => compareVersions(version, limit) !== 0,
  '>': (version, limit) => isComparable(version, limit) && compareVersions(version, limit) > 0,
  '<': (version, limit) => isComparable(version, limit) && compareVersions(version, limit) < 0,
  '>=': (version, limit) => isComparable(version, limit) && compareVersions(version, limit) >= 0,
  '<=': (version, limit) => isComparable(version, limit) && compareVersions(version, limit) <= 0,
  '~>': isPessimisticMatch,
};

/** Whether two versions can be ordered. A prerelease is compared only with a prerelease of the same version. */
function isComparable(version: Version, limit: Version): boolean {
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
  if (!isComparable(version, limit) || (limit.prerelease !== '' && version.prerelease === '')) return false;
  if (compareVersions(version, limit) < 0 || limit.written > version.segments.length) return false;
  return limit.segments
    .slice(0, limit.written - 1)
    .every((segment, index) => segment === version.segments[index]);
}
