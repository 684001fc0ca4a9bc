import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { compareVersions, parseVersion } from '../../protocol/version.js';
import { notFound, usageError } from '../runtime/cli-error.js';
import {
  isSegment,
  isVersion,
  nameOf,
  type InstallLocation,
  locationFolder,
  locationPath,
} from './install-location.js';
import { errorCode } from '../../util/error-code.js';

/** Returns the path of a kite's program in `folder`. */
export function programOf(folder: string, location: Pick<InstallLocation, 'repo'>): string {
  return join(folder, 'bin', nameOf(location));
}

/** Finds the installed kites, sorted by path. Folders without the program of a kite are ignored. */
export async function installedKites(kites: string): Promise<InstallLocation[]> {
  const found: InstallLocation[] = [];
  for (const domain of await subfolders(kites)) {
    for (const user of await subfolders(join(kites, domain))) {
      for (const repo of await subfolders(join(kites, domain, user))) {
        const versions = await subfolders(join(kites, domain, user, repo));
        for (const version of versions.filter(isVersion).toSorted(byVersion)) {
          const location = { domain, user, repo, version };
          if (await isFile(programOf(locationFolder(kites, location), location))) found.push(location);
        }
      }
    }
  }
  return found;
}

/**
 * Finds installed kites by name, such as `math`, or by origin, such as `github.com/bob/math.kite`, each optionally followed
 * by a version, as in `math/1.0.0`.
 *
 * @throws CliError if the name is invalid, or if no installed kite matches
 */
export function findMatching(text: string, installed: readonly InstallLocation[]): InstallLocation[] {
  const segments = text.split('/');
  if (segments.length > 4 || !segments.every(isSegment)) {
    throw usageError(
      `Invalid name of a kite: ${text}`,
      'Pass a name such as math, math/1.0.0 or github.com/bob/math.kite/1.0.0.',
    );
  }
  const matches = installed.filter((location) => isMatch(location, segments));
  if (matches.length > 0) return matches;
  throw notFound(`The kite ${text} is not installed.`, 'List the installed kites with: kitectl list');
}

/** Returns the newest of several versions of one kite; undefined if they belong to different kites. */
export function newest(locations: readonly InstallLocation[]): InstallLocation | undefined {
  const origins = new Set(locations.map(({ domain, user, repo }) => [domain, user, repo].join('/')));
  return origins.size === 1
    ? locations.toSorted((a, b) => byVersion(a.version, b.version)).at(-1)
    : undefined;
}

/** Formats kites one per line for a message. */
export function formatLocations(locations: readonly InstallLocation[]): string {
  return locations.map(locationPath).join('\n');
}

function isMatch(location: InstallLocation, segments: readonly string[]): boolean {
  const { domain, user, repo, version } = location;
  const forms = [[nameOf(location)], [nameOf(location), version], [repo], [repo, version]];
  forms.push([domain, user, repo], [domain, user, nameOf(location)], [domain, user, repo, version]);
  return forms.some((form) => form.join('/') === segments.join('/'));
}

function byVersion(a: string, b: string): number {
  const [first, second] = [parseVersion(a), parseVersion(b)];
  return first && second ? compareVersions(first, second) : a < b ? -1 : 1;
}

async function subfolders(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory() && isSegment(entry.name));
    return folders.map(({ name }) => name).toSorted();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
