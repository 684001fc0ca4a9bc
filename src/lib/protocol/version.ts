import { VERSION_LENGTH } from './protocol-limits.js';

/** A version in the grammar of hashicorp/go-version: any number of segments, a prerelease, metadata. */
export interface Version {
  /** The numbers, padded to at least three: `1.2` is `1.2.0`. */
  readonly segments: readonly number[];
  /** Number of segments in the text. */
  readonly written: number;
  /** The prerelease, such as `beta.1` in `1.0.0-beta.1`. Empty if there is none. */
  readonly prerelease: string;
}

// The hyphen before a prerelease that begins with a letter may be omitted: 1.2beta.
const VERSION =
  /^v?(\d+(?:\.\d+)*)(?:-(\d[\dA-Za-z~-]*(?:\.[\dA-Za-z~-]+)*)|-?([A-Za-z~][\dA-Za-z~-]*(?:\.[\dA-Za-z~-]+)*))?(?:\+[\dA-Za-z~-]+(?:\.[\dA-Za-z~-]+)*)?$/;

/** Parses a version. Returns undefined if it is invalid. */
export function parseVersion(text: string): Version | undefined {
  const match = text.length <= VERSION_LENGTH ? VERSION.exec(text.trim()) : null;
  if (!match) return undefined;
  const segments = (match[1] ?? '').split('.').map(Number);
  if (!segments.every(Number.isSafeInteger)) return undefined;
  const written = segments.length;
  while (segments.length < 3) segments.push(0);
  return { segments, written, prerelease: match[2] ?? match[3] ?? '' };
}

/**
 * Compares two versions. Returns a negative number if `a` is lower than `b`, a positive number if it is higher, and 0 if they
 * are equal. Ignores metadata. Supports any number of segments, unlike semver libraries.
 */
export function compareVersions(a: Version, b: Version): number {
  const length = Math.max(a.segments.length, b.segments.length);
  for (let index = 0; index < length; index++) {
    const difference = (a.segments[index] ?? 0) - (b.segments[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return comparePrereleases(a.prerelease, b.prerelease);
}

/**
 * Compares two prereleases as in section 11 of semver.org: numbers are lower than words, and a prefix is lower than the whole.
 */
function comparePrereleases(a: string, b: string): number {
  if (a === b) return 0;
  if (a === '') return 1;
  if (b === '') return -1;
  const others = b.split('.');
  const parts = a.split('.');
  for (const [index, part] of parts.entries()) {
    const other = others[index];
    if (other === undefined) return 1;
    const order = compareParts(part, other);
    if (order !== 0) return order;
  }
  return parts.length - others.length;
}

/** Compares two parts of prereleases. The package semver does the same, and is as large as half the library for pages. */
function compareParts(a: string, b: string): number {
  const isNumber = /^\d+$/.test(a);
  if (isNumber !== /^\d+$/.test(b)) return isNumber ? -1 : 1;
  if (isNumber) return Number(a) - Number(b);
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
