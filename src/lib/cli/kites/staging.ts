import { mkdtemp, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../util/clock.js';
import { makeFolder } from '../../keys/secure-files.js';
import { configurationError } from '../runtime/cli-error.js';
import { type InstallLocation, locationFolder, locationPath } from './install-location.js';
import { errorCode } from '../../util/error-code.js';
import { systemErrorReason } from '../../util/system-error.js';

const STAGING_PREFIX = '.staging-';

/** Age in milliseconds at which the staging folder of a crashed process is removed. */
const STALE_AGE = 86_400_000;

/**
 * Calls `use` with a new folder next to the installed kites, and removes the folder afterwards. It is on the same file
 * system, so that a kite can be moved from it in one step.
 *
 * @throws CliError if the folder cannot be created
 */
export async function withStaging<Result>(
  kites: string,
  clock: Clock,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  let folder: string;
  try {
    await makeFolder(kites);
    await removeStaleFolders(kites, clock.now());
    folder = await mkdtemp(join(kites, STAGING_PREFIX));
  } catch (error) {
    throw configurationError(
      `${kites} is not writable: ${systemErrorReason(error)}`,
      'Set KITE_HOME to another folder.',
    );
  }
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function removeStaleFolders(kites: string, now: number): Promise<void> {
  for (const name of await readdir(kites)) {
    if (!name.startsWith(STAGING_PREFIX)) continue;
    const folder = join(kites, name);
    const { mtimeMs } = await stat(folder);
    if (now - mtimeMs > STALE_AGE) await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Moves a kite to its location in one step. With `force`, replaces an existing one.
 *
 * @throws CliError if the kite is installed already, or if the location is not writable
 */
export async function moveToLocation(
  from: string,
  {
    kites,
    staging,
    location,
    force,
  }: { kites: string; staging: string; location: InstallLocation; force: boolean },
): Promise<void> {
  const to = locationFolder(kites, location);
  const replaced = join(staging, 'replaced');
  try {
    await makeFolder(dirname(to));
    if (force) await renameIfExists(to, replaced);
    await rename(from, to);
  } catch (error) {
    // Restore the replaced kite.
    await renameIfExists(replaced, to).catch(() => {});
    await removeEmpty(dirname(to), kites);
    if (['EEXIST', 'ENOTEMPTY'].includes(errorCode(error) ?? '')) throw alreadyInstalled(location);
    throw configurationError(`${to} is not writable: ${systemErrorReason(error)}`, 'Nothing was installed.');
  }
}

/** Moves an installed kite to the staging folder in one step. */
export async function moveToStaging(
  kites: string,
  staging: string,
  name: string,
  location: InstallLocation,
): Promise<void> {
  const folder = locationFolder(kites, location);
  await rename(folder, join(staging, name));
  await removeEmpty(dirname(folder), kites);
}

export function alreadyInstalled(location: InstallLocation): Error {
  return configurationError(
    `${locationPath(location)} is already installed.`,
    'Replace it with --force, or remove it with: kitectl uninstall',
  );
}

async function renameIfExists(folder: string, to: string): Promise<void> {
  await rename(folder, to).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error;
  });
}

/** Removes empty parent folders up to the folder of all kites. */
async function removeEmpty(folder: string, kites: string): Promise<void> {
  for (let at = folder; at !== kites && at.startsWith(kites); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}
