import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { ConfigurationCode } from '../errors/error-codes.js';
import { ConfigurationError } from '../protocol/errors.js';
import { MAX_BITS, MIN_BITS, PEM_LENGTH } from './key-limits.js';

/**
 * Parses a public RSA key in PEM: SPKI (`BEGIN PUBLIC KEY`) or PKCS#1 (`BEGIN RSA PUBLIC KEY`). Parsing takes 0.2 ms, so cache
 * the result.
 *
 * @throws ConfigurationError
 */
export function parsePublicKey(pem: string): KeyObject {
  const text = checkLength(pem, 'public');
  // createPublicKey also accepts private keys and certificates, which are rejected here.
  if (!/-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(text) || text.includes('PRIVATE KEY')) {
    const hint = text.includes('PRIVATE KEY')
      ? 'it is a private key. Extract the public key with: openssl pkey -pubout'
      : 'it does not begin with -----BEGIN PUBLIC KEY-----';
    throw new ConfigurationError('badPublicKey', `The public key cannot be read: ${hint}`);
  }
  return parseRsaKey(() => createPublicKey(text), 'public');
}

/**
 * Parses a private RSA key in PEM: PKCS#8 (`BEGIN PRIVATE KEY`) or PKCS#1 (`BEGIN RSA PRIVATE KEY`).
 *
 * @throws ConfigurationError
 */
export function parsePrivateKey(pem: string): KeyObject {
  const text = checkLength(pem, 'private');
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    const hint = 'it is encrypted. Decrypt it with: openssl pkey -in key.pem -out decrypted.pem';
    throw new ConfigurationError('badPrivateKey', `The private key cannot be read: ${hint}`);
  }
  if (!/-----BEGIN (?:RSA )?PRIVATE KEY-----/.test(text)) {
    const hint = 'it does not begin with -----BEGIN PRIVATE KEY-----';
    throw new ConfigurationError('badPrivateKey', `The private key cannot be read: ${hint}`);
  }
  return parseRsaKey(() => createPrivateKey(text), 'private');
}

/** Returns a public key in PEM (SPKI). */
export function pemOf(publicKey: KeyObject): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

/** Whether two keys have the same public key, in any encoding. */
export function samePublicKey(a: KeyObject, b: KeyObject): boolean {
  return toPublicKey(a).equals(toPublicKey(b));
}

function toPublicKey(key: KeyObject): KeyObject {
  return key.type === 'private' ? createPublicKey(key) : key;
}

type KeyHalf = 'public' | 'private';

function checkLength(pem: string, kind: KeyHalf): string {
  if (pem.length <= PEM_LENGTH) return pem;
  throw new ConfigurationError(
    configurationCode(kind),
    `The ${kind} key cannot be read: it is longer than ${PEM_LENGTH} characters`,
  );
}

function parseRsaKey(parse: () => KeyObject, kind: KeyHalf): KeyObject {
  let key: KeyObject;
  try {
    key = parse();
  } catch (cause) {
    throw new ConfigurationError(
      configurationCode(kind),
      `The ${kind} key cannot be read: its PEM is malformed`,
      {
        cause,
      },
    );
  }
  if (key.asymmetricKeyType !== 'rsa') {
    const message = `The ${kind} key is of type ${key.asymmetricKeyType ?? 'unknown'}; kites use RSA keys`;
    throw new ConfigurationError(configurationCode(kind), message);
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < MIN_BITS || bits > MAX_BITS) {
    const message = `The ${kind} key has ${bits} bits; kites use RSA keys of ${MIN_BITS} to ${MAX_BITS} bits`;
    throw new ConfigurationError(configurationCode(kind), message);
  }
  return key;
}

function configurationCode(kind: KeyHalf): ConfigurationCode {
  return kind === 'public' ? 'badPublicKey' : 'badPrivateKey';
}
