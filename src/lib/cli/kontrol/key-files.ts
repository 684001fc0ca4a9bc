import { generateKeyPair, type KeyPair, parseKeyPair, writeKeyPairFiles } from '../../keys/index.js';
import { configurationError } from '../runtime/cli-error.js';
import { readPem } from '../target/read-pem.js';
import type { KeyFiles } from './kontrol-start-options.js';

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
