import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { errorCode, reasonOf } from '../../keys/secure-files.js';
import { type CliError, configurationError, isCliError } from '../runtime/cli-error.js';
import { PEM_FILE_BYTES } from '../runtime/command-limits.js';

/**
 * The text of a PEM file; undefined where it is not there.
 *
 * @throws CliError where it cannot be read, or where others can read what is `secret`
 */
export async function readPem(file: string, secret: boolean): Promise<string | undefined> {
  let handle: FileHandle | undefined;
  try {
    // A named pipe must not make the program wait for a writer.
    handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const { mode } = await handle.stat();
    if (secret && process.platform !== 'win32' && (mode & 0o077) !== 0) throw readableByOthers(file, mode);
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(PEM_FILE_BYTES) });
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    if (isCliError(error)) throw error;
    if (errorCode(error) === 'ENOENT') return undefined;
    throw configurationError(`${file} cannot be read: ${reasonOf(error)}`, 'Name another file.', error);
  } finally {
    await handle?.close();
  }
}

function readableByOthers(file: string, mode: number): CliError {
  return configurationError(
    `The private key in ${file} can be read or changed by others (mode ${(mode & 0o777).toString(8)}).`,
    `Make it yours alone with: chmod 600 ${file}`,
  );
}
