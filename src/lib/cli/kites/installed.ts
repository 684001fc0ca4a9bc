import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../keys/secure-files.js';
import { compareVersions, parseVersion } from '../../protocol/version.js';
import { notFound, usageError } from '../runtime/cli-error.js';
import { isSegment, isVersion, nameOf, type Place, placeFolder, placePath } from './kite-folder.js';

/** The program of a kite that is in a folder. */
export function programOf(folder: string, place: Pick<Place, 'repo'>): string {
  return join(folder, 'bin', nameOf(place));
}

/** The kites that are installed, in the order of their paths. Folders that are no kites are passed over. */
export async function installedKites(kites: string): Promise<Place[]> {
  const found: Place[] = [];
  for (const domain of await names(kites)) {
    for (const user of await names(join(kites, domain))) {
      for (const repo of await names(join(kites, domain, user))) {
        const versions = await names(join(kites, domain, user, repo));
        for (const version of versions.filter(isVersion).toSorted(byVersion)) {
          const place = { domain, user, repo, version };
          if (await isFile(programOf(placeFolder(kites, place), place))) found.push(place);
        }
      }
    }
  }
  return found;
}

/**
 * The installed kites that a person means: by name, `math`; by where they come from, `github.com/bob/math.kite`; with a
 * version behind either, `math/1.0.0`.
 *
 * @throws CliError where the text is no such name (it is compared with what is installed, and leads nowhere), or where
 *   there is no such kite
 */
export function matching(text: string, installed: readonly Place[]): Place[] {
  const segments = text.split('/');
  if (segments.length > 4 || !segments.every(isSegment)) {
    throw usageError(
      `Not the name of an installed kite: ${text}`,
      'It is written like this: math, math/1.0.0, or github.com/bob/math.kite/1.0.0',
    );
  }
  const matches = installed.filter((place) => isMeant(place, segments));
  if (matches.length > 0) return matches;
  throw notFound(`There is no installed kite ${text}.`, 'See what there is with: kitectl list');
}

/** The newest of several versions of one kite. Undefined where they are of different kites. */
export function newest(places: readonly Place[]): Place | undefined {
  const origins = new Set(places.map(({ domain, user, repo }) => [domain, user, repo].join('/')));
  return origins.size === 1 ? places.toSorted((a, b) => byVersion(a.version, b.version)).at(-1) : undefined;
}

/** Several kites, for a message that asks which is meant. */
export function listed(places: readonly Place[]): string {
  return places.map(placePath).join('\n');
}

function isMeant(place: Place, segments: readonly string[]): boolean {
  const { domain, user, repo, version } = place;
  const forms = [[nameOf(place)], [nameOf(place), version], [repo], [repo, version]];
  forms.push([domain, user, repo], [domain, user, nameOf(place)], [domain, user, repo, version]);
  return forms.some((form) => form.join('/') === segments.join('/'));
}

function byVersion(a: string, b: string): number {
  const [first, second] = [parseVersion(a), parseVersion(b)];
  return first && second ? compareVersions(first, second) : a < b ? -1 : 1;
}

async function names(folder: string): Promise<string[]> {
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
