import { usageError } from '../runtime/cli-error.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { storageSecrets } from '../settings/storage-settings.js';

/** What the private keys in a store are encrypted with. */
export interface StorageSecrets {
  readonly secret?: string;
  readonly formerSecret?: string;
}

/** @throws CliError where the former secret is set alone */
export function secretsOf(settings: CommandSettings): StorageSecrets {
  const secret = settings.value(storageSecrets.secret);
  const formerSecret = settings.value(storageSecrets.formerSecret);
  if (secret !== undefined) return { secret, ...(formerSecret !== undefined && { formerSecret }) };
  if (formerSecret === undefined) return {};
  throw usageError(
    'KONTROL_FORMER_SECRET is set without KONTROL_SECRET.',
    'Set KONTROL_SECRET to the secret that takes its place.',
  );
}
