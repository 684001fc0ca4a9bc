import { generateKeyPair as generate, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { ConfigurationError } from '../protocol/errors.js';
import { parsePrivateKey, parsePublicKey, samePublicKey } from './pem.js';
import { type WriteOptions, writeFiles } from './secure-files.js';
import { MAX_BITS, MIN_BITS } from './key-limits.js';

/** An RSA key pair as PEM text: SPKI and PKCS#8 where this library made it, PKCS#1 also where it reads it. */
export interface KeyPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

export interface KeyPairOptions {
  /** 2,048 (the default) to 8,192. More take longer to make: 2,048 a fifth of a second, 4,096 a few seconds. */
  readonly bits?: number;
}

/**
 * A new RSA key pair.
 *
 * @throws RangeError for `bits` that are not possible
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
 * The two halves of a key pair, ready for use.
 *
 * @throws ConfigurationError where one cannot be read (`badPublicKey`, `badPrivateKey`), or they do not belong together
 *   (`keyPairMismatch`)
 */
export function parseKeyPair(pair: KeyPair): {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
} {
  const publicKey = parsePublicKey(pair.publicKey);
  const privateKey = parsePrivateKey(pair.privateKey);
  if (!samePublicKey(publicKey, privateKey)) {
    const message =
      'The public key is not the other half of the private key; make it again with: openssl pkey -pubout';
    throw new ConfigurationError('keyPairMismatch', message);
  }
  return { publicKey, privateKey };
}

/**
 * Writes a key pair to two files, both or none; the private one can be read by its owner only.
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
