import { generateKeyPair as generate, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { ConfigurationError } from '../protocol/errors.js';
import { parsePrivateKey, parsePublicKey, samePublicKey } from './pem.js';
import { type WriteOptions, writeFiles } from './secure-files.js';
import { MAX_BITS, MIN_BITS } from './key-limits.js';

/** An RSA key pair in PEM. This library writes SPKI and PKCS#8, and also reads PKCS#1. */
export interface KeyPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

export interface KeyPairOptions {
  /** Size of the key in bits, from 2,048 (the default) to 8,192. Generating 2,048 bits takes about 0.2 s, 4,096 a few seconds. */
  readonly bits?: number;
}

/**
 * Generates an RSA key pair.
 *
 * @throws RangeError for invalid `bits`
 */
export async function generateKeyPair(options: KeyPairOptions = {}): Promise<KeyPair> {
  const bits = options.bits ?? MIN_BITS;
  if (!Number.isInteger(bits) || bits < MIN_BITS || bits > MAX_BITS) {
    throw new RangeError(`An RSA key has ${MIN_BITS} to ${MAX_BITS} bits, not ${bits}`);
  }
  return promisify(generate)('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

/**
 * Parses the two keys of a key pair.
 *
 * @throws ConfigurationError if a key is invalid (`badPublicKey`, `badPrivateKey`), or they do not match (`keyPairMismatch`)
 */
export function parseKeyPair(pair: KeyPair): {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
} {
  const publicKey = parsePublicKey(pair.publicKey);
  const privateKey = parsePrivateKey(pair.privateKey);
  if (!samePublicKey(publicKey, privateKey)) {
    const message =
      'The public key does not match the private key. Extract the public key with: openssl pkey -pubout';
    throw new ConfigurationError('keyPairMismatch', message);
  }
  return { publicKey, privateKey };
}

/**
 * Writes a key pair to two files, both or none. Only the owner can read the private key.
 *
 * @throws ConfigurationError `fileExists` without `force`, or `notWritable`
 */
export async function writeKeyPairFiles(
  pair: KeyPair,
  options: WriteOptions & { readonly publicKeyFile: string; readonly privateKeyFile: string },
): Promise<void> {
  const files = [
    { path: options.privateKeyFile, content: pair.privateKey, mode: 0o600 },
    { path: options.publicKeyFile, content: pair.publicKey, mode: 0o644 },
  ];
  await writeFiles(files, options);
}
