import semver from 'semver';
import { VERSION_LENGTH } from './protocol-limits.js';

/** A version as the constraint grammar of hashicorp/go-version has it: any number of segments, a prerelease, metadata. */
export interface Version {
  /** The numbers, at least three: `1.2` is `1.2.0`. */
  readonly segments: readonly number[];
  /** How many numbers were written. */
  readonly written: number;
  /** `beta.1` of `1.0.0-beta.1`, else empty. */
  readonly prerelease: string;
}

// The hyphen before a prerelease that begins with a letter may be missing: 1.2beta.
const VERSION =
  /^v?(\d+(?:\.\d+)*)(?:-(\d[\dA-Za-z~-]*(?:\.[\dA-Za-z~-]+)*)|-?([A-Za-z~][\dA-Za-z~-]*(?:\.[\dA-Za-z~-]+)*))?(?:\+[\dA-Za-z~-]+(?:\.[\dA-Za-z~-]+)*)?$/;

/** Undefined where the text is no version. */
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
 * Below 0 where `a` comes before `b`, above 0 where it comes after it, 0 where they are equal but for metadata. The
 * segments are compared here because semver libraries know just three.
 */
export function compareVersions(a: Version, b: Version): number {
  const length = Math.max(a.segments.length, b.segments.length);
  for (let index = 0; index < length; index++) {
    const difference = (a.segments[index] ?? 0) - (b.segments[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return comparePrereleases(a.prerelease, b.prerelease);
}

/** The order of semver.org, section 11: numbers before words, and what is longer comes after what it begins with. */
function comparePrereleases(a: string, b: string): number {
  if (a === b) return 0;
  if (a === '') return 1;
  if (b === '') return -1;
  const others = b.split('.');
  const parts = a.split('.');
  for (const [index, part] of parts.entries()) {
    const other = others[index];
    if (other === undefined) return 1;
    const order = semver.compareIdentifiers(part, other);
    if (order !== 0) return order;
  }
  return parts.length - others.length;
}
