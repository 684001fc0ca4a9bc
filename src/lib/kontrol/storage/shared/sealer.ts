import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { StorageError } from './storage.js';

// Sealed text tells itself apart from a PEM file, which begins with hyphens: what was stored before there was a secret.
const PREFIX = 'sealed:1:';
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts private keys before they go to a server's disk: AES-256-GCM, with a key that scrypt makes of a secret and of a
 * salt of the text's own. `context` is what the text belongs to: a text that was moved elsewhere does not open.
 *
 * Without a secret, text is stored as it is, and what was sealed cannot be opened.
 */
export class Sealer {
  readonly #secret: string | undefined;
  readonly #former: string | undefined;
  readonly #keys = new Map<string, Promise<Buffer>>();

  /** `former` opens what was sealed before there was this secret; nothing is sealed with it. */
  constructor(secret: string | undefined, former?: string) {
    this.#secret = secret || undefined;
    this.#former = former || undefined;
  }

  get seals(): boolean {
    return this.#secret !== undefined;
  }

  /** Whether a stored text is sealed, with whatever secret. */
  isSealed(stored: string): boolean {
    return stored.startsWith(PREFIX);
  }

  async seal(text: string, context: string): Promise<string> {
    if (this.#secret === undefined) return text;
    const salt = randomBytes(SALT_BYTES);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', await this.#key(this.#secret, salt), nonce);
    cipher.setAAD(Buffer.from(context));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return PREFIX + Buffer.concat([salt, nonce, cipher.getAuthTag(), sealed]).toString('base64');
  }

  /** The text that was sealed; one that never was comes back as it is. Throws a StorageError, `broken`, where it does not open. */
  async open(stored: string, context: string): Promise<string> {
    if (!this.isSealed(stored)) return stored;
    if (this.#secret === undefined) throw unreadable(context, 'KONTROL_SECRET is not set');
    for (const secret of [this.#secret, this.#former]) {
      const text = secret === undefined ? undefined : await this.#openWith(secret, stored, context);
      if (text !== undefined) return text;
    }
    const others =
      this.#former === undefined ? 'KONTROL_SECRET is not' : 'neither KONTROL_SECRET nor the former one is';
    throw unreadable(
      context,
      `${others} the secret with which it was stored: set KONTROL_SECRET or KONTROL_FORMER_SECRET to that one`,
    );
  }

  /** Whether a stored text opens with the secret itself: neither with the former one, nor does it lie in clear. */
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

  /** Deriving a key takes tens of milliseconds on purpose: once for each stored text, whenever it is read again. */
  #key(secret: string, salt: Buffer): Promise<Buffer> {
    const name = `${secret === this.#secret ? 'now' : 'former'} ${salt.toString('base64')}`;
    const known = this.#keys.get(name);
    if (known) return known;
    const made = deriveKey(secret, salt);
    this.#keys.set(name, made);
    return made;
  }
}

const deriveScrypt = promisify<string, Buffer, number, Buffer>(scrypt);

function deriveKey(secret: string, salt: Buffer): Promise<Buffer> {
  return deriveScrypt(secret, salt, KEY_BYTES);
}

function unreadable(context: string, why: string): StorageError {
  return new StorageError('broken', `The private key ${context} in the store is encrypted, and ${why}`);
}
