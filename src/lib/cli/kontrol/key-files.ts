import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { generateKeyPair, type KeyPair, parseKeyPair, writeKeyPairFiles } from '../../keys/index.js';
import { errorCode, reasonOf } from '../../keys/secure-files.js';
import { type CliError, configurationError, isCliError } from '../runtime/cli-error.js';
import type { KeyFiles } from './kontrol-start-options.js';

// A PEM of the longest key takes 6,400 characters.
const MAX_BYTES = 65_536;

/**
 * The key pair in two files; undefined where neither is there.
 *
 * @throws CliError or ConfigurationError where one of them is missing, can be read by others than its owner though it is
 *   private, or does not fit the other
 */
export async function readKeyFiles(files: KeyFiles): Promise<KeyPair | undefined> {
  const [publicKey, privateKey] = await Promise.all([
    readPem(files.publicKey, false),
    readPem(files.privateKey, true),
  ]);
  if (publicKey === undefined && privateKey === undefined) return undefined;
  if (publicKey === undefined) {
    throw configurationError(
      `There is no public key at ${files.publicKey}, beside the private key at ${files.privateKey}.`,
      `Make it with: openssl rsa -in ${files.privateKey} -pubout > ${files.publicKey}`,
    );
  }
  if (privateKey === undefined) {
    throw configurationError(
      `There is no private key at ${files.privateKey}, beside the public key at ${files.publicKey}.`,
      'Name the file that belongs to it, or remove the public key to have both made by -initial.',
    );
  }
  parseKeyPair({ publicKey, privateKey });
  return { publicKey, privateKey };
}

/** Makes a key pair in files that are not there, the private one readable by its owner only. */
export async function makeKeyFiles(files: KeyFiles): Promise<KeyPair> {
  const pair = await generateKeyPair();
  await writeKeyPairFiles(pair, { publicKeyFile: files.publicKey, privateKeyFile: files.privateKey });
  return pair;
}

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
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(MAX_BYTES) });
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
