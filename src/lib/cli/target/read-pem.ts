import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { formatMode, isSecretExposed, restrictHint } from '../../keys/secret-access.js';
import { type CliError, configurationError, isCliError } from '../runtime/cli-error.js';
import { PEM_FILE_BYTES } from '../runtime/command-limits.js';
import { errorCode } from '../../util/error-code.js';
import { systemErrorReason } from '../../util/system-error.js';

/**
 * Reads a PEM file. Returns undefined if it does not exist.
 *
 * @throws CliError if it cannot be read, or if it is `secret` and other users can access it
 */
export async function readPem(file: string, secret: boolean): Promise<string | undefined> {
  let handle: FileHandle | undefined;
  try {
    // O_NONBLOCK: opening a named pipe must not wait for a writer.
    handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = await handle.stat();
    if (secret && isSecretExposed(stats)) throw exposedKey(file, stats);
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(PEM_FILE_BYTES) });
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    if (isCliError(error)) throw error;
    if (errorCode(error) === 'ENOENT') return undefined;
    throw configurationError(
      `Cannot read ${file}: ${systemErrorReason(error)}`,
      'Choose another file.',
      error,
    );
  } finally {
    await handle?.close();
  }
}

/** Returns the error of a file with a private key that others can read or change. */
export function exposedKey(file: string, stats: Stats): CliError {
  return configurationError(
    `The private key in ${file} can be read or changed by other users (mode ${formatMode(stats.mode)}).`,
    restrictHint(file, stats),
  );
}
