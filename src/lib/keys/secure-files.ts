import { randomBytes } from 'node:crypto';
import { copyFile, type FileHandle, link, lstat, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { ConfigurationError, isConfigurationError } from '../protocol/errors.js';
import { messageOf } from '../util/message-of.js';

export interface NewFile {
  readonly path: string;
  readonly content: string;
  /** Permissions, such as 0o400. The umask does not change them. */
  readonly mode: number;
}

export interface WriteOptions {
  /** Whether files that are there already are replaced. Default false: that is an error. */
  readonly force?: boolean;
}

/**
 * Writes files so that each appears whole or not at all, and all of them or none. Folders that are missing are made,
 * for their owner only.
 *
 * @throws ConfigurationError `fileExists` without `force`, `notWritable` for whatever else stands in the way. What was
 *   there before is untouched then.
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
      undo.push(await putInPlace(file.path, temporary, options.force ?? false, cleanUp));
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
    throw notWritable(folder, errorCode(cause) === 'EEXIST' ? 'it is not a folder' : reasonOf(cause), cause);
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

// One after the other: `mkdir` with `recursive` tries for ever where the kernel makes no folders, as below /proc.
async function makeFolder(folder: string): Promise<void> {
  const kind = await stat(folder).catch(() => undefined);
  if (kind?.isDirectory()) return;
  const parent = path.dirname(folder);
  if (parent !== folder) await makeFolder(parent);
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (cause) {
    // Somebody else was faster.
    if (errorCode(cause) !== 'EEXIST' || !(await stat(folder)).isDirectory()) throw cause;
  }
}

/** Returns what puts everything back as it was. */
async function putInPlace(
  target: string,
  temporary: string,
  force: boolean,
  cleanUp: (() => Promise<void>)[],
): Promise<() => Promise<void>> {
  const kind = await lstat(target).catch(() => undefined);
  if (kind && !force) throw fileExists(target);
  if (kind?.isDirectory()) throw notWritable(target, 'it is a folder');
  if (kind) {
    const backup = temporaryPath(target);
    cleanUp.push(() => rm(backup, { force: true }));
    await duplicate(target, backup);
    await rename(temporary, target);
    return () => rename(backup, target);
  }
  try {
    // A link, unlike a rename, fails where somebody else made the file in the meantime.
    await link(temporary, target);
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST' && !force) throw fileExists(target);
    if (errorCode(cause) !== 'EEXIST' && !WITHOUT_LINKS.has(errorCode(cause) ?? '')) throw cause;
    await rename(temporary, target);
  }
  return () => rm(target, { force: true });
}

// What file systems answer that have no links, and kernels that allow none to files of others.
const WITHOUT_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

async function duplicate(file: string, copy: string): Promise<void> {
  try {
    await link(file, copy);
  } catch (cause) {
    if (!WITHOUT_LINKS.has(errorCode(cause) ?? '')) throw cause;
    await copyFile(file, copy);
  }
}

// A file is only as durable as its name.
async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(folder, 'r');
  } catch {
    // Windows opens no folders.
    return;
  }
  try {
    await handle.sync();
  } catch {
    // Some file systems cannot; the file itself has been synced.
  } finally {
    await handle.close();
  }
}

function temporaryPath(target: string): string {
  return path.join(path.dirname(target), `.${path.basename(target)}.${randomBytes(6).toString('hex')}.tmp`);
}

function asConfigurationError(cause: unknown): ConfigurationError {
  if (isConfigurationError(cause)) return cause;
  const { dest, path: at } = cause as { dest?: unknown; path?: unknown };
  const place = typeof dest === 'string' ? dest : typeof at === 'string' ? at : 'The file';
  return notWritable(place, reasonOf(cause), cause);
}

function fileExists(file: string): ConfigurationError {
  return new ConfigurationError('fileExists', `${file} exists already; it is replaced only with "force"`);
}

function notWritable(place: string, reason: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError('notWritable', `${place} cannot be written: ${reason}`, { cause });
}

/** Why a system call failed, in words where it is one of the usual reasons. */
export function reasonOf(error: unknown): string {
  switch (errorCode(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'ENOSPC':
      return 'the disk is full';
    case 'EROFS':
      return 'the file system is read-only';
    case 'ENOTDIR':
      return 'a part of its path is a file';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return messageOf(error);
  }
}

export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
