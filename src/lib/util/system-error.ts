import { reasonWithHint } from './descriptors.js';
import { errorCode } from './error-code.js';

/** Describes why a system call failed. */
export function systemErrorReason(error: unknown): string {
  switch (errorCode(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'ENOENT':
      return 'no such file or folder';
    case 'ENOSPC':
      return 'the disk is full';
    case 'EROFS':
      return 'the file system is read-only';
    case 'ENOTDIR':
      return 'a folder in its path is a file';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return reasonWithHint(error);
  }
}
