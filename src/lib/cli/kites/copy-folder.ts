import { chmod, copyFile, lstat, mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstallLimits } from './install-limits.js';
import { EntryCheck } from './entry-check.js';

/** Names that are not part of a kite. */
const EXCLUDED_NAMES = new Set(['.git']);

interface FolderEntry {
  readonly path: string;
  readonly type: 'File' | 'Directory' | 'SymbolicLink' | 'Other';
  readonly linkpath?: string;
  readonly mode: number;
  readonly size: number;
}

/**
 * Copies a folder with the checks that apply to archives.
 *
 * @throws CliError if the folder exceeds a limit or contains an entry that is not allowed
 */
export async function copyFolder(
  from: string,
  to: string,
  limits: InstallLimits,
  signal: AbortSignal,
): Promise<void> {
  const check = new EntryCheck(limits);
  const entries: FolderEntry[] = [];
  for await (const entry of walk(from, '')) {
    signal.throwIfAborted();
    check.add(entry);
    entries.push(entry);
  }
  await mkdir(to, { mode: 0o700 });
  for (const { path, type, linkpath, mode } of entries) {
    signal.throwIfAborted();
    const target = join(to, path);
    if (type === 'Directory') await mkdir(target, { mode: 0o700 });
    else if (linkpath !== undefined) await symlink(linkpath, target);
    else {
      await copyFile(join(from, path), target);
      await chmod(target, (mode & 0o111) === 0 ? 0o600 : 0o700);
    }
  }
}

async function* walk(root: string, folder: string): AsyncGenerator<FolderEntry> {
  for (const name of (await readdir(join(root, folder))).toSorted()) {
    if (EXCLUDED_NAMES.has(name)) continue;
    const path = folder === '' ? name : `${folder}/${name}`;
    const stats = await lstat(join(root, path));
    const { mode, size } = stats;
    if (stats.isDirectory()) {
      yield { path, type: 'Directory', mode, size: 0 };
      yield* walk(root, path);
    } else if (stats.isSymbolicLink()) {
      yield { path, type: 'SymbolicLink', linkpath: await readlink(join(root, path)), mode: 0, size: 0 };
    } else {
      yield { path, type: stats.isFile() ? 'File' : 'Other', mode, size };
    }
  }
}
