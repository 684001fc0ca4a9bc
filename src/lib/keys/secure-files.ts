import { randomBytes } from 'node:crypto';
import { copyFile, type FileHandle, link, lstat, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { ConfigurationError, isConfigurationError } from '../protocol/errors.js';
import { errorCode } from '../util/error-code.js';
import { systemErrorReason } from '../util/system-error.js';

/** A file to write. */
export interface NewFile {
  readonly path: string;
  readonly content: string;
  /** Permissions, such as 0o400. Independent of the umask. */
  readonly mode: number;
}

export interface WriteOptions {
  /** Whether to replace existing files. Default: false, which fails with `fileExists`. */
  readonly force?: boolean;
}

/**
 * Writes all files or none, each of them atomically. Creates missing folders, which only the owner can access.
 *
 * @throws ConfigurationError `fileExists` without `force`, `notWritable` for other failures. Existing files are then unchanged.
 */
export async function writeFiles(files: readonly NewFile[], options: WriteOptions = {}): Promise<void> {
  const undo: (() => Promise<void>)[] = [];
  const cleanUp: (() => Promise<void>)[] = [];
  try {
    const staged: { readonly file: NewFile; readonly temporary: string }[] = [];
    for (const file of files) {
      const temporary = temporaryPath(file.path);
      cleanUp.push(() => rm(temporary, { force: true }));
      await stage(file, temporary);
      staged.push({ file, temporary });
    }
    for (const { file, temporary } of staged) {
      undo.push(await moveIntoPlace(file.path, temporary, options.force ?? false, cleanUp));
    }
    for (const folder of new Set(files.map((file) => path.dirname(file.path)))) await syncFolder(folder);
  } catch (error) {
    for (const step of undo.toReversed()) await step().catch(() => undefined);
    throw asConfigurationError(error);
  } finally {
    for (const step of cleanUp) await step().catch(() => undefined);
  }
}

async function stage(file: NewFile, temporary: string): Promise<void> {
  const folder = path.dirname(file.path);
  await makeFolder(folder).catch((cause: unknown) => {
    throw notWritable(
      folder,
      errorCode(cause) === 'EEXIST' ? 'it is not a folder' : systemErrorReason(cause),
      cause,
    );
  });
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(file.content);
    await handle.chmod(file.mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Creates a folder and missing ones above it, which only the owner can access. Not `mkdir` with `recursive`, which never returns if the
 * kernel does not create folders, such as in /proc.
 */
export async function makeFolder(folder: string): Promise<void> {
  const existing = await stat(folder).catch(() => undefined);
  if (existing?.isDirectory()) return;
  const parent = path.dirname(folder);
  if (parent !== folder) await makeFolder(parent);
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (cause) {
    // Another process may have created the folder.
    if (errorCode(cause) !== 'EEXIST' || !(await stat(folder)).isDirectory()) throw cause;
  }
}

/** Moves a temporary file to its target. Returns a function that undoes this. */
async function moveIntoPlace(
  target: string,
  temporary: string,
  force: boolean,
  cleanUp: (() => Promise<void>)[],
): Promise<() => Promise<void>> {
  const existing = await lstat(target).catch(() => undefined);
  if (existing && !force) throw fileExists(target);
  if (existing?.isDirectory()) throw notWritable(target, 'it is a folder');
  if (existing) {
    const backup = temporaryPath(target);
    cleanUp.push(() => rm(backup, { force: true }));
    await linkOrCopy(target, backup);
    await rename(temporary, target);
    return () => rename(backup, target);
  }
  try {
    // Unlike a rename, a link fails if another process has created the file.
    await link(temporary, target);
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST' && !force) throw fileExists(target);
    if (errorCode(cause) !== 'EEXIST' && !LINK_UNSUPPORTED.has(errorCode(cause) ?? '')) throw cause;
    await rename(temporary, target);
  }
  return () => rm(target, { force: true });
}

// Errors of file systems without hard links, and of kernels that do not allow them to files of other users.
const LINK_UNSUPPORTED: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

async function linkOrCopy(file: string, copy: string): Promise<void> {
  try {
    await link(file, copy);
  } catch (cause) {
    if (!LINK_UNSUPPORTED.has(errorCode(cause) ?? '')) throw cause;
    await copyFile(file, copy);
  }
}

// Without this, the name of the file may be lost in a crash.
async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(folder, 'r');
  } catch {
    // Windows cannot open folders.
    return;
  }
  try {
    await handle.sync();
  } catch {
    // Some file systems do not support it. The file itself has been synced.
  } finally {
    await handle.close();
  }
}

function temporaryPath(target: string): string {
  return path.join(path.dirname(target), `.${path.basename(target)}.${randomBytes(6).toString('hex')}.tmp`);
}

function asConfigurationError(cause: unknown): ConfigurationError {
  if (isConfigurationError(cause)) return cause;
  const { dest, path: source } = cause as { dest?: unknown; path?: unknown };
  const target = typeof dest === 'string' ? dest : typeof source === 'string' ? source : 'The file';
  return notWritable(target, systemErrorReason(cause), cause);
}

function fileExists(file: string): ConfigurationError {
  return new ConfigurationError('fileExists', `${file} already exists`);
}

function notWritable(target: string, reason: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError('notWritable', `${target} cannot be written: ${reason}`, { cause });
}
