import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { ConfigurationError, isConfigurationError } from '../protocol/errors.js';
import { isJwtError } from './jwt.js';
import { type KiteKey, parseKiteKey } from './kite-key.js';
import { errorCode, reasonOf, type WriteOptions, writeFiles } from './secure-files.js';
import { JWT_LENGTH } from './key-limits.js';

/** The kite key's file in a kite home. */
export function kiteKeyPath(home: string): string {
  return path.join(home, 'kite.key');
}

/**
 * Reads a kite key from its file. Synchronous, since it happens once and a kite needs it before anything else.
 *
 * @throws ConfigurationError whose `code` is `keyFileMissing`, `keyFileReadable` (by others than its owner),
 *   `keyFileUnreadable` or `badKiteKey`
 */
export function readKiteKeyFile(file: string): KiteKey {
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
 * Writes a kite key to `kite.key` in `home`, or to `file`, readable by its owner only, and returns the file's path. The old
 * key stays whole until the new one has taken its place.
 *
 * @throws ConfigurationError whose `code` is `badKiteKey`, `fileExists` (without `force`), `homeWritable` (by others) or
 *   `notWritable`
 */
export async function writeKiteKeyFile(
  jwt: string,
  options: WriteOptions & { readonly home: string; readonly file?: string },
): Promise<string> {
  try {
    parseKiteKey(jwt);
  } catch (cause) {
    const reason = isJwtError(cause) ? cause.message : 'it cannot be read';
    throw new ConfigurationError('badKiteKey', `The kite key was not written: ${reason}`, { cause });
  }
  const file = options.file ?? kiteKeyPath(options.home);
  await refuseOpenHome(path.dirname(file));
  await writeFiles([{ path: file, content: `${jwt}\n`, mode: 0o400 }], options);
  return file;
}

function readSecret(file: string): string {
  let descriptor: number;
  try {
    // A named pipe must not make the program wait for a writer.
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    throw unreadable(file, cause);
  }
  try {
    const { mode, size } = checkFile(file, descriptor);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const message = `The kite key in ${file} can be read or changed by others (mode ${octal(mode)}); make it yours alone with: chmod 400 ${quoted(file)}`;
      throw new ConfigurationError('keyFileReadable', message);
    }
    const buffer = Buffer.alloc(size);
    return buffer.toString('utf8', 0, readSync(descriptor, buffer)).trim();
  } catch (cause) {
    if (isConfigurationError(cause)) throw cause;
    throw unreadable(file, cause);
  } finally {
    closeSync(descriptor);
  }
}

function checkFile(file: string, descriptor: number): { readonly mode: number; readonly size: number } {
  const stats = fstatSync(descriptor);
  if (!stats.isFile()) {
    throw new ConfigurationError('keyFileUnreadable', `${file} is not a file: a kite key is expected there`);
  }
  if (stats.size > JWT_LENGTH + 2) {
    throw new ConfigurationError('badKiteKey', `${file} is too long for a kite key (${stats.size} bytes)`);
  }
  return stats;
}

function unreadable(file: string, cause: unknown): ConfigurationError {
  if (errorCode(cause) === 'ENOENT') {
    const message = `There is no kite key at ${file}. Get one with: kitectl register`;
    return new ConfigurationError('keyFileMissing', message, { cause });
  }
  const message = `The kite key in ${file} cannot be read: ${reasonOf(cause)}`;
  return new ConfigurationError('keyFileUnreadable', message, { cause });
}

// Whoever may write to the folder may put a key of their own in the place of this one.
async function refuseOpenHome(home: string): Promise<void> {
  if (process.platform === 'win32') return;
  let mode: number;
  try {
    ({ mode } = await stat(home));
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return;
    throw new ConfigurationError('notWritable', `${home} cannot be used: ${reasonOf(cause)}`, { cause });
  }
  if ((mode & 0o022) === 0) return;
  const message = `The folder ${home} can be written by others (mode ${octal(mode)}), who could exchange the kite key; make it yours alone with: chmod 700 ${quoted(home)}`;
  throw new ConfigurationError('homeWritable', message);
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}

/** A path as a shell takes it. */
function quoted(file: string): string {
  return /^[\w@%+=:,./-]+$/.test(file) ? file : `'${file.replaceAll("'", `'\\''`)}'`;
}
