import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  generateKeyPair,
  parseKeyPair,
  parsePrivateKey,
  parsePublicKey,
} from '../../../src/lib/keys/index.js';
import { writeKeyPairFiles } from '../../../src/lib/keys/key-pair.js';
import { testKeyPair } from '../../helpers/kite/keys.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';

describe('a new key pair', () => {
  it('a new key pair is RSA with 2,048 bits, as SPKI and PKCS#8', async () => {
    const pair = await testKeyPair();
    expect(pair.publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    expect(pair.privateKey).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    const { publicKey, privateKey } = parseKeyPair(pair);
    expect(publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(privateKey.type).toBe('private');
  });

  it.each([0, 1024, 2047, 8193, 2048.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'a new key pair cannot have %d bits',
    async (bits) => {
      await expect(generateKeyPair({ bits })).rejects.toThrow(/2048 to 8192 bits/);
    },
  );
});

describe('reading a key', () => {
  it('reading a key accepts the output of openssl genrsa and -pubout in either form', async () => {
    const { publicKey, privateKey } = parseKeyPair(await testKeyPair());
    for (const type of ['pkcs1', 'pkcs8'] as const) {
      const pem = privateKey.export({ type, format: 'pem' }).toString();
      expect(parsePrivateKey(pem).equals(privateKey), type).toBe(true);
    }
    for (const type of ['pkcs1', 'spki'] as const) {
      const pem = publicKey.export({ type, format: 'pem' }).toString();
      expect(parsePublicKey(pem).equals(publicKey), type).toBe(true);
      expect(parsePublicKey(pem.replaceAll('\n', '\r\n')).equals(publicKey), `${type} with CRLF`).toBe(true);
    }
  });

  it('reading a key rejects halves that are not a pair', async () => {
    const pair = {
      publicKey: (await testKeyPair(0)).publicKey,
      privateKey: (await testKeyPair(1)).privateKey,
    };
    expect(() => parseKeyPair(pair)).toThrow(/not the other half/);
  });

  it('reading a key rejects a key that is too short', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    expect(() => parsePublicKey(publicKey.export({ type: 'spki', format: 'pem' }).toString())).toThrow(
      /has 1024 bits/,
    );
    expect(() => parsePrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())).toThrow(
      /has 1024 bits/,
    );
  });

  it('reading a key rejects keys that are not RSA', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(() => parsePublicKey(publicKey.export({ type: 'spki', format: 'pem' }).toString())).toThrow(
      /of type ec/,
    );
    expect(() => parsePrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())).toThrow(
      /of type ec/,
    );
  });

  it('reading a key rejects an encrypted key and explains how to decrypt it', async () => {
    const { privateKey } = parseKeyPair(await testKeyPair());
    const pem = privateKey
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'p' })
      .toString();
    expect(() => parsePrivateKey(pem)).toThrow(/it is encrypted; decrypt it with: openssl pkey/);
  });

  it('reading a key rejects a private key instead of a public one, without showing it', async () => {
    const { privateKey } = await testKeyPair();
    expect(() => parsePublicKey(privateKey)).toThrow(/it is a private key; make its public half with/);
    const secret = privateKey.slice(40, 80);
    expect(() => parsePublicKey(privateKey)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(secret) }),
    );
  });

  it.each([
    '',
    'x',
    '-----BEGIN PUBLIC KEY-----',
    '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
    'x'.repeat(100_000),
  ])('reading a key rejects input that is not a key in PEM', (pem) => {
    expect(() => parsePublicKey(pem)).toThrow(/The public key cannot be read/);
    expect(() => parsePrivateKey(pem)).toThrow(/The private key cannot be read/);
  });
});

describe('writing a key pair', () => {
  function places() {
    const folder = temporaryFolder();
    return {
      folder,
      publicKeyFile: path.join(folder, 'key_pub.pem'),
      privateKeyFile: path.join(folder, 'key.pem'),
    };
  }

  it('writing a key pair makes the private key readable by its owner only', async () => {
    const pair = await testKeyPair();
    const { folder, ...files } = places();
    await writeKeyPairFiles(pair, files);
    expect(readFileSync(files.privateKeyFile, 'utf8')).toBe(pair.privateKey);
    expect(readFileSync(files.publicKeyFile, 'utf8')).toBe(pair.publicKey);
    expect(statSync(files.privateKeyFile).mode & 0o777).toBe(0o600);
    expect(statSync(files.publicKeyFile).mode & 0o777).toBe(0o644);
    expect(readdirSync(folder).toSorted()).toEqual(['key.pem', 'key_pub.pem']);
  });

  it('writing a key pair replaces no file without force, not even one of the two', async () => {
    const { folder, ...files } = places();
    writeFileSync(files.publicKeyFile, 'old');
    await expect(writeKeyPairFiles(await testKeyPair(), files)).rejects.toMatchObject({
      type: 'configurationError',
      code: 'fileExists',
      message: expect.stringContaining(files.publicKeyFile),
    });
    expect(readdirSync(folder)).toEqual(['key_pub.pem']);
    expect(readFileSync(files.publicKeyFile, 'utf8')).toBe('old');
  });

  it('writing a key pair replaces both files with force', async () => {
    const pair = await testKeyPair();
    const { folder, ...files } = places();
    writeFileSync(files.privateKeyFile, 'old', { mode: 0o644 });
    writeFileSync(files.publicKeyFile, 'old');
    await writeKeyPairFiles(pair, { ...files, force: true });
    expect(readFileSync(files.privateKeyFile, 'utf8')).toBe(pair.privateKey);
    expect(statSync(files.privateKeyFile).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it('writing a key pair restores the old private key if the public one cannot be replaced', async () => {
    const { folder, ...files } = places();
    writeFileSync(files.privateKeyFile, 'old');
    mkdirSync(files.publicKeyFile);
    await expect(writeKeyPairFiles(await testKeyPair(), { ...files, force: true })).rejects.toMatchObject({
      code: 'notWritable',
    });
    expect(readFileSync(files.privateKeyFile, 'utf8')).toBe('old');
    expect(readdirSync(folder).toSorted()).toEqual(['key.pem', 'key_pub.pem']);
  });

  it('writing a key pair works with a strict umask', async () => {
    const { folder, ...files } = places();
    chmodSync(folder, 0o700);
    const before = process.umask(0o077);
    try {
      await writeKeyPairFiles(await testKeyPair(), files);
    } finally {
      process.umask(before);
    }
    expect(statSync(files.publicKeyFile).mode & 0o777).toBe(0o644);
  });
});
