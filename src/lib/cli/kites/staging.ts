import { mkdir, mkdtemp, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode, reasonOf } from '../../keys/secure-files.js';
import type { Clock } from '../../util/clock.js';
import { configurationError } from '../runtime/cli-error.js';
import { type Place, placeFolder, placePath } from './kite-folder.js';

const PREFIX = '.staging-';

/** Milliseconds after which a folder that was left by a process that died is removed. */
const LEFT_BEHIND = 86_400_000;

/**
 * Gives `use` a folder of its own beside the installed kites, and removes it in the end, whatever happens. So that what
 * is in it can be moved into place at once.
 */
export async function withStaging<Result>(
  kites: string,
  clock: Clock,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  let folder: string;
  try {
    await mkdir(kites, { recursive: true, mode: 0o700 });
    await removeLeftBehind(kites, clock.now());
    folder = await mkdtemp(join(kites, PREFIX));
  } catch (error) {
    throw configurationError(
      `${kites} cannot be written: ${reasonOf(error)}`,
      'Set KITE_HOME to another folder.',
    );
  }
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function removeLeftBehind(kites: string, now: number): Promise<void> {
  for (const name of await readdir(kites)) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(kites, name);
    const { mtimeMs } = await stat(folder);
    if (now - mtimeMs > LEFT_BEHIND) await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Moves a whole kite to its place, in one step. What is there is replaced with `force` only.
 *
 * @throws CliError where it is installed already
 */
export async function moveIntoPlace(
  from: string,
  { kites, staging, place, force }: { kites: string; staging: string; place: Place; force: boolean },
): Promise<void> {
  const to = placeFolder(kites, place);
  const replaced = join(staging, 'replaced');
  try {
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    if (force) await moveAway(to, replaced);
    await rename(from, to);
  } catch (error) {
    // What was there stays there.
    await moveAway(replaced, to).catch(() => {});
    await removeEmpty(dirname(to), kites);
    if (['EEXIST', 'ENOTEMPTY'].includes(errorCode(error) ?? '')) throw alreadyInstalled(place);
    throw configurationError(`${to} cannot be written: ${reasonOf(error)}`, 'Nothing was installed.');
  }
}

/** Moves an installed kite into the staging folder, and so out of sight, in one step. */
export async function moveOut(kites: string, staging: string, name: string, place: Place): Promise<void> {
  const folder = placeFolder(kites, place);
  await rename(folder, join(staging, name));
  await removeEmpty(dirname(folder), kites);
}

export function alreadyInstalled(place: Place): Error {
  return configurationError(
    `${placePath(place)} is installed already.`,
    'Replace it with --force, or remove it with: kitectl uninstall',
  );
}

async function moveAway(folder: string, to: string): Promise<void> {
  await rename(folder, to).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error;
  });
}

/** Removes folders that have become empty, up to that of all kites. */
async function removeEmpty(folder: string, kites: string): Promise<void> {
  for (let at = folder; at !== kites && at.startsWith(kites); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}
