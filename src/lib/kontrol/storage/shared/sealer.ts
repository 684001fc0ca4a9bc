import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { StorageError } from './storage.js';

// Distinguishes a sealed value from PEM, which was stored before there was a secret.
const PREFIX = 'sealed:1:';
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts private keys for a store on a server: AES-256-GCM, with a key that scrypt derives from a secret and a random salt.
 * `context` identifies what a value belongs to: a value that was moved to another context cannot be opened.
 *
 * Without a secret, values are stored as they are, and sealed values cannot be opened.
 */
export class Sealer {
  readonly #secret: string | undefined;
  readonly #formerSecret: string | undefined;
  readonly #keys = new Map<string, Promise<Buffer>>();

  /** `formerSecret`: the previous secret, which opens values that were sealed before `secret` was changed. */
  constructor(secret: string | undefined, formerSecret?: string) {
    this.#secret = secret || undefined;
    this.#formerSecret = formerSecret || undefined;
  }

  get canSeal(): boolean {
    return this.#secret !== undefined;
  }

  /** Returns whether a stored value is sealed, with any secret. */
  isSealed(stored: string): boolean {
    return stored.startsWith(PREFIX);
  }

  async seal(value: string, context: string): Promise<string> {
    if (this.#secret === undefined) return value;
    const salt = randomBytes(SALT_BYTES);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', await this.#key(this.#secret, salt), nonce);
    cipher.setAAD(Buffer.from(context));
    const sealed = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
    return PREFIX + Buffer.concat([salt, nonce, cipher.getAuthTag(), sealed]).toString('base64');
  }

  /** Opens a stored value. Returns an unsealed value unchanged. Throws a StorageError `broken` if the value cannot be opened. */
  async open(stored: string, context: string): Promise<string> {
    if (!this.isSealed(stored)) return stored;
    if (this.#secret === undefined) throw unreadableError(context, 'KONTROL_SECRET is not set');
    for (const secret of [this.#secret, this.#formerSecret]) {
      const value = secret === undefined ? undefined : await this.#openWith(secret, stored, context);
      if (value !== undefined) return value;
    }
    const secrets =
      this.#formerSecret === undefined
        ? 'KONTROL_SECRET is not'
        : 'neither KONTROL_SECRET nor KONTROL_FORMER_SECRET is';
    throw unreadableError(
      context,
      `${secrets} the secret that it was encrypted with: set one of them to that secret`,
    );
  }

  /** Returns whether a stored value is sealed with the current secret. */
  async isCurrent(stored: string, context: string): Promise<boolean> {
    if (this.#secret === undefined || !this.isSealed(stored)) return false;
    return (await this.#openWith(this.#secret, stored, context)) !== undefined;
  }

  async #openWith(secret: string, stored: string, context: string): Promise<string | undefined> {
    const bytes = Buffer.from(stored.slice(PREFIX.length), 'base64');
    const nonceAt = SALT_BYTES;
    const tagAt = nonceAt + NONCE_BYTES;
    const sealedAt = tagAt + TAG_BYTES;
    const key = await this.#key(secret, bytes.subarray(0, SALT_BYTES));
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(nonceAt, tagAt));
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(bytes.subarray(tagAt, sealedAt));
      return Buffer.concat([decipher.update(bytes.subarray(sealedAt)), decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }

  /** Derives the key of a stored value. Keys are cached, because scrypt takes tens of milliseconds. */
  #key(secret: string, salt: Buffer): Promise<Buffer> {
    const name = `${secret === this.#secret ? 'current' : 'former'} ${salt.toString('base64')}`;
    const cached = this.#keys.get(name);
    if (cached) return cached;
    const key = deriveKey(secret, salt);
    this.#keys.set(name, key);
    return key;
  }
}

const deriveScrypt = promisify<string, Buffer, number, Buffer>(scrypt);

function deriveKey(secret: string, salt: Buffer): Promise<Buffer> {
  return deriveScrypt(secret, salt, KEY_BYTES);
}

function unreadableError(context: string, reason: string): StorageError {
  return new StorageError('broken', `The private key ${context} in the store is encrypted, and ${reason}`);
}
