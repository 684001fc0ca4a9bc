import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
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
    const { mode } = await handle.stat();
    if (secret && process.platform !== 'win32' && (mode & 0o077) !== 0) throw readableByOthers(file, mode);
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

function readableByOthers(file: string, mode: number): CliError {
  return configurationError(
    `Other users can access the private key in ${file} (mode ${(mode & 0o777).toString(8)}).`,
    `Restrict access with: chmod 600 ${file}`,
  );
}
