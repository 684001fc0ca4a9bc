import { errorCode } from './error-code.js';
import { messageOf } from './message-of.js';

/** What to do when the process, or the system, has too many open files and sockets. */
export const DESCRIPTORS_HINT = 'Raise ulimit -n, or LimitNOFILE of the systemd unit.';

/** Whether an operation failed because there are no more file descriptors for files and sockets. */
export function isOutOfDescriptors(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'EMFILE' || code === 'ENFILE';
}

/** Returns the reason of a failure of the operating system, with what to do if there are no more descriptors. */
export function reasonWithHint(error: unknown): string {
  return isOutOfDescriptors(error)
    ? `too many open files (${messageOf(error)}). ${DESCRIPTORS_HINT}`
    : messageOf(error);
}
