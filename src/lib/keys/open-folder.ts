import { statSync } from 'node:fs';
import { ConfigurationError } from '../protocol/errors.js';
import { errorCode } from '../util/error-code.js';
import { systemErrorReason } from '../util/system-error.js';
import { formatMode, isFolderOpen, restrictFolderHint } from './secret-access.js';

/**
 * Refuses a folder in which other users can replace files: what is in it is not the user's own. `what` is what they could replace.
 * A folder that does not exist is accepted.
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
  if (!isFolderOpen(stats)) return;
  const message = `The folder ${folder} can be written by other users (mode ${formatMode(mode)}), who could replace ${what}. ${restrictFolderHint(folder, stats)}`;
  throw new ConfigurationError('homeWritable', message);
}
