import { usageError } from '../runtime/cli-error.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { storageSecrets } from '../settings/storage-settings.js';

/** The secrets that encrypt the private keys in a storage. */
export interface StorageSecrets {
  readonly secret?: string;
  readonly formerSecret?: string;
}

/** @throws CliError if the former secret is set without the current one */
export function storageSecretsOf(settings: CommandSettings): StorageSecrets {
  const secret = settings.value(storageSecrets.secret);
  const formerSecret = settings.value(storageSecrets.formerSecret);
  if (secret !== undefined) return { secret, ...(formerSecret !== undefined && { formerSecret }) };
  if (formerSecret === undefined) return {};
  throw usageError(
    'KONTROL_FORMER_SECRET is set without KONTROL_SECRET.',
    'Set KONTROL_SECRET to the secret that replaces it.',
  );
}
