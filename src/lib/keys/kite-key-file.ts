import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import path from 'node:path';
import { ConfigurationError, isConfigurationError } from '../protocol/errors.js';
import { isJwtError } from './jwt.js';
import { type KiteKey, parseKiteKey } from './kite-key.js';
import { type WriteOptions, writeFiles } from './secure-files.js';
import { JWT_LENGTH } from './key-limits.js';
import { systemErrorReason } from '../util/system-error.js';
import { errorCode } from '../util/error-code.js';
import { refuseOpenFolder } from './open-folder.js';
import { formatMode, isSecretExposed, restrictHint } from './secret-access.js';

/** Returns the path of the kite key in a kite home. */
export function kiteKeyPath(home: string): string {
  return path.join(home, 'kite.key');
}

/**
 * Reads a kite key from a file. Synchronous, because a kite needs the key before it starts.
 *
 * @throws ConfigurationError whose `code` is `keyFileMissing`, `keyFileReadable` (by other users), `keyFileUnreadable` or
 *   `badKiteKey`, or `homeWritable` (a folder that other users can write)
 */
export function readKiteKeyFile(file: string): KiteKey {
  refuseOpenFolder(path.dirname(file), 'the kite key');
  const text = readSecret(file);
  try {
    return parseKiteKey(text);
  } catch (cause) {
    if (!isJwtError(cause)) throw cause;
    const message = `The kite key in ${file} cannot be used: ${cause.message}. Get a new one with: kitectl register --force`;
    throw new ConfigurationError('badKiteKey', message, { cause });
  }
}

/**
 * Writes a kite key to `kite.key` in `home`, or to `file`, and returns the path. Only the owner can read the file. Replaces an
 * existing key atomically.
 *
 * @throws ConfigurationError whose `code` is `badKiteKey`, `fileExists` (without `force`), `homeWritable` (by other users) or
 *   `notWritable`
 */
export async function writeKiteKeyFile(
  jwt: string,
  options: WriteOptions & { readonly home: string; readonly file?: string },
): Promise<string> {
  try {
    parseKiteKey(jwt);
  } catch (cause) {
    const reason = isJwtError(cause) ? cause.message : 'it cannot be parsed';
    throw new ConfigurationError('badKiteKey', `The kite key was not written: ${reason}`, { cause });
  }
  const file = options.file ?? kiteKeyPath(options.home);
  refuseOpenFolder(path.dirname(file), 'the kite key');
  await writeFiles([{ path: file, content: `${jwt}\n`, mode: 0o400 }], options);
  return file;
}

function readSecret(file: string): string {
  let descriptor: number;
  try {
    // Does not wait for a writer if the file is a named pipe.
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    throw readError(file, cause);
  }
  try {
    const stats = checkFile(file, descriptor);
    const { mode, size } = stats;
    if (isSecretExposed(stats)) {
      const message = `The kite key in ${file} can be read or changed by other users (mode ${formatMode(mode)}). ${restrictHint(file, stats)}`;
      throw new ConfigurationError('keyFileReadable', message);
    }
    const buffer = Buffer.alloc(size);
    return buffer.toString('utf8', 0, readSync(descriptor, buffer)).trim();
  } catch (cause) {
    if (isConfigurationError(cause)) throw cause;
    throw readError(file, cause);
  } finally {
    closeSync(descriptor);
  }
}

function checkFile(file: string, descriptor: number): Stats {
  const stats = fstatSync(descriptor);
  if (!stats.isFile()) {
    throw new ConfigurationError('keyFileUnreadable', `${file} is not a file; a kite key is expected`);
  }
  if (stats.size > JWT_LENGTH + 2) {
    throw new ConfigurationError('badKiteKey', `${file} is too long for a kite key (${stats.size} bytes)`);
  }
  return stats;
}

function readError(file: string, cause: unknown): ConfigurationError {
  if (errorCode(cause) === 'ENOENT') {
    const message = `There is no kite key at ${file}. Get one with: kitectl register`;
    return new ConfigurationError('keyFileMissing', message, { cause });
  }
  const message = `The kite key in ${file} cannot be read: ${systemErrorReason(cause)}`;
  return new ConfigurationError('keyFileUnreadable', message, { cause });
}
