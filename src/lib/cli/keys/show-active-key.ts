import { createHash, createPublicKey } from 'node:crypto';
import type { KiteKey } from '../../keys/index.js';
import { loadKiteKey } from '../target/choose-key.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { type Field, printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { formatTime } from '../terminal/time.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

export interface ShowActiveKeyOptions {
  readonly settings: CommandSettings;
  readonly format: OutputFormat | undefined;
}

/**
 * Prints the claims of the active kite key, but neither the key nor its signature, which are secret.
 *
 * @throws CliError if there is no kite key, or if it cannot be read
 */
export async function showActiveKey(options: ShowActiveKeyOptions, runtime: CommandRuntime): Promise<void> {
  const { key, source } = await loadKiteKey(options.settings);
  await printKey(key, source, options.format, runtime);
}

/** Prints the claims of a kite key and its location. */
export function printKey(
  key: KiteKey,
  source: string,
  format: OutputFormat | undefined,
  world: Pick<CommandRuntime, 'stdout' | 'env' | 'color'>,
): Promise<void> {
  return printDetails(
    { fields: toFields(key, source), data: toClaims(key), name: key.username },
    format,
    world,
  );
}

/** Returns the claims by their names in the JWT. */
function toClaims(key: KiteKey): Record<string, unknown> {
  return {
    sub: key.username,
    iss: key.kontrolUser,
    kontrolURL: key.kontrolUrl,
    kontrolKey: key.kontrolKey,
    jti: key.id,
    iat: secondsOf(key.issuedAt),
    exp: secondsOf(key.expiresAt),
  };
}

function toFields(key: KiteKey, source: string): Field[] {
  return [
    { label: 'Username', value: key.username },
    { label: 'Kontrol user', value: key.kontrolUser },
    { label: 'Kontrol URL', value: key.kontrolUrl || 'none' },
    { label: 'Kontrol key', value: fingerprint(key.kontrolKey) },
    { label: 'Public key', value: key.kontrolKey, wide: true },
    { label: 'Key id', value: key.id || 'none' },
    { label: 'Issued', value: formatTime(key.issuedAt) },
    { label: 'Expires', value: expiryOf(key) },
    { label: 'Location', value: source },
  ];
}

/** Converts a time in milliseconds to a claim. */
export function secondsOf(time: number | undefined): number | null {
  return time === undefined ? null : Math.floor(time / 1000);
}

/** Returns when a key expires, for people. */
export function expiryOf({ expiresAt }: KiteKey): string {
  return expiresAt === undefined ? 'never' : formatTime(expiresAt);
}

/** Returns a hash that is short enough to compare by eye. */
function fingerprint(pem: string): string {
  try {
    const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
    return `SHA256:${createHash('sha256').update(der).digest('base64url')}`;
  } catch {
    return 'not a public key';
  }
}
