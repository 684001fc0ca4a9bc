import { generateKeyPair, type KeyPair, parseKeyPair, writeKeyPairFiles } from '../../keys/index.js';
import { configurationError } from '../runtime/cli-error.js';
import { readPem } from '../target/read-pem.js';
import type { KeyFiles } from './kontrol-start-options.js';

/**
 * Reads a key pair from two files; undefined if neither exists.
 *
 * @throws CliError or ConfigurationError if one of them is missing, if other users can read the private key, or if the keys
 *   do not belong together
 */
export async function readKeyFiles(files: KeyFiles): Promise<KeyPair | undefined> {
  const [publicKey, privateKey] = await Promise.all([
    readPem(files.publicKey, false),
    readPem(files.privateKey, true),
  ]);
  if (publicKey === undefined && privateKey === undefined) return undefined;
  if (publicKey === undefined) {
    throw configurationError(
      `There is no public key at ${files.publicKey} for the private key at ${files.privateKey}.`,
      `Create it with: openssl rsa -in ${files.privateKey} -pubout > ${files.publicKey}`,
    );
  }
  if (privateKey === undefined) {
    throw configurationError(
      `There is no private key at ${files.privateKey} for the public key at ${files.publicKey}.`,
      'Pass the matching file, or remove the public key and create both with --initial.',
    );
  }
  parseKeyPair({ publicKey, privateKey });
  return { publicKey, privateKey };
}

/** Generates a key pair in two new files. Only the owner can read the private key. */
export async function createKeyFiles(files: KeyFiles): Promise<KeyPair> {
  const pair = await generateKeyPair();
  await writeKeyPairFiles(pair, { publicKeyFile: files.publicKey, privateKeyFile: files.privateKey });
  return pair;
}
