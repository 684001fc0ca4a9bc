import { statSync } from 'node:fs';
import { ConfigurationError } from '../protocol/errors.js';
import { errorCode } from '../util/error-code.js';
import { systemErrorReason } from '../util/system-error.js';

/**
 * Refuses a folder in which other users can replace files: what is in it is not the user's own. `what` is what they could replace.
 * A folder that does not exist is accepted, and so is one with the sticky bit, such as /tmp, in which only the owner of a file can
 * replace it.
 *
 * @throws ConfigurationError `homeWritable`, or `notWritable` if it cannot be examined
 */
export function refuseOpenFolder(folder: string, what: string): void {
  if (process.platform === 'win32') return;
  let stats: ReturnType<typeof statSync>;
  try {
    stats = statSync(folder);
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return;
    throw new ConfigurationError('notWritable', `${folder} cannot be used: ${systemErrorReason(cause)}`, {
      cause,
    });
  }
  const { mode } = stats;
  if ((mode & 0o022) === 0 || (mode & 0o1000) !== 0) return;
  const message = `The folder ${folder} can be written by other users (mode ${formatMode(mode)}), who could replace ${what}. Restrict it with: chmod 700 ${shellQuote(folder)}`;
  throw new ConfigurationError('homeWritable', message);
}

/** Formats the permissions of a file, such as `0644`. */
export function formatMode(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}

/** Quotes a path for a shell. */
export function shellQuote(file: string): string {
  return /^[\w@%+=:,./-]+$/.test(file) ? file : `'${file.replaceAll("'", `'\\''`)}'`;
}
