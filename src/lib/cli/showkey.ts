import { createHash, createPublicKey } from 'node:crypto';
import type { KiteKey } from '../keys/index.js';
import { loadKiteKey } from './credentials.js';
import { toJson } from './json.js';
import { type Surroundings, write } from './surroundings.js';

export interface ShowkeyOptions {
  /** File with the kite key; undefined = where every kite looks. */
  readonly keyFile: string | undefined;
  readonly json: boolean;
}

/**
 * Prints what the kite key says. The key is a secret, so that neither it nor its signature is printed.
 *
 * @throws CliError when there is no kite key, or when it cannot be read.
 */
export async function showkey(options: ShowkeyOptions, surroundings: Surroundings): Promise<void> {
  const { key, source } = loadKiteKey(options.keyFile, surroundings.env);
  if (options.json) return write(surroundings.stdout, `${toJson(claims(key))}\n`);
  const { formatTable } = await import('./terminal.js');
  return write(surroundings.stdout, formatTable(rows(key, source), surroundings));
}

/** The claims under the names that they have in the key. */
function claims(key: KiteKey): Record<string, unknown> {
  return {
    sub: key.username,
    iss: key.kontrolUser,
    kontrolURL: key.kontrolUrl,
    kontrolKey: key.kontrolKey,
    jti: key.id,
    iat: key.issuedAt === undefined ? null : Math.floor(key.issuedAt / 1000),
  };
}

function rows(key: KiteKey, source: string): [string, string][] {
  return [
    ['Username', key.username],
    ['Kontrol user', key.kontrolUser],
    ['Kontrol URL', key.kontrolUrl || 'not said'],
    ['Kontrol key', fingerprint(key.kontrolKey)],
    ['Key id', key.id || 'none'],
    ['Issued', issued(key.issuedAt)],
    ['From', source],
  ];
}

/** Short enough to compare by eye. */
function fingerprint(pem: string): string {
  try {
    const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
    return `SHA256:${createHash('sha256').update(der).digest('base64url')}`;
  } catch {
    return 'not a public key';
  }
}

function issued(at: number | undefined): string {
  if (at === undefined) return 'not said';
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? 'not a time' : date.toISOString();
}
