import { randomBytes } from 'node:crypto';
import {
  chmod,
  copyFile,
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  readFile,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import path from 'node:path';
import { ConfigurationError, isConfigurationError } from '../protocol/errors.js';
import { errorCode } from '../util/error-code.js';
import { systemErrorReason } from '../util/system-error.js';
import { formatMode } from './secret-access.js';

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
 * Writes all files or none, each of them atomically. Creates missing folders, which only the owner can access. Symbolic links are
 * kept. A file at which something is mounted, or in a folder that does not allow new files, cannot be replaced: its content is.
 *
 * @throws ConfigurationError `fileExists` without `force`, `notWritable` for other failures. Existing files are then unchanged.
 */
export async function writeFiles(files: readonly NewFile[], options: WriteOptions = {}): Promise<void> {
  const undo: Step[] = [];
  const cleanUp: Step[] = [];
  try {
    const replacements: (() => Promise<Step>)[] = [];
    const folders = new Set<string>();
    for (const file of files) {
      const target = await withTarget(file);
      folders.add(path.dirname(target.path));
      const replace = await naming(file, () => prepare(target, options, cleanUp));
      replacements.push(() => naming(file, replace));
    }
    for (const replace of replacements) undo.push(await replace());
    for (const folder of folders) await syncFolder(folder);
  } catch (error) {
    for (const step of undo.toReversed()) await step().catch(() => undefined);
    throw error;
  } finally {
    for (const step of cleanUp) await step().catch(() => undefined);
  }
}

/**
 * Checks that files can be written, by writing `content` next to them. Changes no content, and the permissions only of files that
 * would be written in place. A file that exists is refused without `force`, as by `writeFiles`.
 *
 * @throws ConfigurationError like `writeFiles`
 */
export async function checkWritable(files: readonly NewFile[], options: WriteOptions = {}): Promise<void> {
  const cleanUp: Step[] = [];
  try {
    for (const file of files) {
      await naming(file, async () => {
        const target = await withTarget(file);
        const existing = await lstat(target.path).catch(() => undefined);
        if (existing && options.force !== true) throw fileExists(target.path);
        if (existing?.isDirectory()) throw notWritable(target.path, 'it is a folder');
        if (existing && (await isMountPoint(target.path))) await (await openForOverwrite(target)).close();
        else await prepare(target, options, cleanUp);
      });
    }
  } finally {
    for (const step of cleanUp) await step().catch(() => undefined);
  }
}

/** Something to do later, such as to undo a change. */
type Step = () => Promise<void>;

/** Returns a file with the path to which symbolic links lead, so that they are kept. */
async function withTarget(file: NewFile): Promise<NewFile> {
  return { ...file, path: await realpath(file.path).catch(() => file.path) };
}

/**
 * Writes the content to a temporary file, and returns a function that moves it into place and returns one that undoes this. If the
 * folder does not allow new files, but the file exists, its content is replaced instead.
 */
async function prepare(
  file: NewFile,
  { force = false }: WriteOptions,
  cleanUp: Step[],
): Promise<() => Promise<Step>> {
  const temporary = temporaryPath(file.path);
  cleanUp.push(() => rm(temporary, { force: true }));
  try {
    await stage(file, temporary);
  } catch (error) {
    const existing = await lstat(file.path).catch(() => undefined);
    if (!existing?.isFile() || !FOLDER_UNWRITABLE.has(errorCode(error) ?? '')) throw error;
    if (!force) throw fileExists(file.path);
    await (await openForOverwrite(file)).close();
    return () => overwrite(file);
  }
  return () => moveIntoPlace(file, temporary, force, cleanUp);
}

/** Errors of folders in which no file can be created. */
const FOLDER_UNWRITABLE: ReadonlySet<string> = new Set(['EROFS', 'EACCES', 'EPERM']);

/** Whether something is mounted at a file, as with `docker run -v FILE:FILE`. Such a file cannot be replaced by renaming. */
async function isMountPoint(file: string): Promise<boolean> {
  const [own, folder] = await Promise.all([stat(file), stat(path.dirname(file))]);
  if (own.dev !== folder.dev) return true;
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  // The kernel writes spaces, tabs and backslashes of paths in octal.
  const escaped = file.replaceAll(
    /[ \t\n\\]/g,
    (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
  return mounts.split('\n').some((line) => line.split(' ')[4] === escaped);
}

/** Replaces the content of a file. Returns a function that restores it. */
async function overwrite(file: NewFile): Promise<Step> {
  const handle = await openForOverwrite(file);
  try {
    const former = await handle.readFile();
    try {
      await replaceContent(handle, Buffer.from(file.content));
    } catch (error) {
      await replaceContent(handle, former);
      throw error;
    }
    return async () => void (await overwrite({ ...file, content: former.toString('utf8') }));
  } finally {
    await handle.close();
  }
}

async function replaceContent(handle: FileHandle, content: Buffer): Promise<void> {
  let written = 0;
  while (written < content.length) {
    written += (await handle.write(content, written, content.length - written, written)).bytesWritten;
  }
  await handle.truncate(content.length);
  await handle.sync();
}

/**
 * Opens a file whose content is replaced, and gives it its permissions.
 *
 * @throws ConfigurationError `notWritable` if others could then read it, and its permissions cannot be changed
 */
async function openForOverwrite({ path: file, mode }: NewFile): Promise<FileHandle> {
  const { mode: former } = await stat(file);
  // A file that only its owner can read may have to become writable first.
  const changed = await chmod(file, mode | 0o200).then(
    () => true,
    () => false,
  );
  if (!changed && (former & 0o077 & ~mode) !== 0) {
    const reason = `other users can access it (mode ${formatMode(former)}), and its mode cannot be changed`;
    throw notWritable(file, reason);
  }
  const handle = await open(file, 'r+');
  if (changed) await handle.chmod(mode);
  return handle;
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
 * Creates a folder and missing ones above it, which only the owner can access. Not `mkdir` with `recursive`, which never returns if
 * the kernel does not create folders, such as in /proc.
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
  file: NewFile,
  temporary: string,
  force: boolean,
  cleanUp: Step[],
): Promise<Step> {
  const { path: target } = file;
  const existing = await lstat(target).catch(() => undefined);
  if (existing && !force) throw fileExists(target);
  if (existing?.isDirectory()) throw notWritable(target, 'it is a folder');
  if (existing) {
    const backup = temporaryPath(target);
    cleanUp.push(() => rm(backup, { force: true }));
    await linkOrCopy(target, backup);
    try {
      await rename(temporary, target);
    } catch (cause) {
      // Something is mounted at the file.
      if (errorCode(cause) !== 'EBUSY') throw cause;
      return overwrite(file);
    }
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
const LINK_UNSUPPORTED: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV']);

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

/** Calls `work` for a file. Its errors become a ConfigurationError that names the file, and not a temporary one. */
async function naming<Result>({ path: file }: NewFile, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    throw isConfigurationError(cause) ? cause : notWritable(file, systemErrorReason(cause), cause);
  }
}

function fileExists(file: string): ConfigurationError {
  return new ConfigurationError('fileExists', `${file} already exists`);
}

function notWritable(target: string, reason: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError('notWritable', `${target} cannot be written: ${reason}`, { cause });
}
