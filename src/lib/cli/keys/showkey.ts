import { createHash, createPublicKey } from 'node:crypto';
import type { KiteKey } from '../../keys/index.js';
import { loadKiteKey } from '../target/choose-key.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { type Field, printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { formatTime } from '../terminal/time.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

export interface ShowkeyOptions {
  readonly settings: CommandSettings;
  readonly format: OutputFormat | undefined;
}

/**
 * Prints what the kite key says. The key is a secret, so that neither it nor its signature is printed.
 *
 * @throws CliError when there is no kite key, or when it cannot be read.
 */
export async function showkey(options: ShowkeyOptions, runtime: CommandRuntime): Promise<void> {
  const { key, source } = await loadKiteKey(options.settings);
  await printKey(key, source, options.format, runtime);
}

/** Prints a kite key that was found at `source`. */
export function printKey(
  key: KiteKey,
  source: string,
  format: OutputFormat | undefined,
  world: Pick<CommandRuntime, 'stdout' | 'env' | 'color'>,
): Promise<void> {
  return printDetails({ fields: fields(key, source), data: claims(key), name: key.username }, format, world);
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

function fields(key: KiteKey, source: string): Field[] {
  return [
    { label: 'Username', value: key.username },
    { label: 'Kontrol user', value: key.kontrolUser },
    { label: 'Kontrol URL', value: key.kontrolUrl || 'not said' },
    { label: 'Kontrol key', value: fingerprint(key.kontrolKey) },
    { label: 'Key in full', value: key.kontrolKey, wide: true },
    { label: 'Key id', value: key.id || 'none' },
    { label: 'Issued', value: formatTime(key.issuedAt) },
    { label: 'From', value: source },
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
