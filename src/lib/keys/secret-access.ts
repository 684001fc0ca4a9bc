import { accessSync, constants, type Stats } from 'node:fs';
import process from 'node:process';
import { errorCode } from '../util/error-code.js';

type Access = Pick<Stats, 'uid' | 'gid' | 'mode'>;

/**
 * Whether others can read or change the file of a secret. As in PostgreSQL, the group of a file of root may read it, if it is a
 * group of this process: Kubernetes mounts secrets like this.
 */
export function isSecretExposed({ uid, gid, mode }: Access): boolean {
  if (process.platform === 'win32') return false;
  const open = mode & 0o077;
  return open !== 0 && !(open === 0o040 && uid === 0 && isOwnGroup(gid));
}

/**
 * Whether others can replace the files of a folder. The group of a folder of root may, if it is a group of this process, which
 * cannot change the mode of the folder: Kubernetes mounts volumes like this. A sticky folder, such as /tmp, is accepted, because
 * only the owner of a file can replace it there.
 */
export function isFolderOpen({ uid, gid, mode }: Access): boolean {
  if (process.platform === 'win32' || (mode & 0o1000) !== 0) return false;
  const open = mode & 0o022;
  return open !== 0 && !(open === 0o020 && uid === 0 && process.geteuid?.() !== 0 && isOwnGroup(gid));
}

/** Returns what to do about a folder in which others can replace files: a command, if this process could run it. */
export function restrictFolderHint(folder: string, stats: Access): string {
  if (canChangeMode(folder, stats)) return `Restrict it with: chmod 700 ${shellQuote(folder)}`;
  return 'Use a folder of your own';
}

/** Returns what to do about the file of a secret that others can read: a command, if this process could run it. */
export function restrictHint(file: string, stats: Access): string {
  if (canChangeMode(file, stats)) return `Restrict it with: chmod 400 ${shellQuote(file)}`;
  return 'Mount it with mode 0400, or with mode 0440 and a group of this process (in Kubernetes: defaultMode and fsGroup)';
}

/** Formats the permissions of a file, such as `0644`. */
export function formatMode(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

/** Quotes a path for a shell. */
export function shellQuote(file: string): string {
  return /^[\w@%+=:,./-]+$/.test(file) ? file : `'${file.replaceAll("'", `'\\''`)}'`;
}

function canChangeMode(file: string, { uid }: Access): boolean {
  const own = process.geteuid?.();
  if (own !== 0 && own !== uid) return false;
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch (error) {
    // The mode of a file that cannot be written can be changed, except on a read-only mount.
    return errorCode(error) !== 'EROFS';
  }
}

function isOwnGroup(gid: number): boolean {
  return process.getegid?.() === gid || process.getgroups?.().includes(gid) === true;
}
