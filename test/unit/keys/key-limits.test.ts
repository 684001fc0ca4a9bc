import { describe, expect, it } from 'vitest';
import { generateKeyPair } from '../../../src/lib/keys/key-pair.js';
import { decodeJwt } from '../../../src/lib/keys/jwt.js';
import { JWT_LENGTH, MAX_BITS, MIN_BITS, PEM_LENGTH } from '../../../src/lib/keys/key-limits.js';
import { parsePublicKey } from '../../../src/lib/keys/pem.js';
import { testKeyPair } from '../../helpers/kite/keys.js';

describe('the limits of keys', () => {
  it('the limits of keys bound the length of a JWT', () => {
    expect(() => decodeJwt('x'.repeat(JWT_LENGTH))).toThrow('three parts');
    expect(() => decodeJwt('x'.repeat(JWT_LENGTH + 1))).toThrow(`${JWT_LENGTH} characters`);
  });

  it('the limits of keys bound the length of a key in PEM', async () => {
    const { publicKey } = await testKeyPair();
    expect(parsePublicKey(publicKey.padEnd(PEM_LENGTH)).type).toBe('public');
    expect(() => parsePublicKey(publicKey.padEnd(PEM_LENGTH + 1))).toThrow(`${PEM_LENGTH} characters`);
  });

  it('the limits of keys bound the size of an RSA key', async () => {
    for (const bits of [MIN_BITS - 1, MAX_BITS + 1]) {
      await expect(generateKeyPair({ bits })).rejects.toThrow(`${MIN_BITS} to ${MAX_BITS} bits`);
    }
  });
});
